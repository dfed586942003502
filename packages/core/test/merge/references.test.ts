import {
  account,
  accountContact,
  activity,
  before,
  contact,
  crmCore,
  defineEntity,
  definePersonalData,
  definePlugin,
  defineRole,
  importFile,
  issueApiKey,
  note,
  reference,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import Type from "typebox";
import { expect, test } from "vitest";
import { onDatabases } from "../support/apps.js";

/** One for each person: found by it in an upsert. */
const badge = defineEntity("badge", {
  fields: { contactId: reference(contact, { onDelete: "cascade" }), color: Type.String() },
  unique: [["contactId"]],
});
/** Accounts that a hook before writes has seen named. */
const seen: unknown[] = [];
const badges = definePlugin({
  name: "badges",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { badge },
    privacy: [definePersonalData(badge, { by: ["contactId"], erase: "delete" })],
    hooks: [
      before(contact, "create", { name: "badges.look" }, (batch) => {
        for (const { input } of batch) seen.push(input.accountId);
      }),
    ],
  }),
});
const seller = defineRole({
  name: "seller",
  permissions: [],
  entities: {
    account: { read: "own" },
    contact: { read: "own", create: "own", update: "own" },
    user: { read: "all" },
    activity: { read: "all", create: "all" },
  },
});
const text = (csv: string) => [Buffer.from(csv)] as unknown as AsyncIterable<Uint8Array>;

