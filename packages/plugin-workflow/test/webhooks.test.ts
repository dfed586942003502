import { crmCore, defineRole, grant, roleAssignment, user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { leads } from "@corm/plugin-leads";
import {
  automation,
  ping,
  replay,
  resend,
  rotateSecret,
  verifyWebhook,
  type WebhookEndpointInput,
  webhookDelivery,
  webhookEndpoint,
  workflow,
  workflowRun,
  workflowStep,
} from "@corm/plugin-workflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Automated, automated, lead } from "./automated.js";
import { type Receiver, receiver } from "./receiver.js";

let there: Receiver;
let kit: Automated;
beforeEach(async () => {
  there = await receiver();
  kit = await automated({ net: { allow: [there.host] } });
});
afterEach(async () => {
  await kit.crm.stop();
  await there.close();
});

const subscribe = (rest: Partial<WebhookEndpointInput> = {}) =>
  kit.me.repo(webhookEndpoint).create({
    name: "There",
    url: there.url,
    principalId: kit.owner.id,
    subscriptions: [{ entity: "lead" }],
    ...rest,
  });
const bodies = () =>
  there.received.map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> });
const states = async () =>
  (await kit.me.repo(webhookDelivery).find({ orderBy: ["queuedAt", "id"], limit: 500 })).items.map(
    ({ state }) => state,
  );

