import { databaseJobs, type JobEngine } from "@corm/core";
import { jobConformance } from "@corm/core/testing";
import { expect, it } from "vitest";
import { databases, storageAt } from "../support/databases.js";

type Mutation = (engine: JobEngine) => Partial<JobEngine>;

/** Which of these tests of the contract an engine with this fault does not pass. */
async function failing(names: readonly string[], mutation: Mutation): Promise<string[]> {
  const file = databases.find(({ name }) => name === "SQLite in a file");
  const tests: [string, () => Promise<void>][] = [];
  jobConformance({
    name: "mutant",
    runner: { describe: (_, body) => body(), test: (name, body) => void tests.push([name, body]) },
    open: async () => {
      const { url, drop } = await (file as NonNullable<typeof file>).create();
      return {
        storage: () => storageAt(url),
        isShared: true,
        engine: (host) => {
          const engine = databaseJobs()(host);
          return Object.assign(engine, mutation(engine));
        },
        dispose: drop,
      };
    },
  });
  const failed: string[] = [];
  for (const [name, body] of tests) if (names.includes(name)) await body().catch(() => failed.push(name));
  return failed;
}

const LOST = "refuses what a worker does that has lost its job, and all that goes with it";
const TAKEN = "refuses a lost worker also while another is at it";
const TOGETHER = "commits what a job does together with its completion";
const ALIVE = "leaves a job with a worker that gives signs of life";
const GROUP = "keeps nothing of jobs done together of which one is lost";
const all = [LOST, TAKEN, TOGETHER, ALIVE];

it("passes without a fault", async () => {
  expect(await failing(all, () => ({}))).toEqual([]);
});

it("tells an engine that lets a worker complete what it has lost", async () => {
  const failed = await failing(all, (engine) => {
    const complete = engine.complete.bind(engine);
    return { complete: (job, tx) => complete(job, tx).catch(() => {}) };
  });
  expect(failed).toEqual([LOST, TAKEN]);
});

it("tells an engine that does not complete in the transaction of the work", async () => {
  const failed = await failing(all, (engine) => {
    const complete = engine.complete.bind(engine);
    return { complete: (job, tx) => (tx?.inTransaction ? Promise.resolve() : complete(job)) };
  });
  expect(failed).toContain(TOGETHER);
});

it("tells an engine that hears no signs of life", async () => {
  expect(await failing(all, () => ({ beat: async () => new Set() }))).toEqual([ALIVE]);
});

it("tells an engine that completes some of those that were done together", async () => {
  const failed = await failing([GROUP], (engine) => ({
    completeAll: async (jobs, tx) => {
      for (const job of jobs) await engine.complete(job, tx).catch(() => {});
    },
  }));
  expect(failed).toEqual([GROUP]);
});
