import {
  contact,
  crmCore,
  definePlugin,
  defineRole,
  encrypted,
  extendEntity,
  sensitive,
  Type,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lead, leads } from "../src/index.js";

const rep = defineRole({
  name: "rep",
  entities: {
    lead: {
      ...{ create: "all", read: "all", update: "all" },
      fields: { score: "none", phone: "none", email: "masked" },
    },
    leadPool: { read: "all" },
    leadConversion: { read: "parent" },
    contact: { create: "all", read: "own" },
    account: { create: "all", read: "own" },
  },
  permissions: ["leadPool.browse", "lead.convert", "lead.capture"],
});
const wide = defineRole({
  ...rep,
  name: "wide",
  entities: { ...rep.entities, contact: { create: "all", read: "all", update: "all" } },
});
const numbers = definePlugin({
  name: "numbers",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1", leads: "^0.1" },
  setup: () => ({
    extends: {
      lead: extendEntity(lead, { fields: { ssn: Type.Optional(sensitive(Type.String({ maxLength: 20 }))) } }),
      contact: extendEntity(contact, {
        fields: { ssn: Type.Optional(sensitive(Type.String({ maxLength: 20 }))) },
      }),
    },
  }),
});

const make = () => createTestCrm({ plugins: [crmCore(), leads(), numbers()], roles: [rep, wide] });
let test: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  test = await make();
});
afterEach(() => test.crm.stop());
const asRep = () => {
  const id = test.me.newId();
  return test.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["rep"] }).entities;
};

it("a pool neither chooses nor orders by what a role hides", async () => {
  const { leadPool, lead: all } = test.me.entities;
  const pool = await leadPool.create({ name: "Sea" });
  const made = await all.createMany([
    { lastName: "Low", score: 1 },
    { lastName: "High", score: 99 },
  ]);
  await leadPool.put({ poolId: pool.id, leadIds: made.map(({ id }) => id) });
  const pools = asRep().leadPool;
  for (const input of [{ minScore: 50 }, { orderBy: "score" as const }])
    await expect(pools.browse(pool.id, input)).rejects.toMatchObject({ code: "unknown-field", status: 400 });
  const { items } = await pools.browse(pool.id, {});
  expect(items.map((item) => (item as { score?: unknown }).score)).toEqual([null, null]);
  expect((await leadPool.browse(pool.id, { minScore: 50 })).items).toMatchObject([{ lastName: "High" }]);
});

it("a trial of a conversion shows what its caller sees of the lead", async () => {
  const { lead: all, contact } = test.me.entities;
  await contact.create({ lastName: "Twin", phone: "+442071234567" });
  const { id } = await all.create({
    ...{ lastName: "Lovelace", phone: "+442071234567", email: "canary@example.com" },
  });
  const answer = await asRep().lead.convert(id, { dryRun: true });
  expect(JSON.stringify(answer)).not.toMatch(/canary|7123|example\.com/);
  expect(answer.preview?.matches.contacts).toEqual([]);
  const full = await test.me.entities.lead.convert(id, { dryRun: true });
  expect(full.preview).toMatchObject({ contact: { values: { phone: "+442071234567" } } });
});

it("a conversion moves nothing hidden to where its caller reads it", async () => {
  const { lead: all, contact: contacts } = test.me.entities;
  const phone = "+442071234567";
  const values = { lastName: "Lovelace", title: "Countess", phone, email: "canary@example.com", ssn: "123" };
  const { id } = await all.create(values);
  const rep = asRep();
  const answer = await rep.lead.convert(id, { account: null });
  expect(answer.leftOut).toEqual(["contact.email", "contact.phone"]);
  const made = await contacts.get(answer.contactId as string);
  // He reads no such number on either side: it goes along.
  expect(made).toMatchObject({
    lastName: "Lovelace",
    title: "Countess",
    ssn: "123",
    phone: null,
    email: null,
  });
  const second = await all.create({ ...values, email: "b@example.com" });
  const known = await contacts.create({ lastName: "Twin" });
  await test.crm
    .as({ actor: { kind: "user", id: test.me.newId() }, tenant: "test", roles: ["wide"] })
    .entities.lead.convert(second.id, { account: null, contact: { id: known.id } });
  expect(await contacts.get(known.id)).toMatchObject({
    title: "Countess",
    phone: null,
    email: null,
    ssn: "123",
  });
  await all.unconvert(second.id, {});
  expect(await contacts.get(known.id)).toMatchObject({ title: null, ssn: null });
  const [only] = await all.createMany([{ phone, company: "Canary Ltd" }]);
  const nameless = await rep.lead.convert(only?.id as string, { account: null });
  expect(await contacts.get(nameless.contactId as string)).toMatchObject({ lastName: "Canary Ltd" });
  const whole = await all.create({ ...values, email: "c@example.com" });
  const full = await all.convert(whole.id, {});
  expect(full.leftOut).toBeUndefined();
  expect(await contacts.get(full.contactId as string)).toMatchObject({
    email: "c@example.com",
    phone,
    ssn: "123",
  });
});

