import { createHmac } from "node:crypto";
import { slack } from "@corm/connector-slack";
import { crmCore, roleAssignment, user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import {
  automation,
  connection,
  setCredentials,
  workflow,
  workflowRun,
  workflowStep,
} from "@corm/plugin-workflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Receiver, receiver } from "../../plugin-workflow/test/receiver.js";

const SIGNING = "8f742231b10e8888abcd99yyyzzz85a5";
let there: Receiver;
let kit: Awaited<ReturnType<typeof begin>>;

async function begin() {
  const made = await createTestCrm({
    plugins: [crmCore(), leads(), workflow({ net: { allow: [there.host] } }), slack()],
  });
  const { me } = made;
  const owner = await me.repo(user).create({ name: "Owner" });
  await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
  const there2 = await me.repo(connection).create({ name: "Sales", connector: "slack" });
  const credentials = { webhookUrl: `http://${there.host}/services/T/B/X`, signingSecret: SIGNING };
  await me.run(setCredentials, { credentials }, { id: there2.id });
  const automate = (trigger: object, steps: object[]) =>
    me.repo(automation).create({
      ...{ key: `a${me.newId().slice(-8)}`, name: "A", enabled: true, principalId: owner.id },
      trigger: trigger as never,
      steps: steps as never,
    });
  return { ...made, connectionId: there2.id, token: there2.token, automate };
}

beforeEach(async () => {
  there = await receiver();
  there.answer = () => ({ status: 200, body: "ok" });
  kit = await begin();
});
afterEach(async () => {
  await kit.crm.stop();
  await there.close();
});

describe("posting", () => {
  const steps = (text = "New lead: {{ record.lastName }}") => [
    { kind: "connector", id: "post", connectionId: kit.connectionId, action: "postMessage", input: { text } },
  ];

  it("sends a message by the incoming webhook; what stands in a field mentions nobody", async () => {
    await kit.automate({ on: "created", entity: "lead" }, steps());
    await kit.me.repo(lead).create({ lastName: "<!channel> & Söhne" });
    await runJobs(kit);
    expect(there.received.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ["/services/T/B/X", { text: "New lead: &lt;!channel&gt; &amp; Söhne" }],
    ]);
    expect((await kit.me.repo(workflowRun).first())?.state).toBe("succeeded");
  });

  it("is tried again where Slack is busy, and has failed where it says no", async () => {
    await kit.automate({ on: "created", entity: "lead" }, steps());
    const answers = [429, 503, 200];
    there.answer = () => ({ status: answers.shift() ?? 500 });
    await kit.me.repo(lead).create({ lastName: "A" });
    await runJobs(kit, { for: { hours: 1 } });
    expect(there.received).toHaveLength(3);
    expect((await kit.me.repo(workflowRun).first())?.state).toBe("succeeded");
    there.answer = () => ({ status: 404, body: "no_service" });
    await kit.me.repo(lead).create({ lastName: "B" });
    await runJobs(kit, { for: { hours: 1 } });
    expect(there.received).toHaveLength(4);
    const failed = await kit.me.repo(workflowRun).first({ where: { state: "failed" } });
    expect(failed?.error).toBe(
      "slack-refused: Slack answers 404: no_service. Look at the address of the incoming webhook, and its channel.",
    );
    expect((await kit.me.repo(workflowStep).first({ where: { state: "failed" } }))?.kind).toBe("connector");
  });

  it("H74 keeps its credentials to itself", async () => {
    const app = createHttp(kit.crm, {
      authenticate: () => ({ actor: kit.me.actor, tenant: "test", roles: ["admin"] }),
    });
    for (const path of [
      "connections",
      `connections/${kit.connectionId}`,
      `connections/${kit.connectionId}/history`,
    ]) {
      const text = await (await app.fetch(new Request(`http://localhost/api/${path}`))).text();
      expect(text).toContain("Sales");
      expect(text).not.toContain(SIGNING);
      expect(text).not.toContain("/services/T/B/X");
    }
    const wrong = kit.me.run(
      setCredentials,
      { credentials: { webhookUrl: "no url" } },
      { id: kit.connectionId },
    );
    await expect(wrong).rejects.toMatchObject({ code: "validation-failed" });
    await expect(kit.me.repo(connection).create({ name: "x", connector: "nothing" })).rejects.toMatchObject({
      code: "connector-unknown",
    });
    await expect(kit.me.repo(connection).create({ name: "x" } as never)).rejects.toMatchObject({
      code: "validation-failed",
    });
    expect(there.received).toHaveLength(0);
  });

  it("is found wrong when it is written", async () => {
    const make = (step: object) => kit.automate({ on: "created", entity: "lead" }, [step]);
    await expect(make({ kind: "connector", connectionId: kit.connectionId, action: "fly" })).rejects.toThrow(
      /no action/,
    );
    await expect(
      make({
        kind: "connector",
        connectionId: "00000000-0000-7000-8000-00000000000f",
        action: "postMessage",
      }),
    ).rejects.toThrow(/no connection/);
    await expect(
      kit.automate({ on: "connector", connectionId: kit.connectionId, event: "fly" }, [{ kind: "stop" }]),
    ).rejects.toThrow(/no event/);
  });
});

