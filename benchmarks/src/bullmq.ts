import { randomUUID } from "node:crypto";
import { bullmqJobs } from "@corm/bullmq";
import { createCrm } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { actor, tenant } from "./app/identity.js";
import { bench, CLAIM, JOBS, nothing } from "./jobs.js";
import type { Scenario } from "./scenarios.js";

/** Jobs that BullMQ alone makes and works on, which have no database. */
function direct(url: string, prefix: string) {
  const connection = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue("direct", { connection, prefix });
  let left = 0;
  let finish = (): void => {};
  const worker = new Worker("direct", async () => {}, { connection, prefix, concurrency: CLAIM });
  worker.on("completed", () => {
    left -= 1;
    if (left === 0) finish();
  });
  return {
    async run(): Promise<void> {
      left = JOBS;
      const done = new Promise<void>((resolve) => {
        finish = resolve;
      });
      await queue.addBulk(
        Array.from({ length: JOBS }, (_, number) => ({
          name: "nothing",
          data: { number },
          opts: { removeOnComplete: true },
        })),
      );
      await done;
    },
    async stop(): Promise<void> {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
      connection.disconnect();
    },
  };
}

async function corm(postgres: string, url: string, prefix: string) {
  const crm = await createCrm({
    storage: knexStorage({ url: postgres }),
    plugins: [bench()],
    jobs: { engine: bullmqJobs({ redis: { url, prefix } }) },
  });
  const session = crm.as({ actor, tenant, roles: ["admin"] });
  let left = 0;
  let finish = (): void => {};
  const worker = crm.worker({
    concurrency: CLAIM,
    onEnd: () => {
      left -= 1;
      if (left === 0) finish();
    },
  });
  worker.start();
  const jobs = Array.from({ length: JOBS }, (_, number) => ({ input: { number } }));
  return {
    async run(): Promise<void> {
      left = JOBS;
      const done = new Promise<void>((resolve) => {
        finish = resolve;
      });
      await session.jobs.enqueueMany(nothing, jobs);
      await done;
    },
    stop: () => crm.stop(),
  };
}

/** One running worker each. BullMQ alone keeps nothing in a database. */
export async function bullmqScenarios(
  postgres: string | undefined,
  redis: string | undefined,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  if (!postgres || !redis) return { scenarios: [], stop: async () => {} };
  const prefix = `bench-${randomUUID().slice(0, 8)}`;
  const raw = direct(redis, prefix);
  const ours = await corm(postgres, redis, prefix);
  return {
    scenarios: [
      {
        name: "handed to a running worker by BullMQ, which alone has no database",
        unit: { name: "jobs", count: JOBS },
        grows: true,
        tasks: async () => [
          { name: "raw", run: raw.run },
          { name: "corm", run: ours.run },
        ],
      },
    ],
    stop: async () => {
      await raw.stop();
      await ours.stop();
    },
  };
}