describe("an endpoint", () => {
  it("hears nothing that waited until its principal may not hear it any more", async () => {
    const { me } = kit;
    const { id } = await subscribe();
    await me.repo(lead).create({ lastName: "A" });
    there.answer = () => ({ status: 500 });
    await runJobs(kit);
    const heard = there.received.length;
    expect(heard).toBeGreaterThan(0);
    expect(await states()).toEqual(["pending"]);
    await me.repo(user).update(kit.owner.id, { active: false });
    there.answer = () => ({ status: 204 });
    kit.clock.advance({ hours: 1 });
    await runJobs(kit);
    expect(there.received).toHaveLength(heard);
    expect(await states()).toEqual(["cancelled"]);
    expect(await me.repo(webhookEndpoint).get(id)).toMatchObject({ active: false });
  });

  it("shows what it sends, and a run what it knows, to those alone who see sensitive fields", async () => {
    const { me, automate } = kit;
    await subscribe();
    await automate({
      trigger: { on: "created", entity: "lead" },
      steps: [
        {
          ...{ kind: "forEach", entity: "lead", where: { lastName: { $: "record.lastName" } } },
          steps: [{ kind: "wait", for: { days: 60 } }],
        },
      ],
    });
    await me.repo(lead).create({ lastName: "canary" });
    there.answer = () => ({ status: 500 });
    await runJobs(kit);
    const told = async (sensitive?: "read") => {
      const read = { read: "all", ...(sensitive ? { sensitive } : {}) } as const;
      const entities = { webhookDelivery: read, workflowRun: read, workflowStep: read };
      const operator = kit.crm.as({
        ...{ actor: { kind: "user", id: kit.owner.id }, tenant: "test" },
        roles: [{ name: "operator", label: "Operator", entities, permissions: [] }],
      });
      const rows = [];
      for (const entity of [webhookDelivery, workflowRun, workflowStep])
        rows.push((await operator.repo(entity as typeof workflowRun).find()).items);
      expect(rows[0]).toMatchObject([{ state: "pending", attempts: 1 }]);
      expect(rows[1]).toMatchObject([{ state: "waiting", error: null }]);
      return JSON.stringify(rows);
    };
    expect(await told()).not.toContain("canary");
    const whole = await told("read");
    expect(whole).toMatch(/payload.*canary/);
    expect(whole).toMatch(/vars.*canary/);
  });

  it("hears once of what it asks for, with the values before, signed to the byte", async () => {
    const { me } = kit;
    const { id: endpointId } = await subscribe({
      subscriptions: [
        { entity: "lead", operations: ["create"], where: { company: "Engines" } },
        { entity: "lead", operations: ["update"], fields: ["status"] },
      ],
    });
    const { secret } = await me.run(rotateSecret, { graceHours: 0 }, { id: endpointId });
    const [a] = await me.repo(lead).createMany([
      { lastName: "Lövelace — 東京", company: "Engines" },
      { lastName: "B", company: "Looms" },
    ]);
    await me.repo(lead).update(a?.id as string, { notes: "nobody asks" });
    await me.repo(lead).update(a?.id as string, { status: "working", notes: "more" });
    await runJobs(kit);
    await runJobs(kit);
    expect(
      bodies()
        .map(({ type }) => type)
        .sort(),
    ).toEqual(["lead.created", "lead.updated"]);
    const update = bodies().find(({ type }) => type === "lead.updated");
    expect(update?.data).toEqual({
      entity: "lead",
      id: a?.id,
      version: 3,
      changed: ["status", "notes"],
      before: { status: "new", notes: "nobody asks" },
      after: { status: "working", notes: "more" },
    });
    for (const { headers, body } of there.received) {
      const given = {
        id: headers["webhook-id"],
        timestamp: headers["webhook-timestamp"],
        signature: headers["webhook-signature"],
      };
      expect(verifyWebhook([secret], given, body, kit.clock.now() / 1000)).toBe(true);
      expect(verifyWebhook([secret], given, `${body} `, kit.clock.now() / 1000)).toBe(false);
    }
    expect(new Set(there.received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
    expect(await states()).toEqual(["delivered", "delivered"]);
  });

  it("H72 is signed by the old secret as well until its time is over", async () => {
    const { id } = await subscribe();
    const first = await kit.me.run(rotateSecret, {}, { id });
    const second = await kit.me.run(rotateSecret, { graceHours: 1 }, { id });
    const holds = (secret: string) => {
      const { headers, body } = there.received.at(-1) as (typeof there.received)[number];
      const given = {
        id: headers["webhook-id"],
        timestamp: headers["webhook-timestamp"],
        signature: headers["webhook-signature"],
      };
      return verifyWebhook([secret], given, body, kit.clock.now() / 1000);
    };
    await kit.me.run(ping, {}, { id });
    await runJobs(kit);
    expect([holds(first.secret), holds(second.secret)]).toEqual([true, true]);
    kit.clock.advance({ hours: 2 });
    await kit.me.run(ping, {}, { id });
    await runJobs(kit);
    expect([holds(first.secret), holds(second.secret)]).toEqual([false, true]);
  });

  it("H74 shows its secret once, and nowhere else", async () => {
    const { id } = await subscribe();
    const { secret } = await kit.me.run(rotateSecret, {}, { id });
    const app = createHttp(kit.crm, {
      authenticate: () => ({ actor: kit.me.actor, tenant: "test", roles: ["admin"] }),
    });
    for (const path of [
      "/api/webhook-endpoints",
      `/api/webhook-endpoints/${id}`,
      `/api/webhook-endpoints/${id}/history`,
      "/api/changes",
      "/api/webhook-endpoints/export?format=ndjson",
    ]) {
      const text = await (await app.fetch(new Request(`http://localhost${path}`))).text();
      expect(text).not.toContain(secret);
      expect(text).not.toContain(secret.slice("whsec_".length));
    }
    const asked = await app.fetch(new Request("http://localhost/api/webhook-endpoints?fields=secret"));
    expect(asked.status).toBe(400);
  });

  it("C38 sees with the eyes of its principal", async () => {
    const clerk = defineRole({
      name: "clerk",
      entities: { ...grant(lead, { read: "own", fields: { notes: "none" } }) },
    });
    const own = await createTestCrm({
      plugins: [crmCore(), leads(), workflow({ net: { allow: [there.host] } })],
      roles: [clerk],
    });
    const person = await own.me.repo(user).create({ name: "Clerk" });
    await own.me.repo(roleAssignment).create({ userId: person.id, role: "clerk" });
    await own.me.repo(webhookEndpoint).create({
      name: "x",
      url: there.url,
      principalId: person.id,
      subscriptions: [{ entity: "lead" }, { entity: "lead", fields: ["notes"], operations: ["update"] }],
    });
    await own.me.repo(lead).create({ lastName: "Foreign", notes: "canary" });
    const mine = await own.me.repo(lead).create({ lastName: "Own", notes: "canary", ownerId: person.id });
    await own.me.repo(lead).update(mine.id, { notes: "canary 2" });
    await runJobs(own);
    expect(bodies().map(({ data }) => data["id"])).toEqual([mine.id, mine.id]);
    expect(JSON.stringify(there.received)).not.toContain("canary");
    await own.crm.stop();
  });

  it("C38 hears of events about no record for who may act as anybody alone, and so does an automation", async () => {
    const clerk = defineRole({ name: "clerk", entities: { ...grant(lead, { read: "own" }) } });
    const own = await createTestCrm({
      plugins: [crmCore(), leads(), workflow({ net: { allow: [there.host] } })],
      roles: [clerk],
    });
    const { me } = own;
    const [low, high] = await me.repo(user).createMany([{ name: "Low" }, { name: "High" }]);
    await me.repo(roleAssignment).createMany([
      { userId: low!.id, role: "clerk" },
      { userId: high!.id, role: "admin" },
    ]);
    const tagged = "tag.applied";
    for (const { id, name } of [low!, high!]) {
      const subscriptions = [{ event: tagged }];
      await me
        .repo(webhookEndpoint)
        .create({ name, url: `${there.url}/${name}`, principalId: id, subscriptions });
      await me.repo(automation).create({
        ...{ key: name.toLowerCase(), name, enabled: true, principalId: id },
        ...{ trigger: { on: "event", event: tagged }, steps: [{ kind: "notify", to: id, title: "Tagged" }] },
      });
    }
    const hidden = await me.repo(lead).create({ lastName: "Hidden" });
    const { id: tagId } = await me.entities.tag.create({ name: "VIP" });
    await me.entities.tag.apply({ entity: "lead", records: [hidden.id], add: [tagId] });
    await runJobs(own);
    expect(there.received.map(({ path }) => path)).toEqual(["/hook/High"]);
    const { items } = await me.repo(workflowRun).find();
    expect(items.map(({ automationKey }) => automationKey)).toEqual(["high"]);
    await own.crm.stop();
  });

  it("is tried again ever more slowly, under the same id, and not before it asks for", async () => {
    await subscribe();
    there.answer = () => ({ status: 503, headers: { "retry-after": "7200" } });
    await kit.me.repo(lead).create({ lastName: "A" });
    await runJobs(kit, { for: { hours: 1 } });
    expect(there.received).toHaveLength(1);
    there.answer = () => ({ status: 500 });
    await runJobs(kit, { for: { hours: 2 } });
    expect(there.received.length).toBeGreaterThanOrEqual(3);
    there.answer = () => ({ status: 200 });
    await runJobs(kit, { for: { hours: 6 } });
    expect(new Set(there.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    const [sent] = (await kit.me.repo(webhookDelivery).find()).items;
    expect(sent).toMatchObject({ state: "delivered", attempts: there.received.length });
    expect(sent?.log.map(({ status }) => status)).toEqual([
      503,
      ...Array.from({ length: there.received.length - 2 }, () => 500),
      200,
    ]);
  });

  it("is turned off by a 410, and after long silence; what follows waits for nobody", async () => {
    const gone = await subscribe({ name: "Gone" });
    there.answer = () => ({ status: 410 });
    await kit.me.repo(lead).create({ lastName: "A" });
    await runJobs(kit);
    expect(await kit.me.repo(webhookEndpoint).get(gone.id)).toMatchObject({
      active: false,
      disabledReason: expect.stringContaining("410"),
    });
    expect(await states()).toEqual(["failed"]);
    await kit.me.repo(lead).create({ lastName: "B" });
    await runJobs(kit);
    expect(there.received).toHaveLength(1);
    await kit.me.repo(webhookEndpoint).update(gone.id, { active: true });
    expect((await kit.me.repo(webhookEndpoint).get(gone.id)).disabledReason).toBeNull();
    there.answer = () => ({ status: 500 });
    for (let day = 0; day < 7; day++) {
      await kit.me.repo(lead).create({ lastName: `D${day}` });
      await runJobs(kit, { for: { days: 1 } });
    }
    expect(await kit.me.repo(webhookEndpoint).get(gone.id)).toMatchObject({
      active: false,
      disabledReason: expect.stringContaining("Nothing has arrived since"),
    });
    const count = there.received.length;
    await runJobs(kit, { for: { days: 3 } });
    expect(there.received).toHaveLength(count);
    expect(await states()).not.toContain("pending");
  }, 60_000);

  it("hears again of what it has missed, from the journal, and takes it for the same", async () => {
    const { me } = kit;
    await me.repo(lead).create({ lastName: "Before" });
    kit.clock.advance({ hours: 1 });
    const since = me.now();
    const { id } = await subscribe();
    await me.repo(lead).create({ lastName: "Heard" });
    await runJobs(kit);
    const [heard] = there.received;
    await me.repo(webhookEndpoint).update(id, { active: false });
    await me.repo(lead).create({ lastName: "Missed" });
    await runJobs(kit);
    await me.repo(webhookEndpoint).update(id, { active: true });
    await me.run(replay, { since }, { id });
    await runJobs(kit);
    const names = bodies().map(({ data }) => (data["after"] as { lastName: string }).lastName);
    expect(names).toEqual(["Heard", "Heard", "Missed"]);
    expect(there.received[1]?.headers["webhook-id"]).toBe(heard?.headers["webhook-id"]);
    const [first] = (await me.repo(webhookDelivery).find({ orderBy: ["queuedAt"] })).items;
    await me.run(resend, {}, { id: first?.id as string });
    await runJobs(kit);
    expect(there.received).toHaveLength(4);
  });

  it("hears of one record after another where it wants order: one that fails holds up its own alone", async () => {
    await subscribe({ ordering: "record" });
    const [a, b] = await kit.me.repo(lead).createMany([{ lastName: "A" }, { lastName: "B" }]);
    await kit.me.repo(lead).update(a?.id as string, { status: "working" });
    await kit.me.repo(lead).update(b?.id as string, { status: "working" });
    there.answer = ({ body }) => ({ status: body.includes(a?.id as string) ? 500 : 200 });
    await runJobs(kit);
    const of = (id: string | undefined) =>
      bodies()
        .filter(({ data }) => data["id"] === id)
        .map(({ type }) => type);
    expect(of(a?.id)).toEqual(["lead.created"]);
    expect(of(b?.id)).toEqual(["lead.created", "lead.updated"]);
    there.answer = () => ({ status: 200 });
    await runJobs(kit, { for: { minutes: 5 } });
    expect(of(a?.id)).toEqual(["lead.created", "lead.created", "lead.updated"]);
  });

  it("is told by a step of an automation, once", async () => {
    const { id } = await subscribe({ subscriptions: [] });
    await kit.automate({
      trigger: { on: "created", entity: "lead" },
      steps: [{ kind: "webhook", endpointId: id, type: "lead.hot", data: { name: "{{ record.lastName }}" } }],
    });
    await kit.me.repo(lead).create({ lastName: "Ada" });
    await runJobs(kit);
    expect(bodies()).toMatchObject([{ type: "lead.hot", data: { name: "Ada" } }]);
  });

  it("is not taken where it makes no sense", async () => {
    const wrong: [object, string][] = [
      [{ subscriptions: [{}] }, "/subscriptions/0/entity"],
      [{ subscriptions: [{ entity: "nothing" }] }, "/subscriptions/0/entity"],
      [{ subscriptions: [{ entity: "lead", fields: ["nothing"] }] }, "/subscriptions/0/fields"],
      [{ subscriptions: [{ entity: "lead", where: { nothing: 1 } }] }, "/subscriptions/0/where"],
      [{ subscriptions: [{ event: "no.event" }] }, "/subscriptions/0/event"],
      [{ url: "https://10.0.0.1/" }, "/url"],
    ];
    for (const [patch, pointer] of wrong) {
      const error = (await subscribe(patch).catch((failure) => failure)) as { issues: { pointer: string }[] };
      expect(error.issues?.[0]?.pointer).toBe(pointer);
    }
    const { id } = await subscribe();
    await expect(kit.me.repo(webhookEndpoint).update(id, { url: "http://169.254.169.254/" })).rejects.toThrow(
      /url/,
    );
  });
});
