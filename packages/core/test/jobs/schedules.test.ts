import {
  type AnyPlugin,
  type Context,
  type CrmOptions,
  createCrm,
  defineJob,
  definePlugin,
  defineSchedule,
  type ScheduleOptions,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import Type from "typebox";
import { beforeEach, describe, expect, it } from "vitest";
import { fixedClock } from "../../src/util/clock.js";
import { plugin, problemsOf } from "../composition/refused.js";
import { onFreshDatabases } from "../migrations/shop.js";
import { storageAt } from "../support/databases.js";

const ran: [tenant: string, label: string, at: string, nominal: string][] = [];
beforeEach(() => void ran.splice(0));

const note = defineJob("clock.note", {
  input: Type.Object({ label: Type.String() }),
  capability: "clock.tick",
  transactional: true,
  run: async (ctx: Context, { label }, job) => void ran.push([ctx.tenant, label, ctx.now(), job.runAt]),
});

const clockPlugin = (schedules: Record<string, Partial<ScheduleOptions<{ label: string }>>>): AnyPlugin =>
  definePlugin({
    name: "clock",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      jobs: [note],
      capabilities: { "clock.tick": "Ticks" },
      schedules: Object.entries(schedules).map(([name, options]) =>
        defineSchedule(`clock.${name}`, { cron: "0 * * * *", job: note, input: { label: name }, ...options }),
      ),
    }),
  })();

const hours = () => ran.map(([, , at]) => at.slice(8, 16));

it("runs at the instants of the pattern, by the clock of its zone", async () => {
  const plugins = [clockPlugin({ nightly: { cron: "30 2 * * *", zone: "Europe/Berlin" } })];
  const { crm, clock } = await createTestCrm({ plugins, now: "2027-03-26T12:00:00Z" });
  await runJobs({ crm, clock }, { for: { days: 3 } });
  expect(hours()).toEqual(["27T01:30", "28T01:30", "29T00:30"]);
  expect(ran[0]).toEqual(["test", "nightly", "2027-03-27T01:30:00.000Z", "2027-03-27T01:30:00.000Z"]);
  expect(clock.now()).toBe(Date.parse("2027-03-29T12:00:00Z"));
  await crm.stop();
});

it("makes up for what was missed with one job, or leaves it out", async () => {
  const plugins = [clockPlugin({ once: {}, skip: { missed: "skip" } })];
  const { crm, clock } = await createTestCrm({ plugins });
  await runJobs({ crm, clock });
  clock.advance({ days: 400, minutes: 30 });
  await runJobs({ crm, clock });
  expect(ran.map(([, label, , nominal]) => [label, nominal])).toEqual([["once", "2027-02-09T09:00:00.000Z"]]);
  await runJobs({ crm, clock }, { for: { minutes: 30 } });
  expect(
    ran
      .slice(1)
      .map(([, label]) => label)
      .sort(),
  ).toEqual(["once", "skip"]);
  await crm.stop();
});

it("goes on after a clock that was wrong, and makes no time twice", async () => {
  const plugins = [clockPlugin({ hourly: {} })];
  const { crm, clock } = await createTestCrm({ plugins });
  await runJobs({ crm, clock }, { for: { hours: 2 } });
  clock.advance({ hours: -2 });
  await runJobs({ crm, clock }, { for: { hours: 3 } });
  expect(ran.map(([, , , nominal]) => nominal.slice(11, 16))).toEqual(["10:00", "11:00", "12:00"]);
  await crm.stop();
});