onDatabases({ plugins: [crmCore(), badges()], roles: [seller] }, (app) => {
  async function merged() {
    const me = app().fresh();
    const [old, first, second] = await me
      .repo(contact)
      .createMany([{ lastName: "Old" }, { lastName: "First" }, { lastName: "Second" }]);
    const ids = { old: old?.id as string, first: first?.id as string, survivor: second?.id as string };
    // Twice: the id of a record that was merged into one that was merged.
    await me.entities.contact.merge({ survivorId: ids.first, ids: [ids.old] });
    await me.entities.contact.merge({ survivorId: ids.survivor, ids: [ids.first] });
    return { me, ...ids };
  }

  test("a reference to a merged record names the survivor, in whatever way it is written", async () => {
    const { me, old, first, survivor } = await merged();
    const call = { kind: "call", subject: "Hello" } as const;
    const one = await me.repo(activity).create({ ...call, contactId: old });
    expect(one.contactId).toBe(survivor);
    const many = await me
      .repo(activity)
      .createMany([
        { ...call, contactId: old.toUpperCase() },
        { ...call, contactId: survivor },
        { ...call, contactId: first },
        call,
      ]);
    expect(many.map(({ contactId }) => contactId)).toEqual([survivor, survivor, survivor, null]);
    const changed = await me.repo(activity).update(many[3]?.id as string, { contactId: old });
    expect(changed).toMatchObject({ contactId: survivor, version: 2 });
    // It is the one that the record names already.
    expect(await me.repo(activity).update(one.id, { contactId: first })).toMatchObject({ version: 1 });
    const hung = await me.repo(note).create({ entity: "contact", recordId: old, body: "Hangs on it" });
    expect(hung.recordId).toBe(survivor);
    const moved = await me.repo(note).update(hung.id, { recordId: first });
    expect(moved).toMatchObject({ recordId: survivor, version: 1 });
    expect(await me.repo(activity).count({ contactId: survivor })).toBe(5);
  });

  test("the key of an upsert, and what must not change, may name it by its old id", async () => {
    const { me, old, survivor } = await merged();
    const mine = await me.repo(badge).create({ contactId: survivor, color: "red" });
    const [again] = await me.repo(badge).upsertMany([{ contactId: old, color: "blue" }], ["contactId"]);
    expect(again).toMatchObject({ id: mine.id, contactId: survivor, color: "blue" });
    const firm = await me.repo(account).create({ name: "Firm" });
    const role = await me.repo(accountContact).create({ accountId: firm.id, contactId: old });
    expect(role.contactId).toBe(survivor);
    const kept = await me.repo(accountContact).update(role.id, { contactId: old, until: "2026-02-01" });
    expect(kept).toMatchObject({ contactId: survivor, version: 2 });
  });

  test("hooks before a write see the survivor", async () => {
    const me = app().fresh();
    const [kept, gone] = await me.repo(account).createMany([{ name: "Kept" }, { name: "Gone" }]);
    await me.entities.account.merge({ survivorId: kept?.id as string, ids: [gone?.id as string] });
    seen.length = 0;
    const made = await me.repo(contact).create({ lastName: "Late", accountId: gone?.id as string });
    expect(made.accountId).toBe(kept?.id);
    expect(seen).toEqual([kept?.id]);
  });

  test("imports name it by its old id", async () => {
    const { me, old, survivor } = await merged();
    const csv = `kind,subject,contactId\ncall,Hello,${old}\ncall,Again,${survivor}\n`;
    const status = await importFile(me, activity, text(csv), { format: "csv" });
    expect(status).toMatchObject({ accepted: 2, rejected: 0 });
    expect(await me.repo(activity).count({ contactId: survivor })).toBe(2);
    const titles = `id,title\n${old},Countess\n`;
    const byId = { format: "csv", mode: "update", on: ["id"] } as const;
    expect(await importFile(me, contact, text(titles), byId)).toMatchObject({ accepted: 1, rejected: 0 });
    expect((await me.repo(contact).get(survivor)).title).toBe("Countess");
  });

  test("a request names it by its old id", async () => {
    const { me, crm } = app();
    const [kept, gone] = await me.repo(contact).createMany([{ lastName: "Kept" }, { lastName: "Gone" }]);
    await me.entities.contact.merge({ survivorId: kept?.id as string, ids: [gone?.id as string] });
    const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
    const answer = await createHttp(crm).request("/api/activities", {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ kind: "call", subject: "Over HTTP", contactId: gone?.id }),
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ contactId: kept?.id });
  });

  test("who does not see the survivor finds nothing by the old id either", async () => {
    const { me, old } = await merged();
    const sam = app().crm.as({
      actor: { kind: "user", id: "01890000-0000-7000-8000-000000000001" },
      tenant: me.tenant,
      roles: ["seller"],
    });
    const saved = sam.repo(activity).create({ kind: "call", subject: "Hello", contactId: old });
    await expect(saved).rejects.toMatchObject({
      code: "validation-failed",
      issues: [{ pointer: "/contactId", code: "reference-not-found", message: `there is no contact ${old}` }],
    });
    await expect(
      me.repo(activity).create({ kind: "call", subject: "Hello", contactId: crypto.randomUUID() }),
    ).rejects.toMatchObject({ issues: [{ code: "reference-not-found" }] });
  });

  test("who does not see the survivor is told nothing of it by the old id", async () => {
    const { me, old } = await merged();
    const identity = {
      actor: { kind: "user", id: "01890000-0000-7000-8000-000000000001" },
      tenant: me.tenant,
      roles: ["seller"],
    } as const;
    const http = createHttp(app().crm, { authenticate: () => identity });
    for (const rest of ["", "/timeline", "/profile", "/history", "?include=account"]) {
      const answer = await http.request(`/api/contacts/${old}${rest}`);
      const problem = { status: 404, code: "not-found", detail: `There is no contact ${old}.` };
      expect(await answer.json(), rest).toMatchObject(problem);
    }
  });

  test("merged records are looked up where an id is not found, and only there", async () => {
    const { me, old, survivor } = await merged();
    const call = { kind: "call", subject: "Hello" } as const;
    const { log } = app();
    const reads = () => log.of("findMany").map(({ table }) => table);
    log.clear();
    await me.repo(activity).createMany([
      { ...call, contactId: survivor },
      { ...call, contactId: survivor },
    ]);
    expect(reads()).not.toContain("merged_record");
    expect(reads().filter((table) => table === "contact")).toHaveLength(1);
    log.clear();
    await me.repo(activity).createMany([
      { ...call, contactId: survivor },
      { ...call, contactId: old },
    ]);
    expect(reads().filter((table) => table === "merged_record")).toHaveLength(1);
    expect(reads().filter((table) => table === "contact").length).toBeLessThanOrEqual(2);
  });
});
