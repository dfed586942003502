import { runJobs } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { storageAt, suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { type Me, type SalesCrm, salesCrm } from "./support.js";

const reused = reuse();

const ZONE = "Europe/Berlin";
const weekly = {
  kind: "meeting",
  subject: "Jour fixe",
  startsAt: "2026-03-02T09:00:00",
  timeZone: ZONE,
  rule: "FREQ=WEEKLY;BYDAY=MO",
  durationMinutes: 45,
  remindMinutes: 60,
} as const;

const of = (me: Me, seriesId: string) =>
  me.entities.activity.find({ where: { seriesId }, orderBy: ["dueAt"], limit: 500 });
const due = async (me: Me, seriesId: string) => (await of(me, seriesId)).items.map(({ dueAt }) => dueAt);

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    async function withCrm(work: (test: SalesCrm) => Promise<void>): Promise<void> {
      const { url, drop } = await database.create();
      const test = await salesCrm({ storage: storageAt(url) });
      try {
        await work(test);
      } finally {
        await test.crm.stop();
        await drop();
      }
    }

    it("makes what is within 90 days, over summer time by the clock on the wall, and once", () =>
      withCrm(async ({ crm, me, clock }) => {
        clock.set("2026-03-01T12:00:00Z");
        const { id } = await me.entities.activitySeries.create(weekly);
        const first = await due(me, id);
        expect(first).toHaveLength(13);
        expect(first.slice(3, 5)).toEqual(["2026-03-23T08:00:00.000Z", "2026-03-30T07:00:00.000Z"]);
        clock.set("2026-03-08T12:00:00Z");
        await runJobs({ crm, clock }, { for: { days: 1 } });
        await runJobs({ crm, clock });
        const more = await due(me, id);
        expect(more.slice(0, 13)).toEqual(first);
        expect(new Set(more).size).toBe(more.length);
        expect(more.length).toBe(14);
        const done = await me.entities.activitySeries.create({ ...weekly, rule: "FREQ=WEEKLY;COUNT=3" });
        // The first lies before the day on which it was written.
        expect(await due(me, done.id)).toEqual(["2026-03-09T08:00:00.000Z", "2026-03-16T08:00:00.000Z"]);
        expect((await me.entities.activitySeries.get(done.id)).exhausted).toBe(true);
      }));

    it("changes one, this and those that follow, or all", () =>
      withCrm(async ({ me, clock }) => {
        clock.set("2026-03-01T12:00:00Z");
        const { activity, activitySeries } = me.entities;
        const { id } = await activitySeries.create({ ...weekly, rule: "FREQ=WEEKLY;BYDAY=MO;COUNT=6" });
        const rows = (await of(me, id)).items;
        const at = (n: number) => rows[n]?.id as string;

        await activity.changeSeries(at(1), { scope: "one", change: { startsAt: "2026-03-10T15:00:00" } });
        await activity.changeSeries(at(4), { scope: "one", cancel: true });
        expect(await activity.get(at(1))).toMatchObject({
          ...{ dueAt: "2026-03-10T14:00:00.000Z", detached: true, occurrence: "2026-03-09T09:00:00" },
          remindAt: "2026-03-10T13:00:00.000Z",
        });
        expect((await activitySeries.get(id)).exceptions).toEqual(["2026-03-30T09:00:00"]);

        // All: those that are to come move; what was changed by itself stays as it is; no other is made.
        await activity.changeSeries(at(0), {
          scope: "all",
          change: { startsAt: "2026-03-02T10:00:00", subject: "Weekly" },
        });
        expect(
          (await of(me, id)).items.map(({ id: one, dueAt, subject }) => [
            rows.findIndex((row) => row.id === one),
            dueAt,
            subject,
          ]),
        ).toEqual([
          [0, "2026-03-02T09:00:00.000Z", "Weekly"],
          [1, "2026-03-10T14:00:00.000Z", "Jour fixe"],
          [2, "2026-03-16T09:00:00.000Z", "Weekly"],
          [3, "2026-03-23T09:00:00.000Z", "Weekly"],
          [5, "2026-04-06T08:00:00.000Z", "Weekly"],
        ]);
        expect((await activitySeries.get(id)).exceptions).toEqual(["2026-03-30T10:00:00"]);

        // This and those that follow: a series of its own, with the same activities and what is left of the count.
        const { seriesId } = await activity.changeSeries(at(3), {
          scope: "following",
          change: { startsAt: "2026-03-23T11:00:00", remindMinutes: 30 },
        });
        expect(seriesId).not.toBe(id);
        expect(await due(me, id)).toEqual([
          "2026-03-02T09:00:00.000Z",
          "2026-03-10T14:00:00.000Z",
          "2026-03-16T09:00:00.000Z",
        ]);
        const next = await activitySeries.get(seriesId as string);
        expect(next).toMatchObject({
          rule: "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
          startsAt: "2026-03-23T11:00:00",
          exceptions: ["2026-03-30T11:00:00"],
        });
        expect(
          (await of(me, next.id)).items.map(({ id: one, dueAt, remindAt }) => [one, dueAt, remindAt]),
        ).toEqual([
          [at(3), "2026-03-23T10:00:00.000Z", "2026-03-23T09:30:00.000Z"],
          [at(5), "2026-04-06T09:00:00.000Z", "2026-04-06T08:30:00.000Z"],
        ]);

        // Another rule: places that are needed no more go, others are made.
        await activity.changeSeries(at(3), {
          scope: "all",
          change: { rule: "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4" },
        });
        expect(await due(me, next.id)).toEqual([
          "2026-03-23T10:00:00.000Z",
          "2026-03-26T10:00:00.000Z",
          "2026-03-30T09:00:00.000Z",
          "2026-04-02T09:00:00.000Z",
        ]);

        await activity.changeSeries(at(3), { scope: "all", cancel: true });
        expect(await due(me, next.id)).toEqual([]);
        expect(await due(me, id)).toHaveLength(3);
      }));

    it("reminds of each occurrence once, at the time to which its series was moved", () =>
      withCrm(async ({ crm, me, clock }) => {
        clock.set("2026-03-01T12:00:00Z");
        const { activity, activitySeries } = me.entities;
        const { id } = await activitySeries.create({ ...weekly, rule: "FREQ=WEEKLY;BYDAY=MO;COUNT=2" });
        const told = async (now: string) => {
          clock.set(now);
          await runJobs({ crm, clock });
          const { items } = await me.changes({ limit: 500 });
          return items.filter((change) => JSON.stringify(change).includes("activity.reminder")).length;
        };
        const [first] = (await of(me, id)).items;
        await activity.changeSeries(first?.id as string, {
          scope: "all",
          change: { startsAt: "2026-03-02T11:00:00" },
        });
        expect(await told("2026-03-02T08:30:00Z")).toBe(0);
        expect(await told("2026-03-02T09:00:00Z")).toBe(1);
        expect(await told("2026-03-09T08:59:00Z")).toBe(1);
        expect(await told("2026-03-09T09:30:00Z")).toBe(2);
      }));
  });
}

