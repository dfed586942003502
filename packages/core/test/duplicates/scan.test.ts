import { setTimeout as sleep } from "node:timers/promises";
import {
  contact,
  crmCore,
  defineRole,
  duplicatePair,
  duplicateScan,
  matchRule,
  matchRules,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { adminCalls } from "../support/admin-calls.js";
import { storageAt, suiteName } from "../support/databases.js";
import { reuse } from "../support/reused.js";
import { spawnScript } from "../support/spawn.js";
import { openScanned } from "./scanned.js";

const reused = reuse();

const seller = defineRole({
  name: "seller",
  permissions: ["contact.merge", "duplicatePair.merge", "duplicatePair.group"],
  entities: {
    contact: { create: "all", read: "own", update: "own", delete: "own" },
    duplicatePair: { read: "all", update: "all" },
  },
});
const byPhone = { field: "phone", by: "normalized" } as const;
const make = (options: object = {}) => createTestCrm({ plugins: [crmCore()], roles: [seller], ...options });
type App = Awaited<ReturnType<typeof make>>;

async function scan(app: App, entity = "contact") {
  const { scanId } = await app.me.entities.duplicateScan.start({ entity });
  // The keys of a new rule are looked at again first.
  await runJobs(app, { for: { minutes: 1 } });
  return app.me.repo(duplicateScan).get(scanId);
}

const phoneOf = (n: number) => `+4930${String(2_000_000 + n)}`;
const crowd = (count: number, twins: number) =>
  Array.from({ length: count }, (_, i) => ({
    lastName: `P${i}`,
    phone: phoneOf(i < twins * 2 ? i >> 1 : i),
  }));

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    test("a rule over many records waits for their keys; a scan finds what is there, and a decision stays", async () => {
      const { url, drop } = await database.create();
      const app = await make({ storage: storageAt(url) });
      const contacts = app.me.repo(contact);
      await contacts.createMany(crowd(700, 20));
      const rule = { name: "phone", entity: "contact", policy: "block", when: byPhone as never } as const;
      await app.me.repo(matchRule).create(rule);
      // Not in force: it does not know of the others yet.
      const early = await contacts.create({ lastName: "Early", phone: phoneOf(650) });
      await runJobs(app, { for: { minutes: 1 } });
      const made = await app.me.repo(duplicateScan).first({ where: { purpose: "rule" } });
      expect(made).toMatchObject({ state: "finished", percent: 100, done: 701 });
      await expect(contacts.create({ lastName: "Late", phone: phoneOf(651) })).rejects.toMatchObject({
        code: "duplicate-found",
      });
      const first = await scan(app);
      expect(first).toMatchObject({ state: "finished", phase: "review", percent: 100, found: 21, closed: 0 });
      const pairs = await app.me.repo(duplicatePair).find({ limit: 100 });
      expect(pairs.items).toHaveLength(21);
      const [one] = pairs.items;
      await app.me.repo(duplicatePair).update(one!.id, { state: "dismissed" });
      const early2 = pairs.items.find(({ leftId, rightId }) => [leftId, rightId].includes(early.id));
      await contacts.update(early.id, { phone: null });
      expect(await scan(app)).toMatchObject({ state: "finished", found: 0, closed: 1 });
      expect(await app.me.repo(duplicatePair).count({ id: early2!.id })).toBe(0);
      expect(await app.me.repo(duplicatePair).count({ state: "dismissed" })).toBe(1);
      expect(await app.me.repo(duplicatePair).count({ state: "open" })).toBe(19);
      await app.crm.stop();
      await drop();
    });
  });
}

test("keys that too many records have are passed over and told, and do not hide others", async () => {
  const app = await make();
  await app.me
    .repo(contact)
    .createMany([
      ...Array.from({ length: 150 }, (_, i) => ({ lastName: `Desk ${i}`, phone: "+49301111111" })),
      ...crowd(40, 3),
    ]);
  await app.me
    .repo(matchRule)
    .create({ name: "phone", entity: "contact", policy: "report", when: byPhone as never });
  const done = await scan(app);
  expect(done).toMatchObject({ found: 3, skippedKeys: 1, skipped: [{ records: 150 }] });
  expect((done.skipped as { block: string }[])[0]?.block).toContain("phone");
  await app.crm.stop();
});

