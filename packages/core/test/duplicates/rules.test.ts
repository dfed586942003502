import {
  account,
  contact,
  crmCore,
  type DuplicateWarning,
  defineRole,
  duplicatePair,
  findDuplicates,
  matchRule,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const seller = defineRole({
  name: "seller",
  entities: { contact: { create: "all", read: "own", update: "own" } },
});
const make = () => createTestCrm({ plugins: [crmCore()], country: "CN", roles: [seller] });
let app: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  app = await make();
});
afterEach(() => app.crm.stop());

const byPhone = {
  or: [
    { field: "phone", by: "normalized" },
    { field: "email", by: "normalized" },
  ],
} as const;
const byName = {
  and: [
    { field: ["firstName", "lastName"], by: "fuzzy", score: 0.9 },
    { field: "postalCode", by: "exact" },
  ],
} as const;
const rule = (policy: "allow" | "block" | "report", when: object = byPhone, entity = "contact") =>
  app.me.repo(matchRule).create({ name: `${policy} ${entity}`, entity, policy, when: when as never });
const contacts = () => app.me.repo(contact);

test("without a rule nothing is compared", async () => {
  await contacts().create({ lastName: "Wang", phone: "13800138000" });
  const { id } = await contacts().create({ lastName: "Wang", phone: "13800138000" });
  expect(await findDuplicates(app.me, contact, { id })).toEqual([]);
});

test("a blocked duplicate is refused in every spelling, on create, in a batch, by upsert and on update", async () => {
  await rule("block");
  const first = await contacts().create({ lastName: "Wang", phone: "+86 138-0013-8000" });
  const duplicate = { code: "duplicate-found", status: 409 };
  const again = contacts().create({ lastName: "Wang Xiaoming", phone: "13800138000" });
  await expect(again).rejects.toMatchObject({
    ...duplicate,
    meta: { matches: [{ id: first.id, score: 1 }] },
  });
  await expect(
    contacts().createMany([{ lastName: "Li" }, { lastName: "W", phone: "138 0013 8000" }]),
  ).rejects.toMatchObject({
    ...duplicate,
    issues: [{ pointer: "/1" }],
  });
  const twins = [
    { lastName: "A", email: "a.b@gmail.com" },
    { lastName: "B", email: "AB@googlemail.com" },
  ];
  await expect(contacts().createMany(twins)).rejects.toMatchObject(duplicate);
  await expect(
    contacts().upsertMany([{ lastName: "W", phone: "13800138000", externalId: "x" }], ["externalId"]),
  ).rejects.toMatchObject(duplicate);
  const other = await contacts().create({ lastName: "Zhang", phone: "13900139000" });
  await expect(contacts().update(other.id, { phone: "13800138000" })).rejects.toMatchObject(duplicate);
  expect((await contacts().update(other.id, { title: "Dr" })).title).toBe("Dr");
  expect(await contacts().count()).toBe(2);
});

test("what has gone may come again, and keeps what was deleted out", async () => {
  await rule("block");
  const first = await contacts().create({ lastName: "Wang", phone: "13800138000" });
  await contacts().delete(first.id);
  const second = await contacts().create({ lastName: "Wang", phone: "13800138000" });
  await expect(contacts().restore(first.id)).rejects.toMatchObject({ status: 409 });
  await contacts().update(second.id, { phone: null });
  await contacts().restore(first.id);
  await contacts().purge(first.id);
  await contacts().update(second.id, { phone: "13800138000" });
});

test("a warning tells who is alike, and the pair waits for somebody to look at it", async () => {
  await rule("allow", byName);
  const warnings: DuplicateWarning[] = [];
  const me = app.crm.as({
    actor: { kind: "user", id: app.me.newId() },
    tenant: "test",
    roles: ["admin"],
    onDuplicates: (warning) => warnings.push(warning),
  });
  const one = await me.repo(contact).create({ firstName: "小明", lastName: "王", postalCode: "100000" });
  const two = await me
    .repo(contact)
    .create({ firstName: "Xiaoming", lastName: "Wang", postalCode: "100000" });
  const three = await me
    .repo(contact)
    .create({ firstName: "Xiaoming", lastName: "Wang", postalCode: "200000" });
  expect(warnings).toMatchObject([
    { entity: "contact", id: two.id, matches: [{ id: one.id, rules: ["allow contact"] }] },
  ]);
  const { items } = await me.repo(duplicatePair).find();
  expect(items).toMatchObject([{ leftId: one.id, rightId: two.id, state: "open", entity: "contact" }]);
  await me.repo(duplicatePair).update(items[0]!.id, { state: "dismissed" });
  expect(await findDuplicates(me, contact, { id: two.id })).toEqual([]);
  expect(await findDuplicates(me, contact, { id: three.id })).toEqual([]);
});

