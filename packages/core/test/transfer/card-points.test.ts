import {
  contact,
  contactPoint,
  crmCore,
  defineRole,
  importFile,
  importRejection,
  matchRule,
  revertImport,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { databases, storageAt } from "../support/databases.js";
import { reuse } from "../support/reused.js";

const narrow = defineRole({
  name: "narrow",
  entities: { contact: { create: "all", read: "all", import: true } },
});
const make = (options: object = {}) =>
  createTestCrm({ plugins: [crmCore()], roles: [narrow], country: "DE", ...options });
type App = Awaited<ReturnType<typeof make>>;

const card = (uid: string, ...lines: string[]) =>
  ["BEGIN:VCARD", "VERSION:4.0", `UID:${uid}`, ...lines, "END:VCARD", ""].join("\r\n");
const ada = card(
  "ada",
  "FN:Ada Lovelace",
  "EMAIL;TYPE=home:ada@home.example",
  "EMAIL;PREF=1:ada@example.com",
  "EMAIL:ADA@example.com",
  "TEL:030 901820",
  "item1.TEL;VALUE=uri:tel:+49-170-1234567",
  "EMAIL:mailto:ada@home.example",
);
async function* bytes(text: string) {
  yield new TextEncoder().encode(text);
}
const load = (app: App, text: string, options: object = {}, me = app.me) =>
  importFile(me as App["me"], contact, bytes(text), { format: "vcard", ...options } as never);
const points = async (app: App) => {
  const { items } = await app.me
    .repo(contactPoint)
    .find({ include: ["contact"], orderBy: ["kind", "value"], limit: 100 });
  return items.map(({ contact: of, kind, value }) => `${of?.externalId} ${kind} ${value}`);
};
const all = ["ada email ada@home.example", "ada phone +491701234567"];

describe.each(reuse(databases))("on $name", (database) => {
  const within = async (work: (app: App) => Promise<void>) => {
    if (!database.available) return;
    const { url, drop } = await database.create();
    const app = await make({ storage: storageAt(url) });
    try {
      await work(app);
    } finally {
      await app.crm.stop();
      await drop();
    }
  };

  test("further addresses and numbers of a card become contact points, once, and go when it is taken back", () =>
    within(async (app) => {
      const { id } = await load(app, ada);
      expect(await app.me.repo(contact).find()).toMatchObject({
        items: [{ lastName: "Lovelace", email: "ada@example.com", phone: "+4930901820" }],
      });
      expect(await points(app)).toEqual(all);
      await load(app, ada, { mode: "upsert", on: ["externalId"] });
      const more = card("ada", "FN:Ada Lovelace", "EMAIL:ada@example.com", "EMAIL:third@example.com");
      await load(app, more, { mode: "update", on: ["externalId"] });
      expect(await points(app)).toEqual([all[0], "ada email third@example.com", all[1]]);
      await load(app, card("bob", "FN:Bob", "TEL:1", "TEL:2"), { dryRun: true });
      expect((await points(app)).length).toBe(3);
      await app.me.repo(contact).deleteMany((await app.me.repo(contact).find()).items.map((one) => one.id));
      const again = await load(app, card("eve", "FN:Eve", "EMAIL:e@x.example", "EMAIL:e2@x.example"));
      expect(await points(app)).toEqual(["eve email e2@x.example"]);
      expect(id).not.toBe(again.id);
      await revertImport(app.me, again.id);
      expect(await points(app)).toEqual([]);
    }));

  test("rows find one another, and whom is there, by them: skip, update, and a rule that blocks", () =>
    within(async (app) => {
      await app.me.repo(matchRule).create({
        name: "address",
        entity: "contact",
        policy: "block",
        when: { field: "contactPoint.email", by: "normalized" },
      });
      await app.me
        .repo(contact)
        .create({ lastName: "There", email: "ada@home.example", externalId: "there" });
      const b = card("b", "FN:Bob", "EMAIL:bob@example.com", "EMAIL:bob@home.example");
      const c = card("c", "FN:Bob Again", "EMAIL:other@example.com", "EMAIL:bob@home.example");
      expect(await load(app, ada + b + c, { duplicates: "skip" })).toMatchObject({ accepted: 3, skipped: 2 });
      expect(await points(app)).toEqual(["b email bob@home.example"]);
      expect(await load(app, ada + b + c, { duplicates: "update", mapping: { UID: null } })).toMatchObject({
        accepted: 3,
        matched: 3,
      });
      // A row is held against the one before it as that was left: the first address is another one by then.
      expect(await app.me.repo(contact).count()).toBe(2);
      const refused = await load(app, card("d", "FN:D", "EMAIL:d@x.example", "EMAIL:ada@home.example"));
      expect(refused).toMatchObject({ accepted: 0, rejected: 1 });
      const { items } = await app.me.repo(importRejection).find({ where: { jobId: refused.id } });
      expect(items[0]?.reason).toContain("duplicate");
      expect(await app.me.repo(contact).count({ externalId: "d" })).toBe(0);
    }));
});

test("columns and lines of JSON may name them; what is wrong with one rejects its row alone", async () => {
  const app = await make();
  const csv = [
    "externalId,lastName,email,contactPoint.email",
    `a,A,a@example.com,"a2@example.com\n a3@example.com "`,
    `b,B,,${"x".repeat(300)}@example.com`,
    "c,C,,",
  ].join("\n");
  expect(await load(app, csv, { format: "csv" })).toMatchObject({ accepted: 2, rejected: 1 });
  expect(await points(app)).toEqual(["a email a2@example.com", "a email a3@example.com"]);
  const { items } = await app.me.repo(importRejection).find();
  expect(items[0]?.reason).toBe("contactPoint.email: must not have more than 254 characters");
  const json = JSON.stringify({ externalId: "j", lastName: "J", "contactPoint.phone": ["030 1", "030 2"] });
  await load(app, json, { format: "ndjson" });
  expect((await points(app)).length).toBe(4);
  await app.crm.stop();
});

test("what is no e-mail address is told of its row, with and without duplicates; what is no text as well", async () => {
  const app = await make();
  await app.me.repo(matchRule).create({
    name: "address",
    entity: "contact",
    policy: "report",
    when: { field: "contactPoint.email", by: "normalized" },
  });
  const csv = "lastName,contactPoint.email,contactPoint.phone\nA,a@x.example,\nB,hello,\nC,,ask the desk\n";
  const reasons = async (jobId: string) =>
    (await app.me.repo(importRejection).find({ where: { jobId } })).items.map(({ row, reason }) => [
      row,
      reason,
    ]);
  for (const options of [{}, { duplicates: "skip" }]) {
    const { id, accepted, rejected } = await load(app, csv, { format: "csv", ...options });
    expect({ accepted, rejected }).toEqual({ accepted: 2, rejected: 1 });
    expect(await reasons(id)).toEqual([[3, "contactPoint.email: must be an e-mail address"]]);
  }
  const json = [["g@x.example", 5], { a: 1 }, [{ a: 1 }]].map((value) =>
    JSON.stringify({ lastName: "J", "contactPoint.phone": value }),
  );
  const { id } = await load(app, json.join("\n"), { format: "ndjson" });
  expect(await reasons(id)).toEqual(
    [2, 3].map((row) => [row, expect.stringContaining("contactPoint.phone: is a text, or a list of texts")]),
  );
  await app.crm.stop();
});

test("an empty property of a card is none: the next address is the first", async () => {
  const app = await make();
  await load(app, card("eve", "FN:Eve", "EMAIL:", "EMAIL:e@x.example", "TEL;PREF=1: ", "TEL:030 901820"));
  expect(await app.me.repo(contact).find()).toMatchObject({
    items: [{ email: "e@x.example", phone: "+4930901820" }],
  });
  expect(await points(app)).toEqual([]);
  await app.crm.stop();
});

test("a contact point is brought into the form of its kind on every way in, is an address, and somebody's", async () => {
  const app = await make();
  const { id: contactId } = await app.me.repo(contact).create({ lastName: "Ada" });
  const all = app.me.repo(contactPoint);
  const email = await all.create({ kind: "email", value: " Ada@Example.COM ", contactId });
  const [phone] = await all.createMany([{ kind: "phone", value: "030 901820", contactId }]);
  expect([email.value, phone?.value]).toEqual(["ada@example.com", "+4930901820"]);
  await expect(all.create({ kind: "phone", value: "+49 (30) 901820", contactId })).rejects.toMatchObject({
    code: "unique-violation",
  });
  const written = [{ kind: "phone", value: "+49 (30) 901820", contactId } as const];
  expect((await all.upsertMany(written, ["contactId", "kind", "value"]))[0]?.id).toBe(phone?.id);
  expect((await all.update(phone!.id, { value: "0170 1234567" })).value).toBe("+491701234567");
  const refused = (points: readonly object[]) =>
    expect(all.createMany(points as never)).rejects.toMatchObject({ code: "validation-failed" });
  await refused([{ kind: "email", value: "hello", contactId }]);
  await refused([{ kind: "email", value: "  ", contactId }]);
  await refused([{ kind: "email", value: "a@x.example" }]);
  await expect(all.update(phone!.id, { kind: "email" })).rejects.toMatchObject({ code: "validation-failed" });
  await expect(all.update(phone!.id, { contactId: null })).rejects.toMatchObject({
    code: "validation-failed",
  });
  await app.crm.stop();
});

test("who may not add contact points imports cards without them, and cannot name them", async () => {
  const app = await make();
  const me = app.crm.as({
    actor: { kind: "user", id: app.me.newId() },
    tenant: "test",
    roles: ["narrow"],
  }) as never;
  expect(await load(app, ada, {}, me)).toMatchObject({ accepted: 1 });
  expect(await points(app)).toEqual([]);
  await expect(
    load(app, "lastName,contactPoint.email\nA,a@x.example\n", { format: "csv" }, me),
  ).rejects.toMatchObject({ code: "unknown-field" });
  await app.crm.stop();
});