it("who sees a conversion does not see what it changed in other records", async () => {
  const { account, lead: all, leadConversion } = test.me.entities;
  const known = await account.create({ name: "Engines" });
  const { id } = await all.create({ lastName: "Lovelace", website: "https://canary.example.com" });
  await all.convert(id, { account: { id: known.id } });
  const [own] = (await leadConversion.find({ where: { leadId: id } })).items;
  expect(JSON.stringify(own)).toContain("canary");
  const reps = asRep().leadConversion;
  const [seen] = (await reps.find({ where: { leadId: id } })).items;
  expect(seen).toMatchObject({ leadId: id });
  expect(JSON.stringify(seen)).not.toContain("canary");
  expect(JSON.stringify(await reps.history(own!.id))).not.toContain("canary");
});

it("what was encrypted is encrypted in the books of a conversion, and comes back from them", async () => {
  const secrets = definePlugin({
    ...{ name: "secrets", version: "0.1.0", corm: "^0.1", requires: { crm: "^0.1", leads: "^0.1" } },
    setup: () => ({
      extends: {
        lead: extendEntity(lead, { fields: { taxId: Type.Optional(encrypted(Type.String())) } }),
        contact: extendEntity(contact, { fields: { taxId: Type.Optional(encrypted(Type.String())) } }),
      },
    }),
  });
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), leads(), secrets()] });
  try {
    const { contact: contacts, lead: all, leadConversion } = me.entities;
    const known = await contacts.create({ lastName: "Lovelace", taxId: "canary-one" });
    const { id } = await all.create({ lastName: "Lovelace", title: "Countess", taxId: "canary-two" });
    await all.convert(id, {
      ...{ account: null, contact: { id: known.id } },
      strategies: { contact: { taxId: "overwrite" } },
    });
    expect((await contacts.get(known.id)).taxId).toBe("canary-two");
    const [kept] = (await leadConversion.find({ where: { leadId: id } })).items;
    expect(kept?.contactChanges).toMatchObject({ title: { before: null, after: "Countess" } });
    expect(Object.keys(kept?.contactChanges ?? {})).toContain("taxId");
    expect(JSON.stringify([kept, await leadConversion.history(kept?.id as string)])).not.toContain("canary");
    expect((await all.unconvert(id, {})).kept).toEqual([]);
    expect(await contacts.get(known.id)).toMatchObject({ taxId: "canary-one", title: null });
  } finally {
    await crm.stop();
  }
});

it("capture writes no sensitive field that its caller does not see", async () => {
  const touch = { channel: "list" };
  const person = { lastName: "Hopper", email: "grace@example.com" };
  const leadsOf = asRep().lead;
  await expect(leadsOf.capture({ values: { ...person, ssn: "1" }, ...touch })).rejects.toMatchObject({
    code: "unknown-field",
  });
  await expect(leadsOf.captureMany({ people: [{ ...person, ssn: "1" }], ...touch })).rejects.toMatchObject({
    code: "unknown-field",
  });
  expect(await test.me.entities.lead.count()).toBe(0);
  expect((await leadsOf.capture({ values: person, ...touch })).created).toBe(true);
  const trusted = { values: { ...person, email: "b@example.com", ssn: "2" }, ...touch };
  expect((await test.me.entities.lead.capture(trusted)).created).toBe(true);
});

it("a pool takes no lead that its caller only reads", async () => {
  const { leadPool, lead: all, user } = test.me.entities;
  const pool = await leadPool.create({ name: "Sea" });
  const [ann, bob] = await user.createMany([{ name: "Ann" }, { name: "Bob" }]);
  const [hers, his] = await all.createMany([
    { lastName: "Hers", ownerId: ann?.id as string },
    { lastName: "His", ownerId: bob?.id as string },
  ]);
  const as = (read: "all" | "own") =>
    test.crm.as({
      ...{ actor: { kind: "user", id: bob?.id as string }, tenant: "test" },
      roles: [
        {
          ...{ name: "putter", label: "Putter", permissions: ["leadPool.put"] },
          entities: { lead: { read, update: "own" }, leadPool: { read: "all" } },
        },
      ],
    }).entities.leadPool;
  const both = { poolId: pool.id, leadIds: [his?.id as string, hers?.id as string] };
  await expect(as("all").put(both)).rejects.toMatchObject({ code: "forbidden", status: 403 });
  await expect(as("own").put(both)).rejects.toMatchObject({ code: "not-found", status: 404 });
  expect(await all.count({ poolId: pool.id })).toBe(0);
  await as("own").put({ poolId: pool.id, leadIds: [his?.id as string] });
  expect(await all.get(hers?.id as string)).toMatchObject({ ownerId: ann?.id, poolId: null });
  expect(await all.get(his?.id as string)).toMatchObject({ ownerId: null, poolId: pool.id });
});