test("a record that one may not see keeps a duplicate out, and is not told of", async () => {
  await rule("block");
  await contacts().create({ lastName: "Wang", phone: "13800138000" });
  const id = app.me.newId();
  const other = app.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["seller"] });
  const hidden = other.repo(contact).create({ lastName: "Wang", phone: "13800138000" });
  await expect(hidden).rejects.toMatchObject({ code: "duplicate-found", meta: { matches: [] } });
  await expect(findDuplicates(other, contact, { values: { phone: "13800138000" } })).resolves.toEqual([]);
  await expect(hidden).rejects.not.toThrow(/Wang/);
});

test("what two records have in common in a field that one may not see is not told", async () => {
  await rule("allow", { field: "title", by: "exact" });
  const warnings: DuplicateWarning[] = [];
  const blind = defineRole({
    name: "blind",
    entities: {
      contact: {
        create: "all",
        read: "all",
        update: "all",
        fields: { title: "none" },
      },
    },
  });
  const as = (roles: readonly (typeof blind | string)[]) =>
    app.crm.as({
      actor: { kind: "user", id: app.me.newId() },
      tenant: "test",
      roles,
      onDuplicates: (warning) => warnings.push(warning),
    });
  const [one, two] = await contacts().createMany([
    { lastName: "A", title: "canary" },
    { lastName: "B", title: "canary" },
  ]);
  // He changes a field that a rule compares; what else the rules compare is not his to know.
  await app.me
    .repo(matchRule)
    .create({ name: "names", entity: "contact", policy: "allow", when: { field: "lastName", by: "exact" } });
  warnings.length = 0;
  await as([blind]).repo(contact).update(two!.id, { lastName: "C" });
  expect(warnings).toEqual([]);
  await as([blind]).repo(contact).update(two!.id, { lastName: "A" });
  expect(warnings).toMatchObject([{ id: two!.id, matches: [{ id: one!.id, rules: ["names"] }] }]);
  warnings.length = 0;
  await as(["admin"]).repo(contact).update(two!.id, { lastName: "D" });
  expect(warnings).toMatchObject([{ id: two!.id, matches: [{ id: one!.id, rules: ["allow contact"] }] }]);
});

test("tenants do not meet", async () => {
  await rule("block");
  await contacts().create({ lastName: "Wang", phone: "13800138000" });
  const other = app.inTenant("other");
  await other
    .repo(matchRule)
    .create({ name: "b", entity: "contact", policy: "block", when: byPhone as never });
  await other.repo(contact).create({ lastName: "Wang", phone: "13800138000" });
  expect(
    await findDuplicates(other, contact, { values: { email: "x@y.zz", phone: "13800138000" } }),
  ).toHaveLength(1);
});

test("over HTTP: a check before, a conflict with the matches, a rule that is wrong", async () => {
  const identity = { actor: { kind: "user" as const, id: app.me.newId() }, tenant: "test", roles: ["admin"] };
  const http = createHttp(app.crm, { authenticate: async () => identity });
  const call = async (path: string, body: object) => {
    const response = await http.request(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  expect(
    await call("/api/match-rules", {
      name: "companies",
      entity: "account",
      policy: "block",
      when: { field: "name", by: "normalized" },
    }),
  ).toMatchObject({ status: 201 });
  const made = await call("/api/accounts", { name: "Acme GmbH" });
  expect(await call("/api/accounts/find-duplicates", { values: { name: "ACME G.m.b.H." } })).toMatchObject({
    status: 200,
    body: { matches: [{ id: made.body["id"], score: 1, rules: ["companies"] }] },
  });
  expect(await call("/api/accounts", { name: "acme" })).toMatchObject({
    status: 409,
    body: { code: "duplicate-found" },
  });
  for (const when of [
    { field: "nam", by: "exact" },
    { field: "name", by: "like" },
    { and: [] },
    { field: "name", by: "exact", scor: 1 },
  ])
    expect(await call("/api/match-rules", { name: "bad", entity: "account", when })).toMatchObject({
      status: 422,
      body: { code: "invalid-match-rule" },
    });
  expect(await app.me.repo(account).count()).toBe(1);
});

test("over HTTP a warning is a header, also where the answer is given again", async () => {
  await rule("allow");
  const identity = { actor: { kind: "user" as const, id: app.me.newId() }, tenant: "test", roles: ["admin"] };
  const http = createHttp(app.crm, { authenticate: async () => identity });
  const post = async (path: string, body: object, headers = {}) => {
    const response = await http.request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const { id } = (await response.json()) as { id: string };
    return { id, status: response.status, warnings: response.headers.get("duplicate-warnings") };
  };
  const phone = "13800138000";
  const first = await post("/api/contacts", { lastName: "Wang", phone });
  expect(first).toMatchObject({ status: 201, warnings: null });
  const again = () => post("/api/contacts", { lastName: "Wong", phone }, { "idempotency-key": "one" });
  const second = await again();
  expect(second).toMatchObject({
    status: 201,
    warnings: `"contact/${second.id}";of="${first.id}";score=1.00`,
  });
  expect(await again()).toEqual(second);
});
