import {
  type AnyPlugin,
  type Context,
  type Crm,
  createCrm,
  defineEntity,
  defineJob,
  definePlugin,
  type JobRun,
  Type,
} from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { bullmqJobs } from "../src/index.js";
import { redisUrl } from "./servers.js";

export const effect = defineEntity("effect", {
  fields: {
    job: Type.String({ maxLength: 40 }),
    key: Type.String({ maxLength: 40 }),
    number: Type.Integer(),
  },
  indexes: [["job"], ["key", "number"]],
});

export const LEASE = 1500;
type Input = { key: string; number: number };

/** Leaves an effect; every seventh fails at first, half way. */
async function work(ctx: Context, { key, number }: Input, job: JobRun): Promise<void> {
  await ctx.repo(effect).create({ job: job.id, key, number });
  if (number % 7 === 0 && job.attempt === 1) throw new Error("fails once");
}

const common = {
  input: Type.Object({ key: Type.String(), number: Type.Integer() }),
  lease: LEASE,
  attempts: 50,
  backoff: { initial: 20, max: 200 },
};
export const whole = defineJob("killed.whole", { ...common, transactional: true, run: work });
export const byHand = defineJob("killed.byHand", {
  ...common,
  run: (ctx, given, job) =>
    ctx.transaction(async (tx) => {
      await work(tx, given, job);
      await job.complete(tx);
    }),
});

const plugin: AnyPlugin = definePlugin({
  name: "killed",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { effect }, jobs: [whole, byHand] }),
})();

/** @param faults hears what was reported; outages are part of the tests that use it */
export const openKilled = (
  url: string,
  prefix: string,
  redis = redisUrl,
  faults: (error: unknown) => void = () => {},
  options: { readonly window?: number } = {},
): Promise<Crm<AnyPlugin[]>> =>
  createCrm({
    storage: knexStorage({ url, pool: { min: 0, max: 12 } }),
    plugins: [plugin],
    secret: "a secret of forty characters, for tests.",
    jobs: { engine: bullmqJobs({ redis: { url: redis, prefix, timeout: 1000 }, ...options }) },
    onError: faults,
  });
