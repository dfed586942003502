import { beforeAction, consents, crmCore, defineError, definePlugin } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convert, leads } from "../src/index.js";
import { leadsCrm } from "./leads-crm.js";

let app: Awaited<ReturnType<typeof leadsCrm>>;
beforeEach(async () => {
  app = await leadsCrm();
});
afterEach(() => app.crm.stop());

const person = {
  firstName: "Ada",
  lastName: "Lovelace",
  company: "Engines Ltd",
  email: "ada@example.com",
  phone: "+44 20 1",
  website: "https://engines.example",
};
const makeLead = (values: object = person) => app.me.entities.lead.create(values);
const counts = async () =>
  Promise.all((["account", "contact", "deal"] as const).map((name) => app.me.entities[name].count()));

describe("converting", () => {
  test("makes account, contact and opportunity", async () => {
    const { id } = await makeLead();
    const done = await app.me.entities.lead.convert(id, { opportunity: { name: "First engine" } });
    expect(await app.me.entities.account.get(done.accountId!)).toMatchObject({
      name: "Engines Ltd",
      website: "https://engines.example",
    });
    expect(await app.me.entities.contact.get(done.contactId!)).toMatchObject({
      firstName: "Ada",
      lastName: "Lovelace",
      email: "ada@example.com",
      phone: "+44 20 1",
      accountId: done.accountId,
    });
    expect(await app.me.entities.deal.get(done.opportunityId!)).toMatchObject({
      name: "First engine",
      accountId: done.accountId,
      contactId: done.contactId,
    });
    expect(await app.me.entities.lead.get(id)).toMatchObject({
      status: "converted",
      convertedAt: app.me.now(),
      convertedAccountId: done.accountId,
      convertedContactId: done.contactId,
      convertedOpportunityId: done.opportunityId,
    });
  });

  test("answers the first result again, also to calls at one moment", async () => {
    const { id } = await makeLead();
    const [a, b, c] = await Promise.all(
      ["One", "Two", "Three"].map((name) => app.me.entities.lead.convert(id, { opportunity: { name } })),
    );
    app.clock.advance({ days: 3 });
    const later = await app.me.entities.lead.convert(id, { account: null });
    expect(b).toEqual(a);
    expect(c).toEqual(a);
    expect(later).toEqual(a);
    expect(await counts()).toEqual([1, 1, 1]);
  });

  test("fills what existing targets lack, and overwrites nothing", async () => {
    const account = await app.me.entities.account.create({ name: "Engines", website: "https://old.example" });
    const contact = await app.me.entities.contact.create({ lastName: "King", phone: "1" });
    const { id } = await makeLead({ ...person, country: "UK" });
    const done = await app.me.entities.lead.convert(id, {
      account: { id: account.id },
      contact: { id: contact.id },
    });
    expect(done).toMatchObject({ accountId: account.id, contactId: contact.id, opportunityId: null });
    expect(await app.me.entities.account.get(account.id)).toMatchObject({
      name: "Engines",
      website: "https://old.example",
      country: "UK",
    });
    expect(await app.me.entities.contact.get(contact.id)).toMatchObject({
      lastName: "King",
      firstName: "Ada",
      phone: "1",
      email: "ada@example.com",
      accountId: account.id,
    });
  });

  test("takes the account of the existing contact", async () => {
    const account = await app.me.entities.account.create({ name: "Known" });
    const contact = await app.me.entities.contact.create({ lastName: "King", accountId: account.id });
    const { id } = await makeLead();
    const done = await app.me.entities.lead.convert(id, { contact: { id: contact.id } });
    expect(done.accountId).toBe(account.id);
    expect(await app.me.entities.account.count()).toBe(1);
  });

  test("makes as little as is asked for", async () => {
    const withoutCompany = await makeLead({ email: "solo@example.com" });
    expect(await app.me.entities.lead.convert(withoutCompany.id)).toMatchObject({ accountId: null });
    expect(await counts()).toEqual([0, 1, 0]);
    const { id } = await makeLead();
    expect(await app.me.entities.lead.convert(id, { contact: null })).toMatchObject({ contactId: null });
    const rest = await makeLead();
    await expect(
      app.me.entities.lead.convert(rest.id, { contact: null, account: null }),
    ).rejects.toMatchObject({ code: "nothing-to-convert-to" });
    expect(await app.me.entities.lead.get(rest.id)).toMatchObject({ status: "new" });
  });

  test("takes activities and touchpoints along, and keeps consent valid", async () => {
    const { id } = await makeLead();
    const call = await app.me.entities.activity.create({ kind: "call", subject: "Hello", leadId: id });
    await app.me.entities.lead.capture({ values: { email: person.email }, channel: "form" });
    const ask = { channel: "email", address: person.email, topic: "news" } as const;
    await app.me.service(consents).record({ ...ask, decision: "granted" });
    const { accountId, contactId } = await app.me.entities.lead.convert(id);
    expect(await app.me.entities.activity.get(call.id)).toMatchObject({ leadId: id, accountId, contactId });
    expect((await app.me.entities.touchpoint.find()).items).toMatchObject([{ leadId: id, contactId }]);
    expect(await app.me.service(consents).canSend(ask)).toMatchObject({ allowed: true });
  });

  test("leaves nothing when a later step fails", async () => {
    const { id } = await makeLead();
    const wrong = { contact: { id: crypto.randomUUID() }, opportunity: { name: "x" } };
    await expect(app.me.entities.lead.convert(id, wrong)).rejects.toMatchObject({ code: "not-found" });
    const owner = { ownerId: crypto.randomUUID() };
    await expect(app.me.entities.lead.convert(id, owner)).rejects.toMatchObject({
      code: "validation-failed",
    });
    expect(await counts()).toEqual([0, 0, 0]);
    expect(await app.me.entities.lead.get(id)).toMatchObject({ status: "new", version: 1 });
  });
});