it("refuses what is no series, and what is past, and changes nothing", async () => {
  const { crm, me, clock } = await salesCrm();
  clock.set("2026-03-01T12:00:00Z");
  const { activity, activitySeries } = me.entities;
  const create = (rest: object) => activitySeries.create({ ...weekly, ...rest });
  await expect(create({ rule: "FREQ=WEEKLY;BYDAY=TU" })).rejects.toMatchObject({ code: "validation-failed" });
  await expect(create({ rule: "FREQ=SECONDLY" })).rejects.toMatchObject({ code: "validation-failed" });
  await expect(create({ startsAt: "2026-02-30T09:00:00" })).rejects.toMatchObject({
    code: "validation-failed",
  });
  await expect(create({ timeZone: "Mars/Olympus" })).rejects.toMatchObject({ code: "validation-failed" });
  const alone = await activity.create({
    kind: "call",
    subject: "Once",
    seriesId: crypto.randomUUID(),
  } as never);
  expect(alone.seriesId).toBeNull();
  await expect(activity.changeSeries(alone.id, { scope: "one" })).rejects.toMatchObject({
    code: "not-of-series",
  });
  const { id } = await create({});
  const before = await due(me, id);
  clock.set("2026-03-20T12:00:00Z");
  const past = (await of(me, id)).items[0]?.id as string;
  await expect(
    activity.changeSeries(past, { scope: "following", change: { subject: "X" } }),
  ).rejects.toMatchObject({ code: "occurrence-is-past" });
  const next = (await of(me, id)).items[4]?.id as string;
  await expect(
    activity.changeSeries(next, { scope: "all", change: { startsAt: "2026-03-31T09:00:00" } }),
  ).rejects.toMatchObject({ code: "validation-failed" });
  expect(await due(me, id)).toEqual(before);
  // What is written of the series itself holds for all that are to come, and what is past stays as it was.
  await activitySeries.update(id, { subject: "New", exceptions: ["2026-03-30T09:00:00"] });
  const rows = (await of(me, id)).items;
  expect(rows.filter(({ subject }) => subject === "Jour fixe")).toHaveLength(3);
  expect(rows.slice(0, before.length - 1).map(({ dueAt }) => dueAt)).toEqual(
    before.filter((one) => one !== "2026-03-30T07:00:00.000Z"),
  );
  // Out of the bin it takes place again.
  const gone = rows[5]?.id as string;
  await activity.delete(gone);
  expect((await activitySeries.get(id)).exceptions).toHaveLength(2);
  await activity.restore(gone);
  expect((await activitySeries.get(id)).exceptions).toHaveLength(1);
  await activitySeries.delete(id);
  expect(await due(me, id)).toEqual(before.slice(0, 3));
  await crm.stop();
});
