import type { Entity } from "@corm/core";
import { ticket } from "@corm/plugin-service";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Me, receive, type ServiceCrm, serviceCrm } from "./support.js";

type Values = Record<string, unknown>;

let kit: ServiceCrm;
let me: Me;
let policyId: string;
beforeEach(async () => {
  kit = await serviceCrm();
  me = kit.me;
  const day: [string, string][] = [
    ["09:00", "12:00"],
    ["13:00", "17:00"],
  ];
  const calendar = await me.entities.calendar.create({
    name: "Office",
    timeZone: "Europe/Berlin",
    week: { mon: day, tue: day, wed: day, thu: day, fri: day },
    holidays: ["2026-01-06"],
  });
  const policy = await me.entities.slaPolicy.create({
    name: "Standard",
    calendarId: calendar.id,
    firstResponseMinutes: { normal: 480, high: 240, urgent: 60 },
    isDefault: true,
  });
  policyId = policy.id;
});
afterEach(async () => {
  expect(kit.errors).toEqual([]);
  await kit.crm.stop();
});

const opened = async () => (await receive(me, {})).ticketId!;

describe("the first response", () => {
  it("is due after so many working minutes of the calendar", async () => {
    // Monday 10:00 in Berlin: 6 h today (12 to 13 is lunch), a holiday on Tuesday, the rest on Wednesday.
    const found = await me.entities.ticket.get(await opened());
    expect(found).toMatchObject({
      slaPolicyId: policyId,
      slaStartedAt: "2026-01-05T09:00:00.000Z",
      firstResponseDueAt: "2026-01-07T10:00:00.000Z",
      firstRespondedAt: null,
      firstResponseMet: null,
    });
    const low = await me.entities.ticket.create({ subject: "x", priority: "low" });
    expect(low).toMatchObject({ slaPolicyId: policyId, firstResponseDueAt: null });
    const none = await me.entities.ticket.create({ subject: "x", slaPolicyId: null });
    expect(none).toMatchObject({ slaPolicyId: null, firstResponseDueAt: null });
  });

  it("is due anew with another priority or policy, from the same beginning", async () => {
    const id = await opened();
    kit.clock.advance({ minutes: 30 });
    const urgent = await me.entities.ticket.update(id, { priority: "urgent" });
    expect(urgent.firstResponseDueAt).toBe("2026-01-05T10:00:00.000Z");
    expect((await me.entities.ticket.update(id, { priority: "low" })).firstResponseDueAt).toBeNull();
    expect((await me.entities.ticket.update(id, { priority: "high" })).firstResponseDueAt).toBe(
      "2026-01-05T14:00:00.000Z",
    );
    expect((await me.entities.ticket.update(id, { slaPolicyId: null })).firstResponseDueAt).toBeNull();
  });

  it("is attained, or not, by the first reply", async () => {
    const [quick, slow] = [await opened(), await opened()];
    await me.entities.ticketMessage.create({ ticketId: quick, direction: "note", text: "On it." });
    expect((await me.entities.ticket.get(quick)).firstRespondedAt).toBeNull();
    await me.entities.ticket.reply(quick, { text: "Hello" });
    expect(await me.entities.ticket.get(quick)).toMatchObject({
      firstRespondedAt: "2026-01-05T09:00:00.000Z",
      firstResponseMet: true,
    });
    kit.clock.set("2026-01-07T10:00:00.001Z");
    await me.entities.ticket.reply(slow, { text: "Sorry" });
    await me.entities.ticket.reply(quick, { text: "Again" });
    expect(await me.entities.ticket.get(slow)).toMatchObject({ firstResponseMet: false });
    const settled = await me.entities.ticket.update(quick, { priority: "urgent" });
    expect(settled).toMatchObject({
      firstRespondedAt: "2026-01-05T09:00:00.000Z",
      firstResponseDueAt: "2026-01-07T10:00:00.000Z",
      firstResponseMet: true,
    });
  });

  it("cannot be stated against its instants", async () => {
    const id = await opened();
    expect((await me.entities.ticket.update(id, { firstResponseMet: true })).firstResponseMet).toBeNull();
    const late = await me.entities.ticket.update(id, { firstRespondedAt: "2026-01-08T00:00:00+01:00" });
    expect(late.firstResponseMet).toBe(false);
    const imported = await me.entities.ticket.create({
      subject: "old",
      slaStartedAt: "2026-01-05T08:00:00Z",
      priority: "urgent",
      firstRespondedAt: "2026-01-05T08:30:00Z",
    });
    expect(imported).toMatchObject({
      firstResponseMet: true,
      firstResponseDueAt: "2026-01-05T09:00:00.000Z",
    });
  });

  it("has a ratio that counts what is overdue and unanswered", async () => {
    const owner = await me.entities.user.create({ name: "Grace" });
    const [met, missed] = [await opened(), await opened()];
    await me.entities.ticket.update(met, { ownerId: owner.id });
    await me.entities.ticket.reply(met, { text: "x" });
    await me.entities.ticket.create({ subject: "without a time", priority: "low" });
    kit.clock.set("2026-01-08T10:00:00Z");
    await me.entities.ticket.reply(missed, { text: "x" });
    kit.clock.set("2026-01-05T09:00:00Z");
    await me.entities.ticket.create({ subject: "overdue", priority: "urgent" });
    kit.clock.set("2026-01-06T09:00:00Z");
    await me.entities.ticket.create({ subject: "not due yet" });
    const ratio = me.catalog.metrics.get("service.firstResponseAttainment")!;
    const opening = me.catalog.metrics.get("service.ticketsOpened")!;
    const measures = { met: ratio.measure, of: ratio.divisor!, opened: opening.measure };
    const tickets = me.repo(ticket as unknown as Entity<"ticket", Values, Values, Values>);
    const [row] = await tickets.aggregate({ measures });
    expect(row).toEqual({ met: 1, of: 3, opened: 5 });
    const byOwner = await tickets.aggregate({ measures, groupBy: ["ownerId"], orderBy: ["-ownerId"] });
    expect(byOwner).toContainEqual({ ownerId: owner.id, met: 1, of: 1, opened: 1 });
  });
});

