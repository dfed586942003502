import { setTimeout as sleep } from "node:timers/promises";
import type { Crm } from "@corm/core";
import { expect, it } from "vitest";
import { onFreshDatabases } from "../migrations/shop.js";
import { type Script, spawnScript } from "../support/spawn.js";
import { byHand, effect, LEASE, openKilled, whole } from "./killed.js";

/**
 * How often a worker is killed on each database, with 50 jobs for each time:
 * `CORM_JOB_KILLS=200 npx vitest run packages/core/test/jobs/killed`. With `CORM_MUTANT=fence` workers complete what they
 * have lost, and it must fail (40 kills doubled 15 effects); `mutants.test.ts` does the same without chance.
 */
const kills = Number(process.env["CORM_JOB_KILLS"] ?? 6);
const WORKERS = 3;
const child = new URL("killed.child.ts", import.meta.url);
const TENANTS = ["a", "b", "c"];

const session = (crm: Crm, tenant: string) =>
  crm.as({ actor: { kind: "user", id: "u" }, tenant, roles: ["admin"] });

async function ready(url: string): Promise<Script> {
  const worker = spawnScript(child, url);
  expect(await worker.line()).toBe("ready");
  return worker;
}

onFreshDatabases((fresh, name) => {
  it(
    "K3 loses no job and doubles no effect, however often workers are killed or stand still",
    async () => {
      const { url } = fresh();
      const crm = await openKilled(url);
      const random = lcg(20261126);
      const workers = await Promise.all(Array.from({ length: WORKERS }, () => ready(url)));
      const began = performance.now();
      let made = 0;
      for (let round = 0; round < kills; round++) {
        // A round in one transaction of one tenant; a fifth of the jobs in order.
        const jobs = Array.from({ length: 50 }, (_, i) => {
          const number = made + i;
          const inOrder = number % 5 === 0;
          return { input: { key: inOrder ? "k" : "", number }, ...(inOrder ? { orderingKey: "k" } : {}) };
        });
        made += jobs.length;
        const { jobs: mine } = session(crm, TENANTS[round % TENANTS.length] as string);
        await mine.enqueueMany(round % 2 === 0 ? whole : byHand, jobs);
        await sleep(random() * 300);
        const victim = Math.floor(random() * WORKERS);
        // One in four only stands still for longer than its lease, and then goes on as if nothing had happened.
        if (round % 4 === 3) await (workers[victim] as Script).pause(LEASE * 1.5);
        else {
          await (workers[victim] as Script).kill();
          workers[victim] = await ready(url);
        }
      }
      const deadline = performance.now() + 60_000 + kills * 1000;
      const left = async (): Promise<number> => {
        let count = 0;
        for (const tenant of TENANTS)
          for (const state of ["ready", "delayed", "running", "blocked"] as const)
            count += (await session(crm, tenant).jobs.list({ state, limit: 500 })).items.length;
        return count;
      };
      while ((await left()) > 0 && performance.now() < deadline) await sleep(100);
      const seconds = (performance.now() - began) / 1000;
      for (const worker of workers) await worker.kill();

      const effects: { job: string; number: number }[] = [];
      let stalls = 0;
      for (const tenant of TENANTS) {
        const me = session(crm, tenant);
        const ordered: number[] = [];
        for await (const { job, key, number } of me.repo(effect).stream({ orderBy: ["createdAt", "id"] })) {
          effects.push({ job, number });
          if (key === "k") ordered.push(number);
        }
        expect(ordered).toEqual([...ordered].sort((a, b) => a - b));
        for (let after: string | null | undefined; after !== null; ) {
          const page = await me.jobs.list({ limit: 500, after });
          stalls += page.items.reduce((sum, job) => sum + job.stalls, 0);
          expect(page.items.filter(({ state }) => state !== "done")).toEqual([]);
          after = page.next;
        }
      }
      expect(new Set(effects.map(({ job }) => job)).size).toBe(effects.length);
      expect(effects.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
        Array.from({ length: made }, (_, i) => i),
      );
      await crm.stop();
      if (process.env["CORM_JOB_KILLS"])
        process.stdout.write(
          `${name}: ${made} jobs, ${kills} kills, ${stalls} taken over, lost 0, doubled 0, ${seconds.toFixed(0)} s\n`,
        );
    },
    120_000 + kills * 10_000,
  );
});

/** Repeats, so that a campaign that failed can be run again. */
function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