describe("a converted lead", () => {
  test("cannot be changed", async () => {
    const { id } = await makeLead();
    await app.me.entities.lead.convert(id);
    await expect(app.me.entities.lead.update(id, { phone: "2" })).rejects.toMatchObject({
      code: "lead-already-converted",
      status: 409,
    });
  });

  test("comes about by the action alone", async () => {
    const { id } = await makeLead();
    for (const patch of [{ status: "converted" }, { convertedAt: app.me.now() }] as const) {
      await expect(app.me.entities.lead.update(id, patch)).rejects.toMatchObject({
        code: "lead-conversion-reserved",
      });
      await expect(app.me.entities.lead.create({ ...person, ...patch })).rejects.toMatchObject({
        code: "lead-conversion-reserved",
      });
    }
  });
});

test("a hook may veto the conversion", async () => {
  const NotYet = defineError("not-yet", { status: 409, title: "Not yet", detail: () => "Not yet." });
  const veto = definePlugin({
    name: "veto",
    version: "0.1.0",
    corm: "^0.1",
    requires: { leads: "^0.1" },
    setup: () => ({
      hooks: [
        beforeAction(convert, { name: "veto.small" }, ([call]) => {
          if (call?.input.account === undefined) throw NotYet({});
        }),
      ],
    }),
  });
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), leads(), veto()] });
  const { id } = await me.entities.lead.create(person);
  await expect(me.entities.lead.convert(id)).rejects.toMatchObject({ code: "not-yet" });
  expect(await me.entities.contact.count()).toBe(0);
  await me.entities.lead.convert(id, { account: {} });
  expect(await me.entities.contact.count()).toBe(1);
  await crm.stop();
});

test("without a plugin that keeps opportunities, asking for one is an error and converting works", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), leads()] });
  const { id } = await me.entities.lead.create(person);
  await expect(me.entities.lead.convert(id, { opportunity: { name: "x" } })).rejects.toMatchObject({
    code: "opportunities-unavailable",
    status: 422,
  });
  expect(await me.entities.lead.convert(id, { opportunity: null })).toMatchObject({ opportunityId: null });
  await crm.stop();
});

test("a lead is known by something, and its e-mail has one form", async () => {
  await expect(makeLead({ country: "UK" })).rejects.toMatchObject({ code: "lead-unidentified" });
  const { id } = await makeLead({ email: " Ada@Example.COM " });
  expect(await app.me.entities.lead.get(id)).toMatchObject({ email: "ada@example.com" });
  await expect(app.me.entities.lead.update(id, { email: null })).rejects.toMatchObject({
    code: "lead-unidentified",
  });
});