describe("tenants", () => {
  const schedules = { hourly: {} };

  it("are all that the journal knows, where the app has none of its own", async () => {
    const { toys, thing } = await import("../support/toys.js");
    const clock = fixedClock("2026-01-05T09:00:00Z");
    const crm = await createCrm({
      storage: storageAt("sqlite::memory:"),
      plugins: [clockPlugin(schedules), toys()],
      clock,
    });
    for (const tenant of ["a", "b"])
      await crm.system({ tenant, reason: "test" }).repo(thing).create({ title: "x" });
    await runJobs({ crm, clock }, { for: { hours: 1 } });
    expect(ran.map(([tenant]) => tenant).sort()).toEqual(["a", "b"]);
    // One that comes later is found within a minute.
    await crm.system({ tenant: "c", reason: "test" }).repo(thing).create({ title: "x" });
    await runJobs({ crm, clock }, { for: { hours: 2 } });
    expect(ran.filter(([tenant]) => tenant === "c")).toHaveLength(1);
    await crm.stop();
  });

  it("are those that the app names", async () => {
    const { crm, clock } = await createTestCrm({
      plugins: [clockPlugin(schedules)],
      jobs: { tenants: () => ["x", "y"] },
    });
    await runJobs({ crm, clock }, { for: { hours: 1 } });
    expect(ran.map(([tenant]) => tenant).sort()).toEqual(["x", "y"]);
    await crm.stop();
  });
});

onFreshDatabases((fresh) => {
  it("makes each time once, however many processes look", async () => {
    const clock = fixedClock("2026-01-05T09:00:00Z");
    const start = (cron = "*/5 * * * *", options: Partial<CrmOptions<AnyPlugin[]>> = {}) =>
      createCrm<AnyPlugin[]>({
        storage: storageAt(fresh().url),
        plugins: [clockPlugin({ often: { cron } })],
        tenant: "test",
        clock,
        ...options,
      });
    const apps = [await start(), await start(), await start()];
    const workers = apps.flatMap((crm) => [crm.worker(), crm.worker()]);
    const all = async () => {
      await Promise.all(workers.map((worker) => worker.run()));
      // Whoever found it taken left before the job was there.
      await workers[0]?.run();
    };
    await all();
    for (let i = 0; i < 12; i++) {
      clock.advance({ minutes: 5 });
      await all();
    }
    expect(ran).toHaveLength(12);
    expect(new Set(ran.map(([, , , nominal]) => nominal)).size).toBe(12);
    // Another pattern counts from now on.
    for (const crm of apps) await crm.stop();
    const crm = await start("0 18 * * *");
    await runJobs({ crm, clock }, { for: { hours: 10 } });
    expect(ran.slice(12).map(([, , , nominal]) => nominal.slice(11, 16))).toEqual(["18:00"]);
    await crm.stop();
  });
});

it("is checked when the app starts", async () => {
  const unlisted = defineJob("clock.other", { input: Type.Object({}), run: async () => {} });
  const schedules = [
    defineSchedule("clock.broken", { cron: "99 * * * *", job: note, input: { label: "x" } }),
    defineSchedule("clock.nowhere", {
      cron: "0 * * * *",
      zone: "Mars/Olympus",
      job: note,
      input: { label: "x" },
    }),
    defineSchedule("clock.unlisted", { cron: "0 * * * *", job: unlisted, input: {} }),
    defineSchedule("other.name", { cron: "0 * * * *", job: note, input: { label: "x" } }),
  ];
  const capabilities = { "clock.tick": "Ticks" };
  expect(await problemsOf(plugin("clock", { jobs: [note], capabilities, schedules }))).toEqual([
    expect.stringContaining('schedule "clock.broken" has no times'),
    expect.stringContaining("Mars/Olympus"),
    expect.stringContaining('makes the job "clock.other", which no plugin lists'),
    expect.stringContaining('needs a "capability"'),
    expect.stringContaining('schedule "other.name" must be "clock."'),
  ]);
  const jobs = [
    defineJob("clock.Bad", { input: Type.Object({}), run: async () => {} }),
    defineJob("clock.lease", { input: Type.Object({}), lease: 0, queue: "a b", run: async () => {} }),
    defineJob("clock.cap", { input: Type.Object({}), capability: "clock.none", run: async () => {} }),
  ];
  expect(await problemsOf(plugin("clock", { jobs }))).toEqual([
    expect.stringContaining('"clock.Bad" must be "clock."'),
    expect.stringContaining('has the queue "a b"'),
    expect.stringContaining("has lease 0"),
    expect.stringContaining('uses the capability "clock.none"'),
  ]);
});