test("nobody sees pairs of records that he may not see, whatever his role says of pairs", async () => {
  const app = await make();
  await app.me
    .repo(matchRule)
    .create({ name: "phone", entity: "contact", policy: "report", when: byPhone as never });
  const { id: owner } = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
  const mine = { phone: phoneOf(1), ownerId: owner };
  const [a, b] = await app.me.repo(contact).createMany([
    { lastName: "A", ...mine },
    { lastName: "B", ...mine },
    { lastName: "C", phone: phoneOf(1) },
  ]);
  const all = app.me.repo(duplicatePair);
  expect(await all.count()).toBe(3);
  const theirs = app.crm.as({ actor: { kind: "user", id: owner }, tenant: "test", roles: ["seller"] });
  const pairs = theirs.repo(duplicatePair);
  const { items } = await pairs.find();
  expect(items.map(({ leftId, rightId }) => [leftId, rightId])).toEqual([[a!.id, b!.id].sort()]);
  expect(await pairs.count()).toBe(1);
  const hidden = (await all.find()).items.filter(({ id }) => id !== items[0]!.id);
  for (const { id } of hidden) {
    await expect(pairs.get(id)).rejects.toMatchObject({ code: "not-found" });
    await expect(pairs.update(id, { state: "dismissed" })).rejects.toMatchObject({ code: "not-found" });
    expect(await theirs.can("read", duplicatePair, id)).toBe(false);
    expect(await theirs.explainAccess(duplicatePair, id, "read")).toMatchObject({ allowed: false });
  }
  const group = await theirs.entities.duplicatePair.group(items[0]!.id, {});
  expect(group.ids.sort()).toEqual([a!.id, b!.id].sort());
  const wide = await app.me.entities.duplicatePair.group(items[0]!.id, {});
  expect(wide.ids).toHaveLength(3);
  await theirs.entities.duplicatePair.merge(items[0]!.id, { survivorId: a!.id });
  expect(await theirs.repo(contact).count()).toBe(1);
  expect((await all.get(items[0]!.id)).state).toBe("merged");
  await app.crm.stop();
});

test("over HTTP: begun, followed, stopped, and not forged", async () => {
  const app = await make();
  const call = adminCalls(app);
  await app.me
    .repo(matchRule)
    .create({ name: "phone", entity: "contact", policy: "report", when: byPhone as never });
  const { body } = await call("POST", "/api/duplicate-scans/start", { entity: "contact" });
  const path = `/api/duplicate-scans/${body["scanId"]}`;
  expect(await call("POST", "/api/duplicate-scans/start", { entity: "contact" })).toMatchObject({
    body: { scanId: body["scanId"], isNew: false },
  });
  expect(await call("POST", "/api/duplicate-scans/start", { entity: "matchKey" })).toMatchObject({
    status: 400,
  });
  expect(await call("GET", path)).toMatchObject({ body: { state: "waiting", percent: 0 } });
  expect(await call("PATCH", path, { percent: 99 })).toMatchObject({ status: 403 });
  expect(await call("POST", `${path}/cancel`, {})).toMatchObject({ body: { state: "cancelled" } });
  await runJobs(app);
  expect(await call("GET", path)).toMatchObject({ body: { state: "cancelled", found: 0 } });
  await app.crm.stop();
});

test("rules of the app wait for keys of records that were there before them", async () => {
  const { url, drop } = await reused[1]!.create();
  const before = await make({ storage: storageAt(url) });
  await before.me.repo(contact).createMany(crowd(3, 1));
  await before.crm.stop();
  const contribution = [{ name: "app", entity: "contact", policy: "block", when: byPhone } as const];
  const { definePlugin, contribute } = await import("@corm/core");
  const rules = definePlugin({
    name: "rules",
    version: "0.1.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({ contributes: contribution.map((rule) => contribute(matchRules, rule)) }),
  });
  const app = await make({ storage: storageAt(url), plugins: [crmCore(), rules()], seed: 2 });
  await app.me.repo(contact).create({ lastName: "Early", phone: phoneOf(2) });
  await runJobs(app, { for: { minutes: 1 } });
  // Of somebody who was there before the rule, and whom nobody has written since.
  await expect(app.me.repo(contact).create({ lastName: "Late", phone: phoneOf(0) })).rejects.toMatchObject({
    code: "duplicate-found",
  });
  await app.crm.stop();
  await drop();
});

test("a scan that is killed goes on where it was, and doubles nothing", async () => {
  const { url, drop } = await reused[1]!.create();
  const start = await openScanned(storageAt(url));
  const me = start.as({ actor: { kind: "user", id: "u" }, tenant: "t", roles: ["admin"] });
  const records = crowd(6_000, 1_000);
  for (let i = 0; i < records.length; i += 1_000)
    await me.repo(contact).createMany(records.slice(i, i + 1_000));
  await me
    .repo(matchRule)
    .create({ name: "phone", entity: "contact", policy: "report", when: byPhone as never });
  const { scanId } = await me.entities.duplicateScan.start({ entity: "contact" });
  const child = spawnScript(new URL("scan.child.ts", import.meta.url), url);
  expect(await child.line()).toBe("ready");
  const scans = me.repo(duplicateScan);
  let seen = await scans.get(scanId);
  while (seen.state === "waiting") {
    await sleep(5);
    seen = await scans.get(scanId);
  }
  await child.kill();
  const left = await scans.get(scanId);
  expect(left.state).toBe("running");
  const worker = start.worker({ interval: 50 });
  worker.start();
  while ((await scans.get(scanId)).state === "running") await sleep(100);
  await worker.stop();
  expect(await scans.get(scanId)).toMatchObject({ state: "finished", found: 1_000 });
  expect(await me.repo(duplicatePair).count()).toBe(1_000);
  await start.stop();
  await drop();
}, 300_000);
