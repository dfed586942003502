import { createHttp } from "@corm/core/http";
import { runJobs } from "@corm/core/testing";
import { connection, incomingMessage, setCredentials, signWebhook } from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { automated, lead } from "./automated.js";

it("H73 any system that signs as Standard Webhooks say starts automations, once for each message", async () => {
  const kit = await automated();
  const { me, clock, crm } = kit;
  const secret = `whsec_${Buffer.from("thirty-two characters of secrets").toString("base64")}`;
  const made = await me.repo(connection).create({ name: "Shop", connector: "webhook" });
  await me.run(setCredentials, { credentials: { secret } }, { id: made.id });
  await kit.automate({
    trigger: { on: "connector", connectionId: made.id, event: "received", payload: { type: "order.paid" } },
    steps: [
      {
        kind: "create",
        entity: "lead",
        set: { lastName: "{{ trigger.payload.data.name }}", notes: { $: "trigger.payload.data.note" } },
      },
    ],
  });
  const app = createHttp(crm, { authenticate: () => undefined });
  const send = async (id: string, body: string, signed = body) => {
    const timestamp = Math.floor(clock.now() / 1000);
    const response = await app.fetch(
      new Request(`http://localhost/public/hooks/${made.token}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signWebhook([secret], { id, timestamp, body: signed }),
        },
        body,
      }),
    );
    return response.status;
  };
  const order = (name: string) => JSON.stringify({ type: "order.paid", data: { name, note: null } });
  expect(await send("m1", order("Ada"))).toBe(202);
  expect(await Promise.all([send("m1", order("Ada")), send("m1", order("Ada"))])).toEqual([200, 200]);
  expect(await send("m2", order("Eve"), order("Ada"))).toBe(401);
  expect(await send("m3", JSON.stringify({ type: "order.made", data: {} }))).toBe(202);
  // What is put into a step is text, whatever stands in it.
  expect(await send("m4", order("{{ record.id }} {{7*7}}"))).toBe(202);
  expect(await send("m5", "[".repeat(5000) + "]".repeat(5000))).toBe(422);
  expect(await send("m6", "no json")).toBe(422);
  await runJobs(kit);
  const names = (await me.repo(lead).find({ orderBy: ["lastName"] })).items.map(({ lastName }) => lastName);
  expect(names.sort()).toEqual(["Ada", "{{ record.id }} {{7*7}}"]);
  const messages = (await me.repo(incomingMessage).find({ orderBy: ["messageId"] })).items;
  expect(messages.map(({ messageId, runs }) => [messageId, runs])).toEqual([
    ["m1", 1],
    ["m3", 0],
    ["m4", 1],
  ]);
  // Ids that are too long to keep, and begin alike, are two; each counts once.
  const long = "x".repeat(250);
  for (const [id, status] of [
    ["1", 202],
    ["1", 200],
    ["2", 202],
    ["2", 200],
  ] as const)
    expect(await send(`${long}${id}`, order(`Long${id}`))).toBe(status);
  const ids = `${"y".repeat(190)}`;
  for (const id of ["1", "2"]) expect(await send(`${ids}${id}`, order(`Near${id}`))).toBe(202);
  await runJobs(kit);
  const later = (
    await me.repo(lead).find({ where: { lastName: { in: ["Long1", "Long2", "Near1", "Near2"] } } })
  ).items;
  expect(later).toHaveLength(4);
  await crm.stop();
});