describe("hearing", () => {
  const send = async (
    body: string,
    change: Record<string, string> = {},
    type = "application/x-www-form-urlencoded",
  ) => {
    const timestamp = String(Math.floor(kit.clock.now() / 1000));
    const mac = createHmac("sha256", SIGNING).update(`v0:${timestamp}:${body}`).digest("hex");
    const headers = {
      "content-type": type,
      "x-slack-request-timestamp": timestamp,
      "x-slack-signature": `v0=${mac}`,
      ...change,
    };
    const app = createHttp(kit.crm, { authenticate: () => undefined });
    const request = new Request(`http://localhost/public/hooks/${kit.token}`, {
      method: "POST",
      headers,
      body,
    });
    const response = await app.fetch(request);
    return { status: response.status, text: await response.text() };
  };
  const command = (id: string, text = "Lovelace") =>
    new URLSearchParams({
      command: "/lead",
      text,
      user_id: "U1",
      channel_id: "C1",
      trigger_id: id,
    }).toString();

  it("H73 starts an automation once for a message, and for none that is not signed, old or changed", async () => {
    await kit.automate({ on: "connector", connectionId: kit.connectionId, event: "slashCommand" }, [
      { kind: "create", entity: "lead", set: { lastName: "{{ trigger.payload.text }}" } },
    ]);
    expect(await send(command("1"))).toEqual({ status: 202, text: '{"duplicate":false,"runs":1}' });
    expect(await send(command("1"))).toEqual({ status: 200, text: '{"duplicate":true,"runs":0}' });
    const stale = String(Math.floor(kit.clock.now() / 1000) - 301);
    for (const change of [
      { "x-slack-signature": "v0=00" },
      { "x-slack-signature": "" },
      { "x-slack-request-timestamp": stale },
      { "x-slack-request-timestamp": "x" },
    ] as Record<string, string>[])
      expect((await send(command("2"), change)).status).toBe(401);
    await runJobs(kit);
    expect((await kit.me.repo(lead).find()).items.map(({ lastName }) => lastName)).toEqual(["Lovelace"]);
  });

  it("H73 takes what comes from outside for what it is", async () => {
    expect((await send("{", {}, "application/json")).status).toBe(422);
    expect(
      (await send('{"type":"event_callback","event_id":"E1","event":{}}', {}, "application/json")).status,
    ).toBe(422);
    expect(
      (
        await send(
          `{"event_id":"E2","event":{"type":"x","deep":${"[".repeat(200)}${"]".repeat(200)}}}`,
          {},
          "application/json",
        )
      ).status,
    ).toBe(422);
    expect((await send('{"event":{"type":"x"}}', {}, "application/json")).status).toBe(422);
    const there = await send('{"type":"url_verification","challenge":"abc"}', {}, "application/json");
    expect(there).toEqual({ status: 200, text: "abc" });
    const app = createHttp(kit.crm, { authenticate: () => undefined });
    for (const token of ["x", `test.${"x".repeat(43)}`, `other.${kit.token.split(".")[1]}`]) {
      const request = new Request(`http://localhost/public/hooks/${token}`, { method: "POST", body: "{}" });
      expect((await app.fetch(request)).status).toBe(404);
    }
    expect(await kit.me.repo(workflowRun).count()).toBe(0);
  });
});
