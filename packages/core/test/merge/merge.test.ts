import {
  account,
  activity,
  type Contact,
  consent,
  consents,
  contact,
  contactPoint,
  crmCore,
  defineEntity,
  definePersonalData,
  definePlugin,
  defineRole,
  encrypted,
  eraseSubject,
  exportSubject,
  extendEntity,
  note,
  reference,
  user,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mergeStep } from "../../src/crm/entities/record-merge.js";
import { stored } from "../abuse/support/written.js";

/** One membership of a person for each club, with entries of its own. */
const membership = defineEntity("membership", {
  fields: {
    contactId: reference(contact, { onDelete: "cascade" }),
    club: Type.String(),
  },
  unique: [["contactId", "club"]],
});
const entry = defineEntity("membershipEntry", {
  plural: "membershipEntries",
  fields: { membershipId: reference(membership, { onDelete: "cascade" }), points: Type.Integer() },
});
const clubs = definePlugin({
  name: "clubs",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { membership, membershipEntry: entry },
    privacy: [
      definePersonalData(membership, { by: ["contactId"], erase: "delete" }),
      definePersonalData(entry, { by: ["membershipId"], erase: "delete" }),
    ],
  }),
});
const seller = defineRole({
  name: "seller",
  permissions: ["contact.merge"],
  entities: { contact: { read: "own", update: "own", delete: "own", create: "own" } },
});

const make = () => createTestCrm({ plugins: [crmCore(), clubs()], roles: [seller] });
let app: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  app = await make();
});
afterEach(() => app.crm.stop());
const contacts = () => app.me.entities.contact;

async function twins(): Promise<{ ada: Contact; augusta: Contact }> {
  const ada = await contacts().create({
    firstName: "Ada",
    lastName: "Lovelace",
    email: "ada@example.com",
    city: "London",
  });
  app.clock.advance({ minutes: 1 });
  const augusta = await contacts().create({
    lastName: "Lovelace",
    title: "Countess",
    email: "augusta@example.com",
    phone: "+442071234567",
    street: "12 St James's Square",
    externalId: "x-7",
  });
  return { ada, augusta };
}

test("fills what is empty, keeps what is there, and tells before what it will do", async () => {
  const { ada, augusta } = await twins();
  const request = { survivorId: ada.id, ids: [ada.id, augusta.id] };
  await app.me.repo(activity).create({ kind: "call", subject: "Hello", contactId: augusta.id });
  const plan = await contacts().planMerge(request);
  expect(plan.moved).toEqual([{ entity: "activity", field: "contactId", count: 1 }]);
  const fields = Object.fromEntries(plan.fields.map(({ field, from, value }) => [field, [from, value]]));
  expect(fields).toMatchObject({
    email: [ada.id, "ada@example.com"],
    title: [augusta.id, "Countess"],
    phone: [augusta.id, "+442071234567"],
    externalId: [augusta.id, "x-7"],
  });
  // An address is one record's, and not pieced together.
  expect(fields["street"]).toEqual([ada.id, null]);
  const merged = await contacts().merge({
    ...request,
    versions: plan.versions,
    fields: { firstName: { value: "Augusta Ada" } },
  });
  expect(merged.moved).toEqual([{ entity: "activity", field: "contactId", count: 1 }]);
  expect(await contacts().get(ada.id)).toMatchObject({
    firstName: "Augusta Ada",
    title: "Countess",
    email: "ada@example.com",
    city: "London",
    street: null,
    externalId: "x-7",
  });
  const { items } = await app.me.repo(contactPoint).find();
  expect(items).toMatchObject([{ kind: "email", value: "augusta@example.com", contactId: ada.id }]);
  expect(await contacts().count()).toBe(1);
});

