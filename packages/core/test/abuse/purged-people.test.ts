import {
  type Context,
  consents,
  contact,
  eraseSubject,
  exportSubject,
  grant,
  type Person,
  verifyAudit,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { dumpEverything, inBytes } from "../support/dump.js";
import { type Everything, everything } from "./people.js";

const on = ["SQLite in a file", "PostgreSQL", "MariaDB"] as const;

async function exported(me: Context, person: Person): Promise<string> {
  let text = "";
  for await (const line of exportSubject(me, person)) text += line;
  return text;
}

onDatabases({ plugins: everything, on }, (app) => {
  const fresh = () => app().fresh() as Everything;
  const wordsOf =
    (me: Everything) =>
    (what: string): string =>
      `canary-${what}-${me.tenant}`;

  /** A person with something in every position that a purge leaves behind, who is purged then; and somebody else. */
  async function purged(me: Everything) {
    const word = wordsOf(me);
    const { entities } = me;
    const email = `${word("mail")}@example.org`;
    const [ada, bob] = await entities.contact.createMany([
      { lastName: word("first-name"), email, taxId: word("tax") },
      { lastName: word("bob"), email: `bob-${me.tenant}@example.org` },
    ]);
    const a = ada?.id as string;
    const b = bob?.id as string;
    await entities.contact.update(a, { lastName: word("last"), phone: `+49 ${word("phone")}` });
    const sale = await entities.opportunity.create({ name: word("sale"), contactId: a });
    const lost = await entities.opportunity.create({ name: word("lost-sale"), contactId: a });
    const call = { kind: "call" as const };
    const [before, , , handed] = await entities.activity.createMany([
      { ...call, subject: word("purged-before"), contactId: a },
      { ...call, subject: word("let-go"), contactId: a },
      { ...call, subject: word("over-sale"), opportunityId: sale.id },
      { ...call, subject: "Ask Bob", contactId: a },
      { ...call, subject: word("bob-call"), contactId: b },
    ]);
    const overLost = { ...call, subject: word("over-lost"), opportunityId: lost.id };
    const letGo = { ...overLost, subject: word("let-go-twice") };
    const [tied] = await entities.activity.createMany([overLost, letGo]);
    const remove = async (name: "activity" | "contact" | "opportunity", id: string) => {
      await entities[name].delete(id);
      await entities[name].purge(id);
    };
    // Gone over what is gone; and gone while the person was there.
    await remove("activity", before?.id as string);
    await remove("activity", tied?.id as string);
    await remove("opportunity", lost.id);
    await me
      .service(consents)
      .record({ channel: "email", address: email, topic: "news", decision: "granted" });
    await remove("contact", a);
    await entities.activity.update(handed?.id as string, { contactId: b, subject: word("bob-now") });
    app().clock.advance(1000);
    return { a, email, word };
  }

  const gone = [
    "first-name",
    "last",
    "mail",
    "tax",
    "phone",
    "sale",
    "purged-before",
    "let-go",
    "over-sale",
    "lost-sale",
    "over-lost",
    "let-go-twice",
  ];
  const stored = async (word: (what: string) => string, words: readonly string[]) => {
    const dump = (await dumpEverything(app().url)).toLowerCase();
    return words.filter((what) => dump.includes(inBytes(word(what)).toLowerCase()));
  };

  for (const [by, personOf] of [
    ["id", ({ a }: { a: string }): Person => ({ entity: "contact", id: a })],
    ["address", ({ email }: { email: string }): Person => ({ address: email.toUpperCase() })],
  ] as const) {
    it(`O119: who was purged is exported and erased by ${by}, with all that his purge let go`, async () => {
      const me = fresh();
      const ada = await purged(me);
      const { word } = ada;
      const person = personOf(ada as { a: string; email: string });
      const text = await exported(me, person);
      expect(gone.filter((what) => !text.toLowerCase().includes(word(what)))).toEqual([]);
      expect(["bob", "bob-call", "bob-now"].filter((what) => text.includes(word(what)))).toEqual([]);

      const certificate = await eraseSubject(me, person);
      expect(certificate).toMatchObject({
        state: "done",
        persons: { contact: [ada.a] },
        erased: { activity: { anonymised: 3 }, opportunity: { anonymised: 1 }, contact: { deleted: 0 } },
      });
      expect(certificate.erased["contact"]?.journal).toBeGreaterThanOrEqual(3);
      expect(await stored(word, gone)).toEqual([]);
      expect(await stored(word, ["bob", "bob-call", "bob-now"])).toEqual(["bob", "bob-call", "bob-now"]);
      expect(await verifyAudit(app().crm, { tenant: me.tenant })).toMatchObject({ broken: null });
      const asked = { channel: "email", address: ada.email, topic: "news" } as const;
      expect(await me.service(consents).canSend(asked)).toMatchObject({ allowed: false });
      // There is nothing left to find by his id.
      await expect(eraseSubject(me, { entity: "contact", id: ada.a })).rejects.toMatchObject({
        code: "not-found",
      });
    });
  }

  it("O119: who is there loses what was purged before, and an earlier record of his under the same address", async () => {
    const me = fresh();
    const { email, word } = await purged(me);
    const again = await me.entities.contact.create({ lastName: word("again"), email });
    await eraseSubject(me, { entity: "contact", id: again.id });
    expect(await stored(word, [...gone, "again"])).toEqual([]);
  });

  it("O119: an address that somebody else has by now finds nobody who is gone", async () => {
    const me = fresh();
    const { a, email, word } = await purged(me);
    const other = await me.entities.contact.create({ lastName: word("other"), email });
    await eraseSubject(me, { entity: "contact", id: a });
    expect((await me.entities.contact.get(other.id)).email).toBe(email);
    expect(await stored(word, ["last", "let-go", "other"])).toEqual(["other"]);
    const two = await me.entities.contact.create({ lastName: word("two"), email });
    await expect(eraseSubject(me, { address: email })).rejects.toMatchObject({ code: "subject-unknown" });
    expect((await me.entities.contact.get(two.id)).email).toBe(email);
  });

  it("O119: an address of nobody's erases what is tied to it alone", async () => {
    const me = fresh();
    const word = wordsOf(me);
    const address = `${word("reader")}@example.org`;
    const asked = { channel: "email", address, topic: "news" } as const;
    await me.service(consents).record({ ...asked, decision: "granted" });
    expect(await exported(me, { address })).toContain(word("reader"));
    expect(await eraseSubject(me, { address })).toMatchObject({
      persons: {},
      erased: { consent: { anonymised: 1 } },
    });
    expect(await stored(word, ["reader"])).toEqual([]);
    expect((await me.service(consents).canSend(asked)).allowed).toBe(false);
  });

  it("O121: nobody of another tenant is found, by id or address", async () => {
    const me = fresh();
    const { a, email, word } = await purged(me);
    const other = fresh();
    await expect(exported(other, { entity: "contact", id: a })).rejects.toMatchObject({ code: "not-found" });
    expect(await exported(other, { address: email })).not.toContain(word("last"));
    await eraseSubject(other, { address: email });
    expect(await stored(word, ["last", "let-go"])).toEqual(["last", "let-go"]);
  });
});

it("C39: who sees some people only learns nothing of who is gone, and finds nobody by an address", async () => {
  const roles = [
    { name: "owner", label: "Owner", entities: grant(contact, { read: "own" }), permissions: ["privacy.*"] },
  ];
  const { crm, me } = await createTestCrm({ plugins: everything, roles });
  const { id } = await me.entities.contact.create({ lastName: "Gone", email: "gone@example.org" });
  await me.entities.contact.delete(id);
  await me.entities.contact.purge(id);
  const owner = crm.as({ actor: me.actor, tenant: me.tenant, roles: ["owner"] });
  const refused = (person: Person) => eraseSubject(owner, person).catch((error) => error.code);
  expect(await refused({ entity: "contact", id })).toBe("not-found");
  for (const address of ["gone@example.org", "nobody@example.org"])
    expect(await refused({ address })).toBe("forbidden");
  expect((await exported(me, { entity: "contact", id })).includes("Gone")).toBe(true);
  await crm.stop();
});
