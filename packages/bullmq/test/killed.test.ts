import { setTimeout as sleep } from "node:timers/promises";
import type { Crm } from "@corm/core";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/src/util/random-bytes.js";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { type Script, spawnScript } from "../../core/test/support/spawn.js";
import { byHand, effect, LEASE, openKilled, whole } from "./killed.js";
import { freshPrefix, missing, title, wipe } from "./servers.js";

/**
 * How often a worker is killed, with 50 jobs for each time: `CORM_JOB_KILLS=200 npx vitest run packages/bullmq/test/killed`.
 * Every tenth time BullMQ loses everything.
 */
const kills = Number(process.env["CORM_JOB_KILLS"] ?? 10);
const WORKERS = 4;
const PER_KILL = 50;
const child = new URL("killed.child.ts", import.meta.url);
const TENANTS = ["a", "b", "c"];

const session = (crm: Crm, tenant: string) =>
  crm.as({ actor: { kind: "user", id: "u" }, tenant, roles: ["admin"] });

for (const database of databases.filter(({ name }) => name === "PostgreSQL" || name === "MariaDB")) {
  describe.skipIf(missing || !database.available)(`${title}, ${suiteName(database)}`, () => {
    it(
      "K3 loses no job and doubles no effect, however often workers are killed and BullMQ is emptied",
      async () => {
        const { url, drop } = await database.create();
        const prefix = freshPrefix();
        const start = async (): Promise<Script> => {
          const worker = spawnScript(child, `${url} ${prefix}`);
          expect(await worker.line()).toBe("ready");
          return worker;
        };
        const crm = await openKilled(url, prefix);
        const random = seededRandom(20261126);
        const chance = (): number => ((random(2)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) / 65_536;
        const workers = Array.from({ length: WORKERS }, start);
        await Promise.all(workers);
        const began = performance.now();
        let wiped = 0;
        try {
          for (let round = 0; round < kills; round++) {
            const jobs = Array.from({ length: PER_KILL }, (_, i) => {
              const number = round * PER_KILL + i;
              const key = number % 5 === 0 ? "k" : "";
              return { input: { key, number }, ...(key ? { orderingKey: key } : {}) };
            });
            const { jobs: mine } = session(crm, TENANTS[round % TENANTS.length] as string);
            await mine.enqueueMany(round % 2 === 0 ? whole : byHand, jobs);
            await sleep(chance() * 300);
            const victim = Math.floor(chance() * WORKERS);
            // One in four only stands still for longer than its lease, and goes on as if nothing had happened.
            // Another one starts while the others work.
            const worker = await (workers[victim] as Promise<Script>);
            if (round % 4 === 3) await worker.pause(LEASE * 1.5);
            else {
              await worker.kill();
              workers[victim] = start();
            }
            if (round % 10 === 4) {
              await wipe(prefix);
              wiped += 1;
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
        } finally {
          for (const worker of workers) await (await worker).kill();
        }
        const seconds = (performance.now() - began) / 1000;
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
          Array.from({ length: kills * PER_KILL }, (_, i) => i),
        );
        await crm.stop();
        await drop();
        await wipe(prefix);
        if (process.env["CORM_JOB_KILLS"])
          process.stdout.write(
            `BullMQ with ${database.name}: ${effects.length} jobs, ${kills} kills, ${wiped} times emptied, ` +
              `${stalls} taken over, lost 0, doubled 0, ${seconds.toFixed(0)} s\n`,
          );
      },
      120_000 + kills * 20_000,
    );
  });
}