test("the old id answers with the survivor for ever, over several merges", async () => {
  const { ada, augusta } = await twins();
  const third = await contacts().create({ lastName: "Byron" });
  await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  await contacts().merge({ survivorId: third.id, ids: [ada.id] });
  for (const id of [ada.id, augusta.id]) expect((await contacts().get(id)).id).toBe(third.id);
  await contacts().purge(ada.id);
  await contacts().purge(augusta.id);
  expect((await contacts().get(augusta.id)).id).toBe(third.id);
  await expect(contacts().get(app.me.newId())).rejects.toMatchObject({ code: "not-found" });
});

test("what there can be one of is merged itself, with what hangs on it", async () => {
  const { ada, augusta } = await twins();
  const [one, two] = await app.me.repo(membership).createMany([
    { contactId: ada.id, club: "chess" },
    { contactId: augusta.id, club: "chess" },
  ]);
  const other = await app.me.repo(membership).create({ contactId: augusta.id, club: "whist" });
  await app.me.repo(entry).createMany([
    { membershipId: one!.id, points: 5 },
    { membershipId: two!.id, points: 7 },
  ]);
  const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  const { items } = await app.me.repo(membership).find({ orderBy: ["club"] });
  expect(items.map(({ id, contactId }) => [id, contactId])).toEqual([
    [one!.id, ada.id],
    [other.id, ada.id],
  ]);
  const sum = { measures: { points: { sum: "points" } } } as const;
  expect(await app.me.repo(entry).aggregate({ where: { membershipId: one!.id }, ...sum })).toEqual([
    { points: 12 },
  ]);
  await contacts().unmerge({ mergeId });
  expect(await app.me.repo(entry).count({ membershipId: two!.id })).toBe(1);
  expect(await app.me.repo(membership).count({ contactId: augusta.id })).toBe(2);
});

test("accounts: children, notes, shares, and nobody becomes his own parent", async () => {
  const accounts = app.me.entities.account;
  const root = await accounts.create({ name: "Root" });
  const loser = await accounts.create({ name: "Acme Ltd", parentId: root.id });
  const survivor = await accounts.create({ name: "Acme", parentId: loser.id });
  const child = await accounts.create({ name: "Acme North", parentId: loser.id });
  const person = await contacts().create({ lastName: "Hopper", accountId: loser.id });
  await app.me.repo(note).create({ entity: "account", recordId: loser.id, body: "Pays late" } as never);
  const { mergeId } = await accounts.merge({ survivorId: survivor.id, ids: [loser.id] });
  expect(await accounts.get(survivor.id)).toMatchObject({ parentId: root.id });
  expect((await accounts.get(child.id)).parentId).toBe(survivor.id);
  // The tree is spelt out anew: whoever was below the merged one is below the survivor.
  const below = async (id: string) =>
    (await accounts.find({ where: { id: { descendantOf: id } } })).items.map((row) => row.name).sort();
  expect([await below(root.id), await below(survivor.id)]).toEqual([["Acme", "Acme North"], ["Acme North"]]);
  expect((await contacts().get(person.id)).accountId).toBe(survivor.id);
  expect(await app.me.repo(note).count({ recordId: survivor.id })).toBe(1);
  await accounts.unmerge({ mergeId });
  expect((await accounts.get(survivor.id)).parentId).toBe(loser.id);
  expect((await accounts.get(child.id)).parentId).toBe(loser.id);
  expect(await app.me.repo(note).count({ recordId: loser.id })).toBe(1);
  expect([await below(loser.id), await below(survivor.id)]).toEqual([["Acme", "Acme North"], []]);
});

test("who has said no under one address is not written to under another", async () => {
  const { ada, augusta } = await twins();
  const ledger = app.me.service(consents);
  await ledger.record({
    channel: "email",
    address: "ada@example.com",
    topic: "news",
    decision: "granted",
    contactId: ada.id,
  });
  await ledger.record({
    channel: "email",
    address: "augusta@example.com",
    topic: "news",
    decision: "withdrawn",
    contactId: augusta.id,
  });
  const canSend = async (address: string) =>
    (await ledger.canSend({ channel: "email", address, topic: "news" })).allowed;
  expect(await canSend("ada@example.com")).toBe(true);
  const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  expect(await canSend("ada@example.com")).toBe(false);
  expect(await canSend("augusta@example.com")).toBe(false);
  await contacts().unmerge({ mergeId });
  expect(await canSend("ada@example.com")).toBe(true);
  expect(await app.me.repo(consent).count()).toBe(2);
});

