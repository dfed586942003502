import type { Context } from "@corm/core";
import {
  type AnyPlugin,
  type Crm,
  createCrm,
  databaseJobs,
  defineEntity,
  defineJob,
  definePlugin,
  type JobRun,
} from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import Type from "typebox";

export const effect = defineEntity("effect", {
  fields: {
    job: Type.String({ maxLength: 40 }),
    key: Type.String({ maxLength: 40 }),
    number: Type.Integer(),
  },
  indexes: [["job"], ["key", "number"]],
});

export const LEASE = 1500;
const input = Type.Object({ key: Type.String(), number: Type.Integer() });
type Input = { key: string; number: number };

/** Leaves an effect; every seventh fails at first, half way. */
async function work(ctx: Context, { key, number }: Input, job: JobRun): Promise<void> {
  await ctx.repo(effect).create({ job: job.id, key, number });
  if (number % 7 === 0 && job.attempt === 1) throw new Error("fails once");
}

const common = { input, lease: LEASE, attempts: 50, backoff: { initial: 20, max: 200 } };
export const whole = defineJob("killed.whole", { ...common, transactional: true, run: work });
/** The same by hand. */
export const byHand = defineJob("killed.byHand", {
  ...common,
  run: (ctx, given, job) =>
    ctx.transaction(async (tx) => {
      await work(tx, given, job);
      await job.complete(tx);
    }),
});

/** What both engines' kill loops run. */
export const killedPlugin: AnyPlugin = definePlugin({
  name: "killed",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { effect }, jobs: [whole, byHand] }),
})();

/** @param isFenced false for the mutant: whoever has lost a job completes it all the same */
export const openKilled = (url: string, isFenced = true): Promise<Crm<AnyPlugin[]>> =>
  createCrm({
    storage: knexStorage({ url, pool: { min: 0, max: 12 } }),
    plugins: [killedPlugin],
    secret: "a secret of forty characters, for tests.",
    jobs: {
      engine: (host) => {
        const engine = databaseJobs()(host);
        if (isFenced) return engine;
        const { beat, complete } = engine;
        return Object.assign(engine, {
          complete: (...args: Parameters<typeof complete>) => complete.apply(engine, args).catch(() => {}),
          // Nor is it told that it has lost them.
          beat: async (worker: string) => {
            await beat.call(engine, worker);
            return Object.assign(new Set<string>(), { has: () => true });
          },
        });
      },
    },
  });
