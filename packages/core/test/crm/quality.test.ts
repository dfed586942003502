import {
  account,
  contact,
  contribute,
  crmCore,
  definePlugin,
  defineRole,
  eraseSubject,
  exportRecords,
  type QualityRule,
  qualityCheck,
  qualityFinding,
  qualityRule,
  qualityRules,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { expect, test } from "vitest";
import { adminCalls } from "../support/admin-calls.js";
import { databases, storageAt } from "../support/databases.js";

const seller = defineRole({
  name: "seller",
  entities: {
    contact: { read: "own", update: "own" },
    account: { read: "all", fields: { industry: "none", phone: "masked" } },
    qualityFinding: { read: "all", update: "all", export: true },
  },
});
const make = (options: object = {}) =>
  createTestCrm({ plugins: [crmCore()], roles: [seller], country: "DE", ...options });
type App = Awaited<ReturnType<typeof make>>;

const rulesOf = (...rules: QualityRule[]) =>
  definePlugin({
    name: "rules",
    version: "0.1.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({ contributes: rules.map((rule) => contribute(qualityRules, rule)) }),
  })();

async function check(app: App, entity = "contact") {
  const { checkId } = await app.me.entities.qualityCheck.start({ entity });
  await runJobs(app, { for: { minutes: 1 } });
  return app.me.repo(qualityCheck).get(checkId);
}

const open = async (app: App) => {
  const { items } = await app.me.repo(qualityFinding).find({ where: { state: "open" }, limit: 100 });
  return items.map(({ recordId, rule, kind, field, reason }) => ({ recordId, rule, kind, field, reason }));
};

test.each(databases)("flags, changes nothing, and closes what is mended: $name", async (database) => {
  if (!database.available) return;
  const { url, drop } = await database.create();
  const app = await make({ storage: storageAt(url) });
  const contacts = app.me.repo(contact);
  const rules = app.me.repo(qualityRule);
  const [ada, bob] = await contacts.createMany([
    { lastName: "Ada", phone: "ask the desk", email: "ada@example.com" },
    { lastName: "Bob", phone: "030 901820" },
  ]);
  await rules.createMany([
    { name: "phone", entity: "contact", kind: "invalid", fields: ["phone", "email"] },
    { name: "reachable", entity: "contact", kind: "incomplete", fields: ["email", "title"] },
    { name: "asleep", entity: "contact", kind: "stale", days: 30 },
    { name: "off", entity: "contact", kind: "incomplete", fields: ["birthday"], active: false },
  ]);
  expect(await check(app)).toMatchObject({ state: "finished", done: 2, total: 2, found: 4, closed: 0 });
  const [phone, ...empty] = await open(app);
  expect(phone).toEqual({
    recordId: ada!.id,
    rule: "phone",
    kind: "invalid",
    field: "phone",
    reason: "is no phone number",
  });
  expect(empty.map(({ recordId, field }) => [recordId === bob!.id, field]).sort()).toEqual([
    [false, "title"],
    [true, "email"],
    [true, "title"],
  ]);
  // Nothing of it on the records, and a second look finds nothing new.
  expect((await contacts.get(ada!.id)).version).toBe(ada!.version);
  expect(await check(app)).toMatchObject({ found: 0, closed: 0 });
  expect(await app.me.repo(qualityFinding).count()).toBe(4);

  await contacts.update(ada!.id, { phone: "030 901821", title: "Countess" });
  const email = (await app.me.repo(qualityFinding).first({ where: { field: "email" } }))!;
  await app.me.repo(qualityFinding).update(email.id, { state: "dismissed" });
  expect(await check(app)).toMatchObject({ found: 0, closed: 2 });
  expect(await open(app)).toHaveLength(1);
  expect((await app.me.repo(qualityFinding).get(email.id)).state).toBe("dismissed");

  // Wrong again: the same finding, open again.
  await contacts.update(ada!.id, { phone: "?" });
  expect(await check(app)).toMatchObject({ found: 1, closed: 0 });
  expect(await app.me.repo(qualityFinding).count()).toBe(4);
  await app.clock.advance(31 * 86_400_000);
  expect(await check(app)).toMatchObject({ found: 2 });
  expect((await open(app)).filter(({ kind }) => kind === "stale")).toHaveLength(2);

  // A rule that is gone, and a record that is gone, have no findings.
  const stale = (await rules.first({ where: { name: "asleep" } }))!;
  await rules.update(stale.id, { active: false });
  await contacts.delete(bob!.id);
  expect(await check(app)).toMatchObject({ done: 1, closed: 1 });
  expect((await open(app)).map(({ rule }) => rule)).toEqual(["phone"]);
  await app.crm.stop();
  await drop();
});

test("a condition narrows a rule; days are counted from a field of choice", async () => {
  const rules: QualityRule[] = [
    { name: "big", entity: "account", kind: "incomplete", fields: ["website"], where: { industry: "Steel" } },
    { name: "born", entity: "contact", kind: "stale", days: 400, by: "birthday" },
  ];
  const app = await make({ plugins: [crmCore(), rulesOf(...rules)] });
  const [steel] = await app.me.repo(account).createMany([
    { name: "Steel", industry: "Steel" },
    { name: "Wood", industry: "Wood" },
  ]);
  const today = app.me.now().slice(0, 10);
  await app.me
    .repo(contact)
    .createMany([
      { lastName: "New", birthday: today },
      { lastName: "Old", birthday: "1990-01-01" },
      { lastName: "None" },
    ]);
  await check(app, "account");
  expect(await check(app)).toMatchObject({ found: 1 });
  expect((await open(app)).map(({ recordId, rule }) => [recordId === steel!.id, rule])).toEqual([
    [true, "big"],
    [false, "born"],
  ]);
  await app.crm.stop();
});

test("goes through pages, and every night by itself over all entities with rules", async () => {
  const app = await make();
  await app.me.repo(contact).createMany(
    Array.from({ length: 1_201 }, (_, i) => ({
      lastName: `P${i}`,
      ...(i % 100 === 0 ? {} : { title: "x" }),
    })),
  );
  await app.me.repo(account).create({ name: "Acme" });
  await app.me.repo(qualityRule).createMany([
    { name: "title", entity: "contact", kind: "incomplete", fields: ["title"] },
    { name: "site", entity: "account", kind: "incomplete", fields: ["website"] },
  ]);
  await runJobs(app, { for: { hours: 25 } });
  const { items } = await app.me.repo(qualityCheck).find({ orderBy: ["entity", "-id"] });
  expect(items.map(({ entity, state, done, found }) => ({ entity, state, done, found }))).toEqual([
    { entity: "account", state: "finished", done: 1, found: 1 },
    { entity: "contact", state: "finished", done: 1_201, found: 13 },
  ]);
  await app.crm.stop();
});

test.each(databases)("nobody sees findings of what he may not see: $name", async (database) => {
  if (!database.available) return;
  const { url, drop } = await database.create();
  const app = await make({ storage: storageAt(url) });
  const { id: owner } = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
  await app.me.repo(contact).createMany([{ lastName: "Mine", ownerId: owner }, { lastName: "Other" }]);
  await app.me.repo(account).create({ name: "Acme", industry: "Steel", phone: "none" });
  await app.me.repo(qualityRule).createMany([
    { name: "title", entity: "contact", kind: "incomplete", fields: ["title"] },
    { name: "phone", entity: "account", kind: "invalid", fields: ["phone"] },
    {
      name: "steel",
      entity: "account",
      kind: "incomplete",
      fields: ["website"],
      where: { industry: "Steel" },
    },
    { name: "site", entity: "account", kind: "incomplete", fields: ["website"] },
  ]);
  await check(app);
  await check(app, "account");
  const all = app.me.repo(qualityFinding);
  expect(await all.count()).toBe(5);
  const theirs = app.crm.as({ actor: { kind: "user", id: owner }, tenant: "test", roles: ["seller"] });
  const findings = theirs.repo(qualityFinding);
  const { items } = await findings.find({ orderBy: ["rule"] });
  expect(items.map(({ rule }) => rule)).toEqual(["site", "title"]);
  expect(await findings.count()).toBe(2);
  const seen = new Set(items.map(({ id }) => id));
  // The same by every other way that shows records.
  const told = (await theirs.changes({ limit: 500 })).items.filter(
    ({ entity }) => entity === "qualityFinding",
  );
  expect(new Set(told.map(({ record }) => record))).toEqual(seen);
  let file = "";
  for await (const chunk of exportRecords(theirs, qualityFinding, {}, { format: "ndjson" })) file += chunk;
  expect(file.trim().split("\n")).toHaveLength(2);
  for (const { id } of (await all.find()).items.filter((one) => !seen.has(one.id))) {
    await expect(findings.get(id)).rejects.toMatchObject({ code: "not-found" });
    await expect(findings.update(id, { state: "dismissed" })).rejects.toMatchObject({ code: "not-found" });
    await expect(findings.history(id)).rejects.toMatchObject({ code: "not-found" });
    expect(await theirs.explainAccess(qualityFinding, id, "read")).toMatchObject({ allowed: false });
  }
  await app.crm.stop();
  await drop();
});

test("an erased person has no findings", async () => {
  const app = await make();
  const { id } = await app.me.repo(contact).create({ lastName: "Ada", email: "ada@example.com" });
  await app.me
    .repo(qualityRule)
    .create({ name: "title", entity: "contact", kind: "incomplete", fields: ["title"] });
  await check(app);
  expect(await app.me.repo(qualityFinding).count()).toBe(1);
  await eraseSubject(app.me, { entity: "contact", id });
  expect((await app.me.repo(qualityFinding).find({ withDeleted: true })).items).toEqual([]);
  await app.crm.stop();
});

test("over HTTP: rules that cannot be are refused, checks begun and stopped, findings not forged", async () => {
  const broken = rulesOf({ name: "gone", entity: "account", kind: "incomplete", fields: ["colour"] });
  const app = await make({ plugins: [crmCore(), broken] });
  const call = adminCalls(app);
  const rule = { name: "x", entity: "contact", kind: "incomplete", fields: ["email"] };
  for (const [wrong, words] of [
    [{ fields: ["colour"] }, "colour"],
    [{ fields: [] }, undefined],
    [{ fields: null }, "names none"],
    [{ entity: "nothing" }, "nothing"],
    [{ kind: "stale" }, "days"],
    [{ kind: "stale", days: 3, by: "lastName" }, "neither a day nor an instant"],
    [{ where: { colour: 1 } }, "colour"],
    [{ where: { account: { name: "x" } } }, "account"],
  ] as const) {
    const refused = await call("POST", "/api/quality-rules", { ...rule, ...wrong });
    expect(refused.status).toBe(422);
    if (words) expect(refused.body).toMatchObject({ code: "invalid-quality-rule" });
    if (words) expect(refused.body["detail"]).toContain(words);
  }
  expect(await call("POST", "/api/quality-rules", rule)).toMatchObject({ status: 201 });
  await app.me.repo(contact).create({ lastName: "Ada" });
  expect(await call("POST", "/api/quality-checks/start", { entity: "matchKey" })).toMatchObject({
    status: 400,
  });
  const { body } = await call("POST", "/api/quality-checks/start", { entity: "contact" });
  expect(await call("POST", "/api/quality-checks/start", { entity: "contact" })).toMatchObject({
    body: { checkId: body["checkId"], isNew: false },
  });
  const path = `/api/quality-checks/${body["checkId"]}`;
  expect(await call("PATCH", path, { found: 9 })).toMatchObject({ status: 403 });
  await runJobs(app);
  expect(await call("GET", path)).toMatchObject({ body: { state: "finished", found: 1 } });
  const list = await call("GET", "/api/quality-findings?filter[state]=open&filter[entity]=contact");
  const [finding] = list.body["data"] as { id: string }[];
  expect(finding).toMatchObject({ rule: "x", field: "email", reason: "is empty" });
  const one = `/api/quality-findings/${finding!.id}`;
  expect(await call("PATCH", one, { reason: "mine" })).toMatchObject({ status: 403 });
  expect(await call("PATCH", one, { state: "closed" })).toMatchObject({ status: 403 });
  expect(await call("PATCH", one, { state: "dismissed" })).toMatchObject({ status: 200 });
  expect(await call("POST", "/api/quality-findings", { ...finding, id: undefined })).toMatchObject({
    status: expect.toSatisfy((status: number) => status === 400 || status === 403),
  });
  // The rule of the app names a field that is not there: its check says so, and no other one suffers.
  const failed = await call("POST", "/api/quality-checks/start", { entity: "account" });
  const stopped = await call("POST", "/api/quality-checks/start", { entity: "activity" });
  expect(await call("POST", `/api/quality-checks/${stopped.body["checkId"]}/cancel`, {})).toMatchObject({
    body: { state: "cancelled" },
  });
  await runJobs(app);
  expect(await call("GET", `/api/quality-checks/${failed.body["checkId"]}`)).toMatchObject({
    body: { state: "failed", problem: expect.stringContaining("colour") },
  });
  expect(await call("GET", `/api/quality-checks/${stopped.body["checkId"]}`)).toMatchObject({
    body: { state: "cancelled", done: 0 },
  });
  await app.crm.stop();
});

test("more rules than are looked at are refused, and no finding is closed for want of its rule", async () => {
  const app = await make();
  await app.me.repo(contact).create({ lastName: "No mail" });
  const rules = Array.from({ length: 200 }, (_, i) => ({
    ...{ name: `rule ${i}`, entity: "contact", kind: "incomplete" as const, fields: ["email"] },
    active: i === 0,
  }));
  await app.me.repo(qualityRule).createMany(rules);
  await check(app);
  expect(await open(app)).toHaveLength(1);
  await app.me.repo(qualityRule).updateWhere({ active: false }, { active: true });
  await app.me.repo(qualityRule).create({ ...rules[0], name: "one more", active: true } as never);
  expect(await check(app)).toMatchObject({
    state: "failed",
    problem: expect.stringMatching(/more than 200 rules are active/),
  });
  expect(await open(app)).toHaveLength(1);
  await app.crm.stop();
});