test("a further address has its say like any other: what it has said no to, all have", async () => {
  const { ada, augusta } = await twins();
  await app.me.repo(contactPoint).create({ kind: "email", value: "old@example.com", contactId: augusta.id });
  const ledger = app.me.service(consents);
  const say = (address: string, topic: string, decision: "granted" | "withdrawn") =>
    ledger.record({ channel: "email", address, topic, decision });
  await say("ada@example.com", "news", "granted");
  await say("old@example.com", "news", "withdrawn");
  await say("old@example.com", "fairs", "granted");
  await say("ada@example.com", "fairs", "withdrawn");
  const canSend = async (address: string, topic: string) =>
    (await ledger.canSend({ channel: "email", address, topic })).allowed;
  const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  expect(await canSend("ada@example.com", "news")).toBe(false);
  expect(await canSend("old@example.com", "fairs")).toBe(false);
  await contacts().unmerge({ mergeId });
  expect(await canSend("ada@example.com", "news")).toBe(true);
  expect(await canSend("old@example.com", "fairs")).toBe(true);
});

test("one that was taken out of the recycle bin can be merged again, and that merge comes first to be taken back", async () => {
  const ada = await contacts().create({ lastName: "Lovelace" });
  const augusta = await contacts().create({ lastName: "King" });
  const other = await contacts().create({ lastName: "Other" });
  const first = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  await contacts().restore(augusta.id);
  expect((await contacts().get(augusta.id)).id).toBe(augusta.id);
  const second = await contacts().merge({ survivorId: other.id, ids: [augusta.id] });
  expect((await contacts().get(augusta.id)).id).toBe(other.id);
  await expect(contacts().unmerge({ mergeId: first.mergeId })).rejects.toMatchObject({
    code: "merge-not-undoable",
    message: expect.stringContaining("merged once more"),
  });
  await contacts().unmerge({ mergeId: second.mergeId });
  expect((await contacts().get(augusta.id)).id).toBe(augusta.id);
  await contacts().unmerge({ mergeId: first.mergeId });
  expect((await contacts().get(augusta.id)).id).toBe(augusta.id);
});

test("who was merged is the same person: exported and erased with him, by whichever id", async () => {
  for (const by of ["survivor", "loser"]) {
    const ada = await contacts().create({ lastName: "Lovelace", email: `ada.${by}@example.com` });
    const king = await contacts().create({
      lastName: "King",
      email: `king.${by}@example.com`,
      title: "Countess",
    });
    const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [king.id] });
    const person = { entity: "contact", id: by === "survivor" ? ada.id : king.id };
    let told = "";
    for await (const line of exportSubject(app.me, person)) told += line;
    for (const value of [ada.id, king.id, `king.${by}@example.com`, "Countess"])
      expect(told).toContain(value);
    const { persons } = await eraseSubject(app.me, person);
    expect([...(persons["contact"] ?? [])].sort()).toEqual([ada.id, king.id].sort());
    const system = app.crm.system({ tenant: "test", reason: "what is left" });
    const ids = { in: [ada.id, king.id] };
    const { items } = await system.repo(contact).find({ where: { id: ids }, withDeleted: true });
    expect(items).toEqual([]);
    expect(await system.repo(mergeStep).count({ recordId: ids })).toBe(0);
    await expect(contacts().unmerge({ mergeId })).rejects.toMatchObject({ code: "not-found" });
  }
});

