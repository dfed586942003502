import Type from "typebox";
import type { Context } from "../../context/context.js";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { defineJob, type JobRun } from "../../jobs/define-job.js";
import type { Crm } from "../../kernel/crm.js";
import { definePlugin } from "../../plugin/define-plugin.js";
import type { AnyPlugin } from "../../plugin/plugin.js";

const markDraft = defineEntity("jobMark", {
  plural: "jobMarks",
  fields: { label: Type.String({ maxLength: 100 }), job: Type.Optional(Type.String({ maxLength: 40 })) },
  indexes: [["label"]],
});
interface Mark extends Row<typeof markDraft> {}
interface MarkInput extends Input<typeof markDraft> {}
/** What jobs leave behind in the database. */
export const mark = markDraft.as<Mark, MarkInput>();

type Run = (ctx: Context, label: string, job: JobRun) => Promise<unknown>;

/** What the jobs of one test do, and in which order they did it. */
export interface Program {
  run: Run;
  readonly ran: string[];
}

export const newProgram = (): Program => ({ run: async () => {}, ran: [] });

const input = Type.Object({ label: Type.String({ maxLength: 100 }) });

/** A plugin whose jobs do what the program says. */
export function jobApp(program: Program) {
  const run = async (ctx: Context, { label }: { label: string }, job: JobRun) => {
    program.ran.push(label);
    await program.run(ctx, label, job);
  };
  const lease = 3000;
  const backoff = { initial: 1000, factor: 2, max: 60_000 };
  const loose = defineJob("conform.loose", { input, lease, backoff, attempts: 3, run });
  /** Leaves a mark in the transaction of its completion. */
  const exact = defineJob("conform.exact", {
    input,
    lease,
    backoff,
    attempts: 3,
    transactional: true,
    run: async (ctx, given, job) => {
      await run(ctx, given, job);
      await ctx.repo(mark).create({ label: given.label, job: job.id });
    },
  });
  const pair = defineJob("conform.pair", { input, lease, backoff, concurrency: 2, run });
  const other = defineJob("conform.other", { input, lease, queue: "other", run });
  /** Done together: `alone:` marks what is left to each. */
  const grouped = defineJob("conform.grouped", {
    input,
    lease,
    backoff,
    attempts: 3,
    capability: "conform.grouped",
    together: {
      limit: 4,
      run: async (tx, jobs) => {
        program.ran.push(jobs.map((job) => job.input.label).join("+"));
        await tx.repo(mark).createMany(jobs.map((job) => ({ label: job.input.label })));
        if (jobs.some((job) => job.input.label.startsWith("alone"))) throw new Error("not together");
      },
    },
    run: async (ctx, given, job) => {
      await run(ctx, given, job);
      await ctx.repo(mark).create({ label: given.label });
    },
  });
  const plugin: AnyPlugin = definePlugin({
    name: "conform",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      entities: { jobMark: mark },
      jobs: [loose, exact, pair, other, grouped],
      capabilities: { "conform.grouped": "Does jobs together" },
    }),
  })();
  return { plugin, loose, exact, pair, other, grouped };
}

export const marksOf = async (ctx: Context): Promise<string[]> => {
  const { items } = await ctx.repo(mark).find({ orderBy: ["label"], limit: 500 });
  return items.map(({ label }) => label);
};

export type App = Crm<AnyPlugin[]>;
