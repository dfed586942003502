import {
  contact,
  contactPoint,
  crmCore,
  type DuplicateWarning,
  defineRole,
  duplicatePair,
  importFile,
  type MatchPolicy,
  matchRule,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { counting } from "../support/counting.js";
import { databases, storageAt } from "../support/databases.js";
import { reuse } from "../support/reused.js";

const blind = defineRole({
  name: "blind",
  permissions: ["contact.findDuplicates"],
  entities: { contact: { read: "all", create: "all", update: "all" } },
});
const make = (options: object = {}) =>
  createTestCrm({ plugins: [crmCore()], roles: [blind, mailer, follower], country: "DE", ...options });
/** Sees some of the points of everybody he sees. */
const mailer = defineRole({
  name: "mailer",
  permissions: ["contact.findDuplicates"],
  entities: {
    ...blind.entities,
    contactPoint: { read: "all", only: { kind: "email" } },
  },
});
const follower = defineRole({
  name: "follower",
  permissions: ["contact.findDuplicates"],
  entities: { ...blind.entities, contactPoint: { read: "parent" } },
});
type App = Awaited<ReturnType<typeof make>>;

const ruleOf = (policy: MatchPolicy) => ({
  name: "any address",
  entity: "contact",
  policy,
  when: {
    or: [
      { field: "contactPoint.email", by: "normalized" as const },
      { field: "contactPoint.phone", by: "normalized" as const },
    ],
  },
});
const addRule = (app: App, policy: MatchPolicy = "block") => app.me.repo(matchRule).create(ruleOf(policy));
const person = (app: App, lastName: string, values: object = {}) =>
  app.me.repo(contact).create({ lastName, ...values });
const addTo = (app: App, contactId: string, value: string, kind: "email" | "phone" = "email") =>
  app.me.repo(contactPoint).create({ contactId, kind, value });
const duplicate = { code: "duplicate-found" };

describe.each(reuse(databases))("on $name", (database) => {
  const within = async (work: (app: App, log: ReturnType<typeof counting>["log"]) => Promise<void>) => {
    if (!database.available) return;
    const { url, drop } = await database.create();
    const { storage, log } = counting(storageAt(url));
    const app = await make({ storage });
    try {
      await work(app, log);
    } finally {
      await app.crm.stop();
      await drop();
    }
  };

  test("a second address of one is the first of another: on create, update, of either, and by look-up", () =>
    within(async (app) => {
      await addRule(app);
      const ada = await person(app, "Ada", { email: "ada@example.com", phone: "030 123456" });
      await addTo(app, ada.id, "ada@home.example");
      await addTo(app, ada.id, "+49 170 1234567", "phone");
      await expect(person(app, "A.", { email: "ADA@home.example" })).rejects.toMatchObject({
        ...duplicate,
        meta: { matches: [{ id: ada.id, score: 1, rules: ["any address"] }] },
      });
      await expect(person(app, "A.", { phone: "0170 1234567" })).rejects.toMatchObject(duplicate);
      const bob = await person(app, "Bob", { email: "bob@example.com" });
      await expect(app.me.repo(contact).update(bob.id, { email: "ada@home.example" })).rejects.toMatchObject(
        duplicate,
      );
      await expect(addTo(app, bob.id, "ada@example.com")).rejects.toMatchObject(duplicate);
      await expect(addTo(app, bob.id, "ada@home.example")).rejects.toMatchObject(duplicate);
      expect(await app.me.repo(contactPoint).count()).toBe(2);
      const look = (values: Record<string, unknown>) => app.me.entities.contact.findDuplicates({ values });
      expect((await look({ email: "ada@home.example" })).matches).toMatchObject([{ id: ada.id }]);
      // What goes, and what changes, no longer finds anybody.
      const [second] = (await app.me.repo(contactPoint).find({ where: { kind: "email" } })).items;
      await app.me.repo(contactPoint).update(second!.id, { value: "ada@work.example" });
      expect((await look({ email: "ada@home.example" })).matches).toEqual([]);
      expect((await look({ email: "ada@work.example" })).matches).toMatchObject([{ id: ada.id }]);
      await app.me.repo(contactPoint).delete(second!.id);
      expect((await look({ email: "ada@work.example" })).matches).toEqual([]);
      await app.me.repo(contactPoint).restore(second!.id);
      await expect(person(app, "A.", { email: "ada@work.example" })).rejects.toMatchObject(duplicate);
      await app.me.repo(contactPoint).purge(second!.id);
      await person(app, "A.", { email: "ada@work.example" });
    }));

  test("a rule made later, and a scan, find those that were there before", () =>
    within(async (app) => {
      const ada = await person(app, "Ada", { email: "ada@example.com" });
      const twin = await person(app, "Lovelace", { email: "countess@example.com" });
      await addTo(app, twin.id, "ada@example.com");
      await addRule(app, "report");
      await app.me.entities.duplicateScan.start({ entity: "contact" });
      await runJobs(app, { for: { minutes: 1 } });
      const pairs = (await app.me.repo(duplicatePair).find()).items;
      expect(pairs).toMatchObject([{ leftId: ada.id, rightId: twin.id, rule: "any address", state: "open" }]);
      // Once they have nothing in common any more, a scan takes the pair away.
      await app.me.repo(contactPoint).purge((await app.me.repo(contactPoint).find()).items[0]!.id);
      await app.me.entities.duplicateScan.start({ entity: "contact" });
      await runJobs(app, { for: { minutes: 1 } });
      expect(await app.me.repo(duplicatePair).count()).toBe(0);
    }));

  test("an import finds them, with as many statements as for one", () =>
    within(async (app, log) => {
      await addRule(app, "allow");
      const made = await app.me
        .repo(contact)
        .createMany(Array.from({ length: 150 }, (_, i) => ({ lastName: `L${i}`, email: `l${i}@x.example` })));
      await app.me
        .repo(contactPoint)
        .createMany(
          made.map(({ id }, i) => ({ contactId: id, kind: "email" as const, value: `l${i}@home.example` })),
        );
      const csv = ["lastName,email", ...made.map((_, i) => `M${i},l${i}@home.example`)].join("\n");
      log.clear();
      await importFile(
        app.me,
        contact,
        (async function* () {
          yield new TextEncoder().encode(csv);
        })(),
        { format: "csv" },
      );
      expect(log.of("findMany", "contact_point").length).toBeLessThan(5);
      expect(await app.me.repo(duplicatePair).count()).toBe(150);
    }));

  test("a merge of two such people, and taking it back, leave keys that find them", () =>
    within(async (app) => {
      const ada = await person(app, "Ada", { email: "ada@example.com" });
      const twin = await person(app, "Lovelace", { email: "countess@example.com" });
      await addTo(app, twin.id, "ada@home.example");
      await addRule(app);
      const { mergeId } = await app.me.entities.contact.merge({ survivorId: ada.id, ids: [twin.id] });
      for (const email of ["ada@example.com", "countess@example.com", "ada@home.example"])
        await expect(person(app, "X", { email })).rejects.toMatchObject({
          meta: { matches: [{ id: ada.id }] },
        });
      await app.me.entities.contact.unmerge({ mergeId });
      for (const [email, id] of [
        ["ada@example.com", ada.id],
        ["countess@example.com", twin.id],
        ["ada@home.example", twin.id],
      ])
        await expect(person(app, "X", { email })).rejects.toMatchObject({ meta: { matches: [{ id }] } });
    }));

  test("of two saves at one moment one wins", () =>
    within(async (app) => {
      await addRule(app);
      const [ada, bob] = [await person(app, "Ada"), await person(app, "Bob")];
      const all = await Promise.allSettled([
        addTo(app, ada.id, "one@example.com"),
        addTo(app, bob.id, "one@example.com"),
        person(app, "Carl", { email: "one@example.com" }),
      ]);
      expect(all.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    }));
});

test.each(["blind", "mailer"])(
  "%s does not see all contact points, and is told of nobody by them",
  async (role) => {
    const app = await make();
    await addRule(app, "allow");
    const ada = await person(app, "Ada", { email: "ada@example.com" });
    await addTo(app, ada.id, "+4915112345678", "phone");
    const warned: DuplicateWarning[] = [];
    const as = (name: string) =>
      app.crm.as({
        actor: { kind: "user", id: app.me.newId() },
        tenant: "test",
        roles: [name],
        onDuplicates: (warning) => warned.push(warning),
      });
    const values = { phone: "+4915112345678" };
    expect((await as(role).entities.contact.findDuplicates({ values })).matches).toEqual([]);
    expect((await as("follower").entities.contact.findDuplicates({ values })).matches).toHaveLength(1);
    await as(role)
      .repo(contact)
      .create({ lastName: "A.", ...values });
    expect(warned).toEqual([]);
    await as("admin")
      .repo(contact)
      .create({ lastName: "B.", ...values });
    expect(warned[0]?.matches.length).toBe(2);
    await app.crm.stop();
  },
);

test("rules that could compare nothing by them are refused", async () => {
  const app = await make();
  const refused = async (entity: string, field: string | string[]) =>
    expect(
      app.me.repo(matchRule).create({ name: "x", entity, when: { field, by: "normalized" } }),
    ).rejects.toMatchObject({ code: "invalid-match-rule" });
  await refused("contact", ["contactPoint.email", "lastName"]);
  await refused("contact", "contactPoint.fax");
  await refused("tag", "contactPoint.email");
  await app.crm.stop();
});