describe("access", () => {
  test("B20 one of another's record keeps the merge from happening, and nothing of it is told", async () => {
    const id = app.me.newId();
    const user = await app.me.entities.user.create({ name: "Sam" } as never);
    const sam = app.crm.as({ actor: { kind: "user", id: user.id }, tenant: "test", roles: ["seller"] });
    const own = await sam.entities.contact.create({ lastName: "Own" });
    const foreign = await contacts().create({ lastName: "Secret" });
    const before = await stored(app.crm);
    for (const ids of [[foreign.id], [id]]) {
      const failed = await sam.entities.contact.merge({ survivorId: own.id, ids }).catch((error) => error);
      expect(failed).toMatchObject({ code: "not-found" });
      expect(JSON.stringify(failed)).not.toContain("Secret");
      await expect(sam.entities.contact.planMerge({ survivorId: own.id, ids })).rejects.toThrow(
        /There is no/,
      );
    }
    expect(await stored(app.crm)).toBe(before);
  });

  test("of another tenant there is nothing", async () => {
    const { ada } = await twins();
    const stranger = await app.inTenant("other").entities.contact.create({ lastName: "Other" });
    await expect(contacts().merge({ survivorId: ada.id, ids: [stranger.id] })).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("what somebody chooses is held against his own rights", () => {
  const chooser = defineRole({
    name: "chooser",
    permissions: ["contact.merge"],
    entities: {
      account: { read: "own" },
      activity: { read: "own" },
      user: { read: "all" },
      contact: { read: "own", update: "own", delete: "own" },
    },
  });

  async function asChooser() {
    const opened = await createTestCrm({ plugins: [crmCore(), clubs()], roles: [chooser] });
    const { me, crm } = opened;
    const [own, other] = await me.repo(user).createMany([{ name: "Own" }, { name: "Other" }]);
    const [a, b] = await me.entities.contact.createMany([
      { lastName: "Hopper", ownerId: own!.id },
      { lastName: "Hopper", ownerId: own!.id },
    ]);
    const rep = crm.as({ actor: { kind: "user", id: own!.id }, tenant: me.tenant, roles: ["chooser"] });
    const merge = (fields: object) =>
      rep.entities.contact.merge({ survivorId: a!.id, ids: [b!.id], fields } as never);
    return { ...opened, rep, other: other!, a: a!, b: b!, merge };
  }

  test("a record that he does not see is not named by it", async () => {
    const { me, crm, merge, a } = await asChooser();
    const hidden = await me.repo(account).create({ name: "Hidden" });
    const of = (accountId: string) => merge({ accountId: { value: accountId } }).catch((error) => error);
    const nowhere = "018f0000-0000-7000-8000-000000000000";
    const [seen, none] = [await of(hidden.id), await of(nowhere)];
    expect(seen).toMatchObject({ code: "validation-failed" });
    expect(seen.issues).toEqual(JSON.parse(JSON.stringify(none.issues).replaceAll(nowhere, hidden.id)));
    expect(await me.entities.contact.get(a.id)).toMatchObject({ accountId: null, version: 1 });
    expect(await me.entities.contact.count()).toBe(2);
    await crm.stop();
  });

  test("another owner takes the right to transfer", async () => {
    const { me, crm, merge, other, a } = await asChooser();
    await expect(merge({ ownerId: { value: other.id } })).rejects.toMatchObject({ status: 403 });
    expect(await me.entities.contact.get(a.id)).toMatchObject({ ownerId: a.ownerId, version: 1 });
    expect(await me.entities.contact.count()).toBe(2);
    await crm.stop();
  });

  test("he is told of what moves, and of what stays, as far as he sees it", async () => {
    const { me, crm, merge, rep, b } = await asChooser();
    const hidden = await me.repo(activity).create({ kind: "call", subject: "Secret", contactId: b.id });
    const { moved, mergeId } = await merge({});
    expect(moved).toEqual([]);
    await me.repo(activity).update(hidden.id, { contactId: null });
    expect((await rep.entities.contact.unmerge({ mergeId })).kept).toEqual([]);
    await crm.stop();
  });
});

test("a record that has moved on since the plan is not merged", async () => {
  const { ada, augusta } = await twins();
  const { versions } = await contacts().planMerge({ survivorId: ada.id, ids: [augusta.id] });
  await contacts().update(augusta.id, { title: "Lady" });
  const late = contacts().merge({ survivorId: ada.id, ids: [augusta.id], versions });
  await expect(late).rejects.toMatchObject({ code: "version-conflict" });
  expect(await contacts().count()).toBe(2);
});

test("what was changed since stays, and what cannot be undone says why", async () => {
  const { ada, augusta } = await twins();
  const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  await contacts().update(ada.id, { title: "Lady" });
  const { kept, restoredIds } = await contacts().unmerge({ mergeId });
  expect(kept).toEqual([{ entity: "contact", id: ada.id, field: "title" }]);
  expect(restoredIds).toEqual([augusta.id]);
  expect(await contacts().get(ada.id)).toMatchObject({ title: "Lady", phone: null });
  await expect(contacts().unmerge({ mergeId })).rejects.toMatchObject({ code: "merge-not-undoable" });
  const again = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  app.clock.advance({ days: 31 });
  await expect(contacts().unmerge({ mergeId: again.mergeId })).rejects.toThrow(/possible until/);
});

test("the event lists what moved", async () => {
  const { ada, augusta } = await twins();
  await app.me.repo(activity).create({ kind: "call", subject: "Hello", contactId: augusta.id });
  const { mergeId } = await contacts().merge({ survivorId: ada.id, ids: [augusta.id] });
  const { items } = await app.me.changes({ limit: 500 } as never);
  const event = items.find((item) => (item as { event?: string }).event === "record.merged");
  expect(event).toMatchObject({
    payload: {
      mergeId,
      entity: "contact",
      survivorId: ada.id,
      loserIds: [augusta.id],
      moved: [{ entity: "activity", field: "contactId", count: 1 }],
    },
  });
});

test("an account of thousands of contacts is merged in batches", async () => {
  const accounts = app.me.entities.account;
  const [survivor, loser] = await accounts.createMany([{ name: "A" }, { name: "B" }]);
  await contacts().createMany(
    Array.from({ length: 1200 }, (_, i) => ({ lastName: `P${i}`, accountId: loser!.id })),
  );
  const { moved, mergeId } = await accounts.merge({ survivorId: survivor!.id, ids: [loser!.id] });
  expect(moved).toEqual([{ entity: "contact", field: "accountId", count: 1200 }]);
  await accounts.unmerge({ mergeId });
  expect(await contacts().count({ accountId: loser!.id })).toBe(1200);
  expect(await app.me.repo(account).count()).toBe(2);
});

test("what was encrypted is encrypted in the books of a merge, and comes back from them", async () => {
  const secrets = definePlugin({
    name: "secrets",
    version: "0.1.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({
      extends: {
        contact: extendEntity(contact, { fields: { taxId: Type.Optional(encrypted(Type.String())) } }),
      },
    }),
  });
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), secrets()] });
  try {
    const [one, two] = await me.entities.contact.createMany([
      { lastName: "Hopper", taxId: "canary-one" },
      { lastName: "Hopper", taxId: "canary-two" },
    ]);
    const [survivorId, loser] = [one?.id as string, two?.id as string];
    const { mergeId } = await me.entities.contact.merge({
      survivorId,
      ids: [loser],
      fields: { taxId: { from: loser } },
    });
    expect((await me.entities.contact.get(survivorId)).taxId).toBe("canary-two");
    const system = me.asSystem({ reason: "test" });
    const steps = (await system.repo(mergeStep).find({ where: { mergeId } })).items;
    expect(steps.filter(({ field }) => field === "taxId")).toHaveLength(1);
    expect(JSON.stringify(steps)).not.toContain("canary");
    await me.entities.contact.unmerge({ mergeId });
    expect((await me.entities.contact.get(survivorId)).taxId).toBe("canary-one");
    expect((await me.entities.contact.get(loser)).taxId).toBe("canary-two");
  } finally {
    await crm.stop();
  }
});
