import {
  type AnyPlugin,
  type ClaimedJob,
  databaseJobs,
  defineJob,
  definePlugin,
  defineSchedule,
  type PluginParts,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import Type from "typebox";
import { expect, it } from "vitest";
import { thing, toys } from "../support/toys.js";

const input = Type.Object({ title: Type.String() });
const app = (parts: PluginParts): AnyPlugin[] => [
  toys(),
  definePlugin({ name: "abuse", version: "1.0.0", corm: "^0.1", setup: () => parts })(),
];

it("L97 leaves what it would once, where every job is run twice, and asks others with one key", async () => {
  const asked: string[] = [];
  const make = defineJob("abuse.make", {
    input,
    transactional: true,
    run: async (ctx, { title }, job) => {
      asked.push(job.id);
      await ctx.repo(thing).create({ title });
    },
  });
  let handed: readonly ClaimedJob[] = [];
  const { crm, me } = await createTestCrm({
    plugins: app({ jobs: [make] }),
    jobs: {
      engine: (host) => {
        const engine = databaseJobs()(host);
        const claim = engine.claim.bind(engine);
        return Object.assign(engine, {
          // What one worker was given, the next is given as well.
          claim: async (request: Parameters<typeof claim>[0]) => {
            const again = handed;
            handed = again.length > 0 ? [] : await claim(request);
            return again.length > 0 ? again : handed;
          },
        });
      },
    },
  });
  const { id } = await me.jobs.enqueue(make, { title: "a" });
  const ends = await crm.worker().run();
  expect(ends.map(({ outcome }) => outcome)).toEqual(["done", "lost"]);
  expect(asked).toEqual([id, id]);
  expect(await me.repo(thing).count()).toBe(1);
  await crm.stop();
});

it("L99 puts a poisonous job aside after its attempts, lets others go on, and replays it once", async () => {
  let poisonous = true;
  const eat = defineJob("abuse.eat", {
    input,
    attempts: 3,
    transactional: true,
    run: async (ctx, { title }) => {
      await ctx.repo(thing).create({ title });
      if (title === "poison" && poisonous) throw new Error("spat out");
    },
  });
  const { crm, clock, me, errors } = await createTestCrm({ plugins: app({ jobs: [eat] }) });
  const { id } = await me.jobs.enqueue(eat, { title: "poison" }, { priority: 9 });
  for (const title of ["a", "b"]) await me.jobs.enqueue(eat, { title });
  const ends = await runJobs({ crm, clock }, { for: { hours: 1 } });
  expect(ends.map(({ outcome }) => outcome)).toEqual(["failed", "done", "done", "failed", "dead"]);
  expect(errors).toHaveLength(1);
  poisonous = false;
  await me.jobs.replay(id);
  await expect(me.jobs.replay(id)).rejects.toMatchObject({ code: "job-state" });
  await runJobs({ crm, clock }, { for: { hours: 1 } });
  const { items } = await me.repo(thing).find({ orderBy: ["title"] });
  expect(items.map(({ title }) => title)).toEqual(["a", "b", "poison"]);
  await crm.stop();
});

it("M100 runs a nightly schedule once a day across the changes of clock, in six zones", async () => {
  const at: string[] = [];
  const tick = defineJob("abuse.tick", {
    input,
    capability: "abuse.tick",
    run: async (_, { title }, job) => void at.push(`${title} ${job.runAt}`),
  });
  const zones = {
    berlin: "Europe/Berlin",
    newYork: "America/New_York",
    lordHowe: "Australia/Lord_Howe",
    kathmandu: "Asia/Kathmandu",
    auckland: "Pacific/Auckland",
    utc: "UTC",
  };
  const schedules = Object.entries(zones).map(([title, zone]) =>
    defineSchedule(`abuse.${title}`, { cron: "30 2 * * *", zone, job: tick, input: { title } }),
  );
  const { crm, clock } = await createTestCrm({
    plugins: app({ jobs: [tick], schedules, capabilities: { "abuse.tick": "Ticks" } }),
    now: "2027-01-01T12:00:00Z",
  });
  await runJobs({ crm, clock }, { until: "2027-12-31T12:00:00Z" });
  for (const title of Object.keys(zones)) {
    const own = at.filter((text) => text.startsWith(`${title} `));
    expect(own.length, title).toBe(364);
    expect(new Set(own).size).toBe(364);
  }
  await crm.stop();
}, 60_000);

it("N109 lets one tenant's job through at its turn, however many another has made", async () => {
  const order: string[] = [];
  const work = defineJob("abuse.work", { input, run: async (ctx) => void order.push(ctx.tenant) });
  const { crm, inTenant } = await createTestCrm({ plugins: app({ jobs: [work] }) });
  const many = (count: number) =>
    Array.from({ length: count }, () => ({ input: { title: "x" }, priority: 1000 }));
  await inTenant("flood").jobs.enqueueMany(work, many(1000));
  await inTenant("quiet").jobs.enqueueMany(work, many(10));
  await crm.worker({ concurrency: 4 }).run();
  const places = order.flatMap((tenant, place) => (tenant === "quiet" ? [place] : []));
  // Alone they would have ended at place 9; with one other tenant at twice that, to a claim.
  expect(places.at(-1)).toBeLessThanOrEqual(2 * 10 + 4);
  expect(order).toHaveLength(1010);
  await crm.stop();
}, 60_000);
