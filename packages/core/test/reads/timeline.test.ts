import {
  account,
  activity,
  consent,
  contact,
  crmCore,
  defineEntity,
  definePlugin,
  defineRole,
  defineTimelineSource,
  grant,
  reference,
  type TimelineEntry,
  touchpoint,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { startApi } from "../http/support/start.js";
import { onDatabases } from "../support/apps.js";

const day = (n: number) => `2026-01-${String(n).padStart(2, "0")}T08:00:00.000Z`;

const read = { read: "all" } as const;
/** Each sees a part of the sources. */
const roles = [
  // Not the contacts over which touchpoints lead to an account.
  defineRole({ name: "between", entities: { ...grant(account, read), ...grant(touchpoint, read) } }),
  // Not what says which activities are open.
  defineRole({
    name: "condition",
    entities: { ...grant(contact, read), ...grant(activity, { ...read, fields: { dueAt: "none" } }) },
  }),
  // Not the reference itself, nor when it was.
  defineRole({
    name: "reference",
    entities: {
      ...grant(contact, read),
      ...grant(touchpoint, { ...read, fields: { contactId: "none" } }),
      ...grant(consent, { ...read, fields: { decidedAt: "masked" } }),
    },
  }),
];

onDatabases({ plugins: [crmCore()], roles }, (app) => {
  const filled = async () => {
    const me = app().fresh();
    const account = await me.entities.account.create({ name: "Acme" });
    const contact = await me.entities.contact.create({ lastName: "Ada", accountId: account.id });
    const other = await me.entities.contact.create({ lastName: "Eve" });
    await me.entities.activity.createMany([
      {
        kind: "call",
        subject: "done",
        doneAt: day(3),
        dueAt: day(9),
        contactId: contact.id,
        accountId: account.id,
      },
      { kind: "task", subject: "due", dueAt: day(7), contactId: contact.id },
      { kind: "note", subject: "written", contactId: contact.id },
      { kind: "note", subject: "of another", contactId: other.id },
    ]);
    await me.entities.touchpoint.createMany([
      { channel: "form", source: "home", capturedAt: day(3), contactId: contact.id },
      { channel: "email", capturedAt: day(3), contactId: contact.id },
      { channel: "phone", capturedAt: day(1), contactId: contact.id },
    ]);
    const ledger = { channel: "email", address: "a@b.example", topic: "*", decision: "granted" } as const;
    await me.entities.consent.create({ ...ledger, decidedAt: day(3), contactId: contact.id });
    return { me, contact, account };
  };
  const titles = (items: readonly TimelineEntry[]) =>
    items.map(({ at, title }) => `${at.slice(8, 10)} ${title}`);

  it("brings everything that happened around a record, newest first, each once", async () => {
    const { me, contact, account } = await filled();
    const { items, next } = await me.entities.contact.timeline(contact.id);
    expect(next).toBeNull();
    expect(titles(items).filter((line) => !line.startsWith("03"))).toEqual([
      "07 due",
      "05 written",
      "01 phone",
    ]);
    expect(titles(items.slice(2, 6)).sort()).toEqual([
      "03 done",
      "03 email",
      "03 email granted *",
      "03 form home",
    ]);
    expect(items[0]).toMatchObject({
      kind: "activity",
      entity: "activity",
      actor: null,
      data: { kind: "task" },
    });
    const ofAccount = await me.entities.account.timeline(account.id);
    expect(titles(ofAccount.items)).toContain("01 phone");
    expect(titles(ofAccount.items).filter((line) => line === "03 done")).toEqual(["03 done"]);
  });

  it("pages without gaps or repeats, also among entries of one instant, one query per source", async () => {
    const { me, contact } = await filled();
    const whole = (await me.entities.contact.timeline(contact.id)).items;
    expect(whole.length).toBe(7);
    for (const limit of [1, 2, 3, 5, 7]) {
      const seen: TimelineEntry[] = [];
      let after: string | null = null;
      do {
        app().log.clear();
        const page: { items: TimelineEntry[]; next: string | null } = await me.entities.contact.timeline(
          contact.id,
          {
            limit,
            after,
          },
        );
        expect(app().log.of("findMany").length).toBe(8);
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.items);
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual(whole);
    }
  });

  it("leaves out what leads over something hidden, and shows the rest", async () => {
    const { me, contact, account } = await filled();
    const as = (role: string) => app().crm.as({ actor: me.actor, tenant: me.tenant, roles: [role] }).entities;
    expect((await as("between").account.timeline(account.id)).items).toEqual([]);
    const done = await as("condition").contact.timeline(contact.id, { limit: 1 });
    expect([titles(done.items), done.next]).toEqual([["03 done"], null]);
    expect((await as("reference").contact.timeline(contact.id)).items).toEqual([]);
  });

  it("shows nothing of others, and takes no cursor of another timeline", async () => {
    const { me, contact, account } = await filled();
    const stranger = app().fresh();
    await expect(stranger.entities.contact.timeline(contact.id)).rejects.toMatchObject({ code: "not-found" });
    const { next } = await me.entities.contact.timeline(contact.id, { limit: 1 });
    const elsewhere = me.entities.account.timeline(account.id, { after: next });
    await expect(elsewhere).rejects.toMatchObject({ code: "invalid-cursor" });
    await me.entities.contact.delete(contact.id);
    await expect(me.entities.contact.timeline(contact.id)).rejects.toMatchObject({ code: "not-found" });
  });
});

it("is served over HTTP for every entity", async () => {
  const api = await startApi();
  const { id } = await api.me.entities.contact.create({ lastName: "Ada" });
  await api.me.entities.activity.create({ kind: "note", subject: "hello", contactId: id });
  await api.me.entities.touchpoint.create({ channel: "form", capturedAt: day(1), contactId: id });
  const first = await api.call("GET", `/api/contacts/${id}/timeline?limit=1`);
  expect(first.body).toMatchObject({ data: [{ title: "hello" }], page: { limit: 1 } });
  const { next } = first.body["page"] as { next: string };
  const second = await api.call(
    "GET",
    `/api/contacts/${id}/timeline?limit=1&after=${encodeURIComponent(next)}`,
  );
  expect(second.body).toMatchObject({ data: [{ title: "form" }], page: { next: null } });
  const { id: parcel } = await api.me.entities.parcel.create({ code: "T1" });
  expect((await api.call("GET", `/api/parcels/${parcel}/timeline`)).body["data"]).toEqual([]);
  await api.fails(404, "not-found", "GET", `/api/contacts/${id}/timeline`, { key: api.foreignKey });
  await api.fails(400, "unknown-parameter", "GET", `/api/contacts/${id}/timeline?sort=at`);
  await api.crm.stop();
});

describe("a source that does not fit", () => {
  const pin = defineEntity("pin", {
    fields: { name: Type.String(), boardId: Type.Optional(reference("account")) },
  });
  const common = {
    on: { name: "account" },
    entity: pin,
    reference: "boardId",
    at: "createdAt",
    title: ["name"],
  } as const;
  it.each([
    [{ ...common, on: { name: "board" } }, /entity "board", which no plugin declares/],
    [{ ...common, on: { name: "contact" } }, /"pin.boardId", which is not a reference to contact/],
    [{ ...common, reference: "board.id" }, /"pin.board", which leads to no single record/],
    [{ ...common, at: "name" }, /"name", which is no instant/],
    [{ ...common, title: ["nme"] as never }, /"pin.nme", which does not exist/],
  ] as const)("is refused at the start: %#", async (options, message) => {
    const plugin = definePlugin({
      name: "pins",
      version: "1.0.0",
      corm: "^0.1",
      requires: { crm: "*" },
      setup: () => ({ entities: { pin }, timeline: [defineTimelineSource(options)] }),
    });
    await expect(createTestCrm({ plugins: [crmCore(), plugin()] })).rejects.toThrow(message);
  });

  it("is not left out quietly where its condition names what there is not", async () => {
    const plugin = definePlugin({
      name: "pins",
      version: "1.0.0",
      corm: "^0.1",
      requires: { crm: "*" },
      setup: () => ({
        entities: { pin },
        timeline: [defineTimelineSource({ ...common, where: { nme: "x" } as never })],
      }),
    });
    const { crm, me } = await createTestCrm({ plugins: [crmCore(), plugin()] });
    const { id } = await me.entities.account.create({ name: "Acme" });
    await expect(me.entities.account.timeline(id)).rejects.toMatchObject({ code: "unknown-field" });
    await crm.stop();
  });
});
