import { crmCore } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { leads } from "../src/index.js";

// The clock of tests stands at Monday, 2026-01-05T09:00:00Z, ten o'clock in Berlin.
const make = (options: { storage?: ReturnType<typeof storageAt>; seed?: number; now?: string } = {}) =>
  createTestCrm({ ...options, plugins: [crmCore(), leads()] });
type Test = Awaited<ReturnType<typeof make>>;

const breaches = async ({ me }: Test) =>
  (await me.changes({ limit: 500 })).items.filter(({ event }) => event === "lead.responseBreached");

async function office({ me }: Test, minutes: number) {
  const hours: [string, string][] = [
    ["09:00", "12:00"],
    ["13:00", "18:00"],
  ];
  const calendar = await me.entities.calendar.create({
    name: "Berlin",
    timeZone: "Europe/Berlin",
    week: { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours },
    holidays: ["2026-01-06"],
  });
  return me.entities.responsePolicy.create({ name: "Office", calendarId: calendar.id, minutes });
}

describe("answers to leads", () => {
  let test: Test;
  beforeEach(async () => {
    test = await make();
  });
  afterEach(() => test.crm.stop());
  const dueOf = async (leadId: string) =>
    (await test.me.entities.leadResponse.find({ where: { leadId } })).items[0]?.dueAt;

  it("are due after so much working time: over lunch, nights and holidays", async () => {
    await office(test, 24 * 60);
    const { id } = await test.me.entities.lead.create({ lastName: "Ada" });
    // 7 h left of Monday, none on Tuesday's holiday, 8 h each on Wednesday and Thursday, 1 h on Friday.
    expect(await dueOf(id)).toBe("2026-01-09T09:00:00.000Z");
    await runJobs(test, { until: "2026-01-09T08:59:59Z" });
    expect(await breaches(test)).toEqual([]);
    await runJobs(test, { for: { minutes: 1 } });
    expect((await breaches(test)).map(({ record, payload }) => [record, payload])).toEqual([
      [id, expect.objectContaining({ dueAt: "2026-01-09T09:00:00.000Z", ownerId: null })],
    ]);
    await runJobs(test, { for: { days: 10 } });
    expect(await breaches(test)).toHaveLength(1);
  });

  it("move with their calendar and their policy, and warn anew, as long as nobody has answered", async () => {
    const { me } = test;
    const policy = await office(test, 60);
    await me.entities.responsePolicy.update(policy.id, { warnMinutes: 30 });
    const [open, answered] = await me.entities.lead.createMany([{ lastName: "Open" }, { lastName: "Done" }]);
    await me.entities.activity.create({ kind: "call", subject: "x", leadId: answered!.id, doneAt: me.now() });
    expect(await dueOf(open!.id)).toBe("2026-01-05T10:00:00.000Z");
    test.clock.advance({ minutes: 35 });
    await runJobs(test);
    const warnings = async () =>
      (await me.changes({ limit: 500 })).items.filter(({ event }) => event === "lead.responseWarned").length;
    expect(await warnings()).toBe(1);

    // Monday becomes a holiday as well: an hour of Wednesday.
    const calendarId = policy.calendarId as string;
    await me.entities.calendar.update(calendarId, { holidays: ["2026-01-05", "2026-01-06"] });
    await runJobs(test);
    expect(await dueOf(open!.id)).toBe("2026-01-07T09:00:00.000Z");
    expect(await dueOf(answered!.id)).toBe("2026-01-05T10:00:00.000Z");
    await runJobs(test, { until: "2026-01-07T08:29:00Z" });
    expect([await warnings(), (await breaches(test)).length]).toEqual([1, 0]);
    await runJobs(test, { for: { minutes: 2 } });
    expect(await warnings()).toBe(2);
    // Back again, when it is too late by that.
    await me.entities.calendar.update(calendarId, { holidays: ["2026-01-06"] });
    await runJobs(test);
    expect((await breaches(test)).map(({ record }) => record)).toEqual([open!.id]);
    // What is late stays as late as it was.
    await me.entities.responsePolicy.update(policy.id, { minutes: 120 });
    await runJobs(test, { for: { days: 3 } });
    expect(await dueOf(open!.id)).toBe("2026-01-05T10:00:00.000Z");
    expect(await breaches(test)).toHaveLength(1);

    // The policy itself, over more than a page.
    const many = await me.entities.lead.createMany(
      Array.from({ length: 250 }, (_, n) => ({ lastName: `L${n}` })),
    );
    await me.entities.responsePolicy.update(policy.id, { calendarId: null });
    await runJobs(test);
    const due = new Date(Date.parse(many[0]!.createdAt) + 120 * 60_000).toISOString();
    expect(await me.entities.leadResponse.count({ dueAt: due })).toBe(250);
  });

  it("count when something was done with the person, or the lead was closed", async () => {
    await test.me.entities.responsePolicy.create({ name: "Fast", minutes: 60 });
    const { me } = test;
    const [called, planned, noted, closed] = await me.entities.lead.createMany(
      ["called", "planned", "noted", "closed"].map((lastName) => ({ lastName })),
    );
    test.clock.advance({ minutes: 30 });
    const subject = "hello";
    await me.entities.activity.create({ kind: "call", subject, leadId: called!.id, doneAt: me.now() });
    await me.entities.activity.create({ kind: "call", subject, leadId: planned!.id, dueAt: me.now() });
    await me.entities.activity.create({ kind: "note", subject, leadId: noted!.id, doneAt: me.now() });
    await me.entities.lead.update(closed!.id, { status: "unqualified" });
    await runJobs(test, { for: { hours: 1 } });
    expect(new Set((await breaches(test)).map(({ record }) => record))).toEqual(
      new Set([planned!.id, noted!.id]),
    );
  });

  it("are warned of some working time before, once, and not where somebody has answered", async () => {
    const { me } = test;
    const { id: policy } = await office(test, 24 * 60);
    await me.entities.responsePolicy.update(policy, { warnMinutes: 120 });
    const [open, called] = await me.entities.lead.createMany([{ lastName: "Open" }, { lastName: "Called" }]);
    const warned = async () =>
      (await me.changes({ limit: 500 })).items.filter(({ event }) => event === "lead.responseWarned");
    await runJobs(test, { for: { minutes: 30 } });
    const doneAt = me.now();
    await me.entities.activity.create({ kind: "call", subject: "hello", leadId: called!.id, doneAt });
    // Due at ten on Friday: two hours of work before is five o'clock on Thursday, in Berlin.
    await runJobs(test, { until: "2026-01-08T15:59:59Z" });
    expect(await warned()).toEqual([]);
    await runJobs(test, { for: { minutes: 1 } });
    expect((await warned()).map(({ record, payload }) => [record, payload])).toEqual([
      [open!.id, { dueAt: "2026-01-09T09:00:00.000Z", policyId: policy, ownerId: null }],
    ]);
    await runJobs(test, { for: { days: 3 } });
    expect(await warned()).toHaveLength(1);
    expect((await breaches(test)).map(({ record }) => record)).toEqual([open!.id]);
  });

  it("are of the first policy that a lead satisfies; without one, nobody waits", async () => {
    const { me } = test;
    const create = (rest: object) => me.entities.lead.create({ lastName: "Ada", ...rest });
    await me.entities.responsePolicy.create({
      name: "A",
      minutes: 60,
      priority: 2,
      where: { country: "DE" },
    });
    await me.entities.responsePolicy.create({
      name: "B",
      minutes: 10,
      priority: 1,
      where: { score: { gt: 5 } },
    });
    expect(await dueOf((await create({ country: "DE" })).id)).toBe("2026-01-05T10:00:00.000Z");
    expect(await dueOf((await create({ country: "DE", score: 9 })).id)).toBe("2026-01-05T09:10:00.000Z");
    expect(await dueOf((await create({})).id)).toBeUndefined();
    await expect(
      me.entities.responsePolicy.create({ name: "C", minutes: 1, where: { nonsense: 1 } }),
    ).rejects.toMatchObject({ code: "invalid-response-policy" });
  });
});

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("a breach is told once, however many workers look", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: Test[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 3); seed++)
        apps.push(await make({ storage: storageAt(url), seed }));
      const [test] = apps as [Test];
      try {
        await test.me.entities.responsePolicy.create({ name: "Fast", minutes: 60 });
        await test.me.entities.lead.createMany(
          Array.from({ length: 12 }, (_, n) => ({ lastName: `L ${n}` })),
        );
        for (const { clock } of apps) clock.advance({ hours: 2 });
        await Promise.all(apps.map(({ crm }) => crm.worker({ concurrency: 4 }).run()));
        const told = (await breaches(test)).map(({ record }) => record);
        expect(told).toHaveLength(12);
        expect(new Set(told).size).toBe(12);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 60_000);
  });
}
