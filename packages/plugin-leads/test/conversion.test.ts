import {
  account,
  consents,
  contact,
  crmCore,
  defineEntity,
  definePersonalData,
  definePlugin,
  extendEntity,
  isCormError,
  one,
  oneOf,
  reference,
  Type,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { marketing } from "@corm/plugin-marketing";
import { opportunity, sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storageAt, suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { type LeadsOptions, lead, leads } from "../src/index.js";

const reused = reuse();

/** Something of another plugin that a lead, a contact, an account and an opportunity can have. */
const visit = defineEntity("showroomVisit", {
  fields: {
    at: Type.String(),
    leadId: Type.Optional(reference(lead, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
  },
  relations: { lead: one("leadId") },
});
const seats = { seats: Type.Optional(Type.Integer({ minimum: 0 })) };
const showroom = definePlugin({
  name: "showroom",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1", leads: "^0.1", sales: "^0.1" },
  setup: () => ({
    privacy: [
      definePersonalData(visit, {
        by: ["leadId", "contactId"],
        unrelated: ["opportunityId"],
        erase: "delete",
      }),
    ],
    entities: { showroomVisit: visit },
    extends: {
      lead: extendEntity(lead, { fields: { ...seats, budget: Type.Optional(Type.Integer()) } }),
      account: extendEntity(account, {
        fields: { ...seats, tier: Type.Optional(Type.String({ maxLength: 200 })) },
      }),
      opportunity: extendEntity(opportunity, { fields: { ...seats, budget: Type.Optional(Type.Integer()) } }),
    },
  }),
});

const make = (options?: LeadsOptions, storage?: ReturnType<typeof storageAt>) =>
  createTestCrm({
    ...(storage ? { storage } : {}),
    plugins: [
      crmCore(),
      sales(),
      service(),
      marketing({
        from: { address: "news@example.com", name: "Example" },
        publicUrl: "https://crm.example.com",
      }),
      leads(options),
      showroom(),
    ],
  });
type Test = Awaited<ReturnType<typeof make>>;

const person = {
  firstName: "Ada",
  lastName: "Lovelace",
  company: "Engines Ltd",
  email: "ada@example.com",
  phone: "+442071838750",
  seats: 12,
  budget: 900,
};
const options: LeadsOptions = { convertFields: { account: { title: "tier" } } };

/** A lead with something of every plugin. */
async function history({ me }: Test) {
  const { leadId } = await me.entities.lead.capture({
    values: { ...person, title: "CTO" } as never,
    channel: "fair",
  });
  await me.entities.activity.create({ kind: "call", subject: "Hello", leadId });
  await me.entities.showroomVisit.createMany(
    Array.from({ length: 3 }, (_, n) => ({ at: `day ${n}`, leadId })),
  );
  const hanging = { entity: "lead", recordId: leadId! };
  await me.entities.note.create({ ...hanging, body: "Met at the fair" });
  for (const name of ["fair", "hot"]) {
    const tag = await me.entities.tag.create({ name });
    await me.entities.tagging.create({ ...hanging, tagId: tag.id });
  }
  const news = { channel: "email", address: person.email, topic: "news" } as const;
  await me.service(consents).record({ ...news, decision: "granted" });
  return leadId!;
}

/** All that there is, without what only says when something was written. */
async function state({ me }: Test) {
  const kinds = [
    "note",
    "tagging",
    "activity",
    "touchpoint",
    "showroomVisit",
    "consent",
    "account",
    "contact",
    "opportunity",
    "lead",
  ] as const;
  const all: Record<string, unknown[]> = {};
  for (const kind of kinds) {
    const { items } = await me.repo(me.catalog.entities.get(kind)!.handle).find({ orderBy: ["id"] });
    all[kind] = items.map(({ version: _v, updatedAt: _u, ...rest }) => rest);
  }
  return all;
}

describe("a conversion with every plugin's children", () => {
  let test: Test;
  beforeEach(async () => {
    test = await make(options);
  });
  afterEach(() => test.crm.stop());

  it("takes all of it along, and fields of plugins with it; and undoing it restores all of it", async () => {
    const { me } = test;
    const leadId = await history(test);
    const before = await state(test);
    const done = await me.entities.lead.convert(leadId, { opportunity: { name: "Engine" } });
    const { accountId, contactId, opportunityId } = done;
    expect(await me.entities.account.get(accountId!)).toMatchObject({
      name: "Engines Ltd",
      seats: 12,
      tier: "CTO",
    });
    expect(await me.entities.opportunity.get(opportunityId!)).toMatchObject({
      seats: 12,
      budget: 900,
      accountId,
    });
    const all = await state(test);
    expect(all["activity"]).toMatchObject([{ leadId, contactId, accountId, opportunityId }]);
    expect(all["touchpoint"]).toMatchObject([{ leadId, contactId }]);
    expect(all["showroomVisit"]).toHaveLength(3);
    for (const one of all["showroomVisit"]!)
      expect(one).toMatchObject({ contactId, accountId, opportunityId });
    expect(all["consent"]).toMatchObject([{ contactId }]);
    const onContact = { entity: "contact", recordId: contactId };
    expect(all["note"]).toMatchObject([onContact]);
    expect(all["tagging"]).toMatchObject([onContact, onContact]);
    expect((await me.entities.contact.timeline(contactId!)).items.map(({ kind }) => kind)).toContain(
      "leadConversion",
    );

    const undone = await me.entities.lead.unconvert(leadId);
    expect(undone.kept).toEqual([]);
    expect(undone.deleted.map(({ target }) => target)).toEqual(["opportunity", "contact", "account"]);
    expect(await state(test)).toEqual(before);
    await expect(me.entities.lead.unconvert(leadId)).rejects.toMatchObject({ code: "lead-not-converted" });
    // And it can be converted again.
    expect((await me.entities.lead.convert(leadId, {})).contactId).not.toBe(contactId);
  });

  it("leaves whom it made, where he was merged with others since: they would go with him", async () => {
    const { me } = test;
    const merged = {
      kept: [expect.objectContaining({ target: "contact", because: "it was merged with others" })],
    };
    // Taken up by somebody who was there before, and with somebody taken up.
    for (const survives of [false, true]) {
      const { leadId } = await me.entities.lead.capture({
        values: { lastName: "Hopper", email: `grace.${survives}@example.com` },
        channel: "fair",
      });
      const made = (await me.entities.lead.convert(leadId!, {})).contactId!;
      const other = await me.entities.contact.create({ lastName: "Murray", title: "Admiral" });
      const [survivorId, loser] = survives ? [made, other.id] : [other.id, made];
      const { mergeId } = await me.entities.contact.merge({ survivorId, ids: [loser] });
      expect(await me.entities.lead.unconvert(leadId!)).toMatchObject({
        ...merged,
        deleted: [],
        status: "new",
      });
      expect(await me.entities.contact.get(survivorId)).toMatchObject({ title: "Admiral", deletedAt: null });
      await me.entities.contact.unmerge({ mergeId });
      expect((await me.entities.contact.get(loser)).id).toBe(loser);
    }
    // A merge that was taken back is none.
    const { leadId } = await me.entities.lead.capture({ values: person as never, channel: "fair" });
    const { contactId } = await me.entities.lead.convert(leadId!, {});
    const twin = await me.entities.contact.create({ lastName: "King" });
    const { mergeId } = await me.entities.contact.merge({ survivorId: contactId!, ids: [twin.id] });
    await me.entities.contact.unmerge({ mergeId });
    expect(await me.entities.lead.unconvert(leadId!)).toMatchObject({ kept: [] });
  });

  it("goes by the survivor of records that were merged, before it and after it", async () => {
    const { me } = test;
    const old = await me.entities.account.create({ name: "Engines" });
    const known = await me.entities.account.create({ name: "Engines Ltd" });
    await me.entities.account.merge({ survivorId: known.id, ids: [old.id] });
    const deal = await me.entities.opportunity.create({ name: "Open" });
    const { leadId } = await me.entities.lead.capture({ values: person as never, channel: "fair" });
    const request = { account: { id: old.id }, opportunity: { id: deal.id } };
    const { preview, ...first } = await me.entities.lead.convert(leadId!, { ...request, dryRun: true });
    expect([first.accountId, preview?.account.id]).toEqual([known.id, known.id]);
    expect(await me.entities.lead.convert(leadId!, request)).toMatchObject({ accountId: known.id });
    expect(await me.entities.account.get(known.id)).toMatchObject({ seats: 12 });
    const other = await me.entities.opportunity.create({ name: "Other" });
    await me.entities.opportunity.merge({ survivorId: other.id, ids: [deal.id] });
    expect(await me.entities.opportunity.get(other.id)).toMatchObject({ seats: 12 });
    const undone = await me.entities.lead.unconvert(leadId!);
    expect(undone).toMatchObject({ status: "new", kept: [] });
    expect(await me.entities.account.get(known.id)).toMatchObject({ seats: null });
    expect(await me.entities.opportunity.get(other.id)).toMatchObject({ seats: null });
  });

  it("fills records that are there by the strategy of each field, and takes that back", async () => {
    const { me } = test;
    const leadId = await history(test);
    const known = await me.entities.account.create({ name: "Engines", seats: 5, tier: "gold" });
    const friend = await me.entities.contact.create({
      lastName: "King",
      firstName: "A.",
      phone: "+442071838751",
    });
    const deal = await me.entities.opportunity.create({ name: "Open", seats: 1 });
    const ids = { account: { id: known.id }, contact: { id: friend.id }, opportunity: { id: deal.id } };
    const before = await state(test);
    const strategies = {
      account: { seats: "overwrite", tier: "keep" },
      contact: { email: "keep", firstName: "overwrite" },
    } as const;
    const done = await me.entities.lead.convert(leadId, { ...ids, strategies });
    expect(done).toMatchObject({ accountId: known.id, contactId: friend.id, opportunityId: deal.id });
    expect(await me.entities.account.get(known.id)).toMatchObject({
      name: "Engines",
      seats: 12,
      tier: "gold",
    });
    expect(await me.entities.contact.get(friend.id)).toMatchObject({
      ...{ firstName: "Ada", lastName: "King", email: null, phone: "+442071838751", title: "CTO" },
      accountId: known.id,
    });
    expect(await me.entities.opportunity.get(deal.id)).toMatchObject({
      ...{ name: "Open", seats: 1, budget: 900, accountId: known.id, contactId: friend.id },
    });
    const undone = await me.entities.lead.unconvert(leadId);
    expect(undone).toMatchObject({ deleted: [], kept: [] });
    expect(await state(test)).toEqual(before);
  });

  it("says beforehand what it would do, and writes nothing", async () => {
    const { me } = test;
    const leadId = await history(test);
    const known = await me.entities.account.create({ name: "Engines Ltd", seats: 5 });
    const friend = await me.entities.contact.create({ lastName: "L.", email: person.email });
    const before = await state(test);
    const entries = (await me.changes({ limit: 500 })).items.length;
    const { preview, convertedAt, accountId } = await me.entities.lead.convert(leadId, {
      dryRun: true,
      account: { id: known.id },
      opportunity: { name: "x" },
    });
    expect([convertedAt, accountId]).toEqual([null, known.id]);
    expect(preview).toMatchObject({
      account: {
        mode: "existing",
        changes: { tier: { before: null, after: "CTO" } },
        conflicts: [{ field: "seats", current: 5, lead: 12, strategy: "fillEmpty" }],
      },
      contact: { mode: "new", values: { lastName: "Lovelace", email: person.email } },
      opportunity: { mode: "new", values: { name: "x", budget: 900 } },
      matches: {
        accounts: [{ id: known.id, by: "name" }],
        contacts: [{ id: friend.id, by: "email" }],
      },
    });
    expect(await state(test)).toEqual(before);
    expect((await me.changes({ limit: 500 })).items.length).toBe(entries);
  });

  it("keeps what others have come to need or to change since", async () => {
    const { me } = test;
    const leadId = await history(test);
    const known = await me.entities.account.create({ name: "Engines" });
    const { contactId } = await me.entities.lead.convert(leadId, { account: { id: known.id } });
    await me.entities.account.update(known.id, { seats: 99 });
    const late = await me.entities.activity.create({ kind: "call", subject: "later", contactId: contactId! });
    const undone = await me.entities.lead.unconvert(leadId);
    expect(undone.deleted).toEqual([]);
    expect(undone.kept).toEqual([
      { target: "contact", id: contactId, because: "activity refers to it" },
      { target: "account", id: known.id, because: '"seats" was changed since' },
    ]);
    expect(await me.entities.account.get(known.id)).toMatchObject({ seats: 99, tier: null });
    expect((await me.entities.activity.get(late.id)).contactId).toBe(contactId);
    expect(await me.entities.lead.get(leadId)).toMatchObject({ status: "new", convertedAt: null });
  });

  it("is undone within its time only", async () => {
    const leadId = await history(test);
    await test.me.entities.lead.convert(leadId, {});
    test.clock.advance({ days: 31 });
    await expect(test.me.entities.lead.unconvert(leadId)).rejects.toMatchObject({
      code: "conversion-too-old",
    });
  });

  it("refuses strategies for fields that nothing goes to", async () => {
    const leadId = await history(test);
    const strategies = { account: { name: "overwrite" } } as const;
    await expect(test.me.entities.lead.convert(leadId, { strategies })).rejects.toMatchObject({
      code: "unmapped-strategy",
    });
    expect(await test.me.entities.contact.count()).toBe(0);
  });
});

describe("a mapping that could lose a value stops the start", () => {
  const problem = async (field: object, convertFields?: LeadsOptions["convertFields"]) => {
    const plugin = definePlugin({
      name: "wide",
      version: "0.1.0",
      corm: "^0.1",
      requires: { crm: "^0.1", leads: "^0.1" },
      setup: () => ({
        extends: {
          lead: extendEntity(lead, { fields: { size: Type.Optional(Type.String({ maxLength: 50 })) } }),
          account: extendEntity(account, { fields: { size: Type.Optional(field as Type.TString) } }),
        },
      }),
    });
    try {
      const { crm } = await createTestCrm({
        plugins: [crmCore(), leads(convertFields ? { convertFields } : {}), plugin()],
      });
      await crm.stop();
      return null;
    } catch (error) {
      return isCormError(error) ? `${error.code}: ${error.message}` : String(error);
    }
  };

  it("by length, kind, word or name; and can be left out", async () => {
    expect(await problem(Type.String({ maxLength: 50 }))).toBeNull();
    expect(await problem(Type.String({ maxLength: 20 }))).toMatch(/lossy-conversion.*holds 20 characters/);
    // Of the same name, but another kind: not the same field.
    expect(await problem(Type.Integer())).toBeNull();
    expect(await problem(Type.Integer(), { account: { size: "size" } })).toMatch(
      /lossy-conversion.*holds integer/,
    );
    expect(await problem(oneOf(["S", "M"]), { account: { status: "size" } })).toMatch(
      /lossy-conversion.*"new"/,
    );
    expect(await problem(Type.String({ maxLength: 20 }), { account: { size: null } })).toBeNull();
    expect(await problem(Type.String({ maxLength: 50 }), { contact: { size: "nothing" } })).toMatch(
      /lossy-conversion.*no field "nothing"/,
    );
  });
});

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("conversions and their undoing at one moment have one result", async () => {
      const { url, drop } = await database.create();
      const test = await make(options, storageAt(url));
      try {
        const leadId = await history(test);
        const before = await state(test);
        const times = <T>(work: () => Promise<T>) => Promise.allSettled(Array.from({ length: 6 }, work));
        const converted = await times(() => test.me.entities.lead.convert(leadId, { opportunity: {} }));
        const results = converted.map((one) =>
          one.status === "fulfilled" ? JSON.stringify(one.value) : "failed",
        );
        expect(new Set(results).size).toBe(1);
        expect(results[0]).not.toBe("failed");
        expect(await test.me.entities.opportunity.count()).toBe(1);
        const undone = await times(() => test.me.entities.lead.unconvert(leadId));
        expect(undone.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
        expect(await state(test)).toEqual(before);
      } finally {
        await test.crm.stop();
        await drop();
      }
    }, 120_000);
  });
}
