import {
  type Context,
  consents,
  type ErasureCertificate,
  eraseSubject,
  exportSubject,
  listErasures,
  NotFound,
  reapplyErasures,
  verifyAudit,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { dumpEverything, inBytes } from "../support/dump.js";
import { type Everything, everything, seed } from "./people.js";

const on = ["SQLite in a file", "PostgreSQL", "MariaDB"] as const;

const lines = async (stream: AsyncIterable<string>): Promise<Record<string, unknown>[]> => {
  const all: Record<string, unknown>[] = [];
  for await (const text of stream) all.push(JSON.parse(text) as Record<string, unknown>);
  return all;
};

const found = (dump: string, canaries: readonly string[]): string[] =>
  canaries.filter((word) => dump.toLowerCase().includes(inBytes(word).toLowerCase()));

onDatabases({ plugins: everything, on }, (app) => {
  const fresh = () => app().fresh() as Everything;

  it("O119: an erased person is gone from every table and file; others, numbers and the opt-out stay", async () => {
    const me = fresh();
    const ada = await seed(me, "Ada");
    const bob = await seed(me, "Bob");
    const elsewhere = await seed(fresh(), "Eve");
    const counts = async () => ({
      activities: await me.entities.activity.count(),
      touchpoints: await me.entities.touchpoint.count(),
      tickets: await me.entities.ticket.count(),
      deliveries: await me.entities.delivery.count(),
      won: await me.entities.opportunity.aggregate({ measures: { sum: { sum: "amount" } } }),
    });
    const before = await counts();
    const sealed = ada.canaries.filter((word) => word.includes("-tax-"));
    const stored = found(await dumpEverything(app().url), ada.canaries);
    // The seed shows what the dump can see: everything but what is encrypted, and (on servers) what was overwritten.
    expect(stored.filter((word) => sealed.includes(word))).toEqual([]);
    expect(stored.length).toBeGreaterThan(ada.canaries.length - 6);

    const certificate = await eraseSubject(me, ada.person);
    expect(certificate).toMatchObject({ state: "done", tenant: me.tenant });
    expect(certificate.erased["contact"]).toMatchObject({ deleted: 1 });
    expect(certificate.erased["lead"]).toMatchObject({ deleted: 1 });
    expect(certificate.erased["activity"]).toMatchObject({ anonymised: 4 });
    expect(certificate.erased["captureSubmission"]).toMatchObject({ anonymised: 2 });
    expect(certificate.erased["ticketMessage"]).toMatchObject({ anonymised: 2 });

    // The trail says that something was erased, keeps the numbers of what stays, and is whole.
    expect(certificate.erased["activity"]?.journal).toBeGreaterThan(4);
    expect(await verifyAudit(app().crm, { tenant: me.tenant })).toMatchObject({ broken: null });
    const sale = await me.entities.opportunity.first({ where: { name: "[erased]" } });
    const past = await me.entities.opportunity.history(sale?.id as string);
    expect(JSON.stringify(past.items)).toContain("1200.00");

    const dump = await dumpEverything(app().url);
    expect(found(dump, ada.canaries)).toEqual([]);
    expect(dump).not.toContain(ada.email);
    const rest = (words: readonly string[]) =>
      words
        .filter((word) => !/-tax-|-title-|-call-/.test(word))
        .filter((word) => !dump.includes(inBytes(word)));
    expect(rest(bob.canaries.filter((word) => !word.includes("-mail-")))).toEqual([]);
    expect(rest(elsewhere.canaries.filter((word) => !word.includes("-mail-")))).toEqual([]);
    expect(await counts()).toEqual(before);
    expect((await me.entities.contact.find({ search: "canary-Ada" })).items).toEqual([]);
    expect((await me.entities.contact.find({ search: "canary-Bob" })).items).toHaveLength(1);

    // Imported again, she is a stranger who said no.
    await me.entities.contact.create({ lastName: "Again", email: ada.email.toUpperCase() });
    const ledger = me.service(consents);
    for (const topic of ["news", "offers", "anything"])
      expect(await ledger.canSend({ channel: "email", address: ada.email, topic })).toMatchObject({
        allowed: false,
        reason: "withdrawn",
      });
    const phone = { channel: "sms", address: ada.phone, topic: "news" } as const;
    expect((await ledger.canSend(phone)).allowed).toBe(false);
    const news = { channel: "email", topic: "news" } as const;
    expect((await ledger.canSend({ ...news, address: bob.email })).allowed).toBe(true);
    // What she says later counts.
    app().clock.advance(1000);
    await ledger.record({ ...news, address: ada.email, decision: "granted" });
    expect((await ledger.canSend({ ...news, address: ada.email })).allowed).toBe(true);
  });

  it("O119: past states that were about the person go, also of what is about somebody else by now", async () => {
    const me = fresh();
    const [ada, bob] = await me.entities.contact.createMany([{ lastName: "Ada" }, { lastName: "Bob" }]);
    const word = `canary-past-${me.tenant}`;
    const { opportunity } = me.entities;
    const { id } = await opportunity.create({ name: word, contactId: ada?.id as string });
    const asOf = me.now();
    app().clock.advance(1000);
    await opportunity.update(id, { name: "Of Bob", contactId: bob?.id as string });
    expect((await opportunity.find({ asOf, search: word })).items).toHaveLength(1);
    await eraseSubject(me, { entity: "contact", id: ada?.id as string });
    expect(await opportunity.get(id, { asOf })).toMatchObject({ name: "[erased]", contactId: null });
    expect((await opportunity.find({ asOf, search: word })).items).toHaveLength(0);
    expect((await opportunity.find({ asOf, where: { name: word } })).items).toHaveLength(0);
    expect(await opportunity.get(id)).toMatchObject({ name: "Of Bob", contactId: bob?.id });
    expect((await opportunity.get(id, { asOf: me.now() })).name).toBe("Of Bob");
  });

  it("O119: what two people share is nobody's alone, and stays", async () => {
    const me = fresh();
    const shared = `office-${me.tenant}@example.org`;
    const [one, two] = await me.entities.contact.createMany([
      { lastName: "One", email: shared },
      { lastName: "Two", email: shared.toUpperCase() },
    ]);
    const ledger = me.service(consents);
    await ledger.record({ channel: "email", address: shared, topic: "news", decision: "granted" });
    const ticket = await me.entities.ticket.create({ subject: "Ours", requesterEmail: shared });
    await eraseSubject(me, { entity: "contact", id: one?.id as string });
    expect((await me.entities.ticket.get(ticket.id)).subject).toBe("Ours");
    expect((await ledger.canSend({ channel: "email", address: shared, topic: "news" })).allowed).toBe(true);
    expect((await me.entities.contact.get(two?.id as string)).email).toBe(shared);
  });

  it("O119: a restored backup loses again whom the list of erasures names", async () => {
    const me = fresh();
    const ada = await seed(me, "Ada");
    const bob = await seed(me, "Bob");
    const row = await me.entities.contact.get(ada.person.id);
    await eraseSubject(me, ada.person);
    const kept: ErasureCertificate[] = [];
    for await (const certificate of listErasures(me)) kept.push(certificate);
    expect(JSON.stringify(kept)).not.toMatch(/canary|example\.org/);
    // As the backup had it: the same record, and something that hangs on it.
    const runtime = app().crm.runtime;
    await runtime.storage.forTenant(me.tenant).insertMany("contact", [
      {
        id: row.id,
        tenant_id: me.tenant,
        created_at: row.createdAt,
        updated_at: row.updatedAt,
        version: 1,
        deleted_at: null,
        live: 1,
        last_name: "canary-restored",
        email: ada.email,
        search_text: "canary-restored",
      },
    ]);
    await me.entities.activity.create({ kind: "call", subject: "canary-restored-call", contactId: row.id });
    const again = await reapplyErasures(me, kept);
    expect(again.map((certificate) => certificate.persons)).toEqual([{ contact: [ada.person.id] }]);
    expect(await reapplyErasures(me, kept)).toEqual([]);
    const dump = await dumpEverything(app().url);
    expect(found(dump, ["canary-restored", ada.email])).toEqual([]);
    expect((await me.entities.contact.get(bob.person.id)).email).toBe(bob.email);
  });

  it("O121: an export has everything of the person, and nothing of anybody else", async () => {
    const me = fresh();
    const ada = await seed(me, "Ada");
    const bob = await seed(me, "Bob");
    const ticket = await me.entities.ticket.find({ where: { contactId: ada.person.id } });
    await me.asSystem({ reason: "test" }).entities.ticketMessage.create({
      ticketId: ticket.items[0]?.id as string,
      direction: "in",
      fromAddress: bob.email,
      text: `canary-bob-writes ${bob.email}`,
    });
    await me
      .asSystem({ reason: "test" })
      .entities.apiKey.create({ name: "k", prefix: "123456789012", hash: "canary-secret".padEnd(64, "x") });
    for (const person of [ada.person, { entity: "lead", id: await leadOf(me, ada.email) }]) {
      const file = await lines(exportSubject(me, person));
      expect(file[0]).toMatchObject({ type: "subject", persons: { contact: [ada.person.id] } });
      expect(file[file.length - 1]).toMatchObject({
        type: "end",
        records: { contact: 1, lead: 1, activity: 4 },
      });
      const text = file.map((entry) => JSON.stringify(entry)).join("\n");
      const missing = ada.canaries.filter((word) => !text.toLowerCase().includes(word.toLowerCase()));
      // Said by others; and the raw mail, which names all who got it.
      const absent = /-(quoted|raw|robot|mention|quarantine|message-\d+)/;
      expect(missing.filter((word) => !absent.test(word) && !/^[A-Za-z0-9+/=]+$/.test(word))).toEqual([]);
      expect(text).toContain(ada.canaries.find((word) => word.includes("-tax-")));
      expect(found(text, bob.canaries)).toEqual([]);
      expect(text).not.toContain("canary-bob-writes");
      expect(text).not.toContain("canary-secret");
    }
    const nobody = { entity: "contact", id: "00000000-0000-7000-8000-00000000dead" };
    expect(NotFound.is(await lines(exportSubject(me, nobody)).catch((e) => e))).toBe(true);
    const other = fresh();
    const foreign = await lines(exportSubject(other, ada.person)).catch((e) => e);
    expect([404]).toContain(foreign.status);
    expect((await eraseSubject(other, ada.person).catch((e) => e)).status).toBe(404);
    expect((await me.entities.contact.get(ada.person.id)).email).toBe(ada.email);
  });
});

it("C39: what is secret is in no answer and no export, and without the right there is neither", async () => {
  const { crm, me } = await createTestCrm({
    plugins: everything,
    roles: [
      { name: "officer", label: "Officer", entities: {}, permissions: ["privacy.*"] },
      {
        name: "owner",
        label: "Owner",
        entities: { contact: { read: "own" } },
        permissions: ["privacy.export", "privacy.erase"],
      },
    ],
  });
  const as = (roles: string[], id = "00000000-0000-7000-8000-0000000000aa") =>
    crm.as({ actor: { kind: "user", id }, tenant: me.tenant, roles });
  const owner = await me.entities.user.create({ name: "Owner" });
  const theirs = await me.entities.contact.create({ lastName: "Theirs" });
  const system = me.asSystem({ reason: "test" });
  const own = await system.entities.contact.create({
    lastName: "Own",
    ownerId: owner.id,
    pin: "canary-pin",
  });
  expect(JSON.stringify(await me.entities.contact.get(own.id))).not.toContain("canary-pin");
  const exports = async (session: Context, id: string) =>
    lines(exportSubject(session, { entity: "contact", id })).catch((error) => error);
  const status = async (session: Context, id: string) => (await exports(session, id)).status;
  // No right; the right, and no sight; both.
  expect(await status(as([]), theirs.id)).toBe(403);
  expect(await status(as(["officer"]), theirs.id)).toBe(404);
  expect(await status(as(["owner"], owner.id), theirs.id)).toBe(404);
  // Subject, record, two entries, end.
  expect(await exports(as(["owner"], owner.id), own.id)).toHaveLength(5);
  for (const session of [as(["owner"], owner.id), me, system])
    expect(JSON.stringify(await exports(session, own.id))).not.toMatch(/canary-pin|"pin"/);
  for (const [session, id] of [
    [as([]), own.id],
    [as(["officer"]), own.id],
    [as(["owner"], owner.id), theirs.id],
  ] as const) {
    const refused = await eraseSubject(session, { entity: "contact", id }).catch((error) => error);
    expect([403, 404]).toContain(refused.status);
  }
  expect(await me.entities.contact.count()).toBe(2);
  for await (const _ of listErasures(me)) expect.unreachable();
  await crm.stop();
});

async function leadOf(me: Everything, email: string): Promise<string> {
  const found = await me.entities.lead.first({ where: { email } });
  return found?.id as string;
}