describe("calendars", () => {
  it("that cannot be used are refused", async () => {
    const bad = me.entities.calendar.create({ name: "Bad", timeZone: "Mars/Phobos", week: {} });
    await expect(bad).rejects.toMatchObject({ code: "invalid-calendar", status: 400 });
    const [office] = (await me.entities.calendar.find()).items;
    await expect(
      me.entities.calendar.update(office!.id, { week: { mon: [["12:00", "12:00"]] } }),
    ).rejects.toMatchObject({ code: "invalid-calendar" });
  });

  it("that offer too little time flag the ticket, and the customer is heard", async () => {
    const rare = await me.entities.calendar.create({
      name: "Once",
      timeZone: "UTC",
      week: {},
      exceptions: [{ date: "2026-01-05", intervals: [["09:00", "09:01"]] }],
    });
    await me.entities.slaPolicy.update(policyId, { calendarId: rare.id });
    const found = await me.entities.ticket.get(await opened());
    expect(found).toMatchObject({
      firstResponseDueAt: null,
      flagged: true,
      flagReason: 'the calendar of "Standard" cannot be used',
    });
  });
});

describe("status", () => {
  it("keeps its instants in step", async () => {
    const { id } = await me.entities.ticket.create({ subject: "x" });
    expect(await me.entities.ticket.resolve(id)).toMatchObject({ resolvedAt: "2026-01-05T09:00:00.000Z" });
    kit.clock.advance({ hours: 1 });
    expect(await me.entities.ticket.resolve(id)).toMatchObject({ resolvedAt: "2026-01-05T09:00:00.000Z" });
    expect(await me.entities.ticket.close(id)).toMatchObject({
      resolvedAt: "2026-01-05T09:00:00.000Z",
      closedAt: "2026-01-05T10:00:00.000Z",
    });
    expect(await me.entities.ticket.reopen(id)).toEqual({
      id,
      status: "open",
      resolvedAt: null,
      closedAt: null,
      reopenCount: 1,
    });
    expect(await me.entities.ticket.reopen(id)).toMatchObject({ reopenCount: 1 });
    const imported = await me.entities.ticket.create({
      subject: "old",
      status: "closed",
      closedAt: "2020-01-01T00:00:00Z",
    });
    expect(imported).toMatchObject({ closedAt: "2020-01-01T00:00:00.000Z" });
  });

  it("numbers a batch in one go", async () => {
    const made = await me.entities.ticket.createMany(
      Array.from({ length: 5 }, (_, i) => ({ subject: `t${i}` })),
    );
    expect(made.map((ticket) => ticket.number)).toEqual([1, 2, 3, 4, 5]);
  });
});
