import {
  type Context,
  type JobHandle,
  type JobRun,
  TransactionConflict,
  UniqueViolation,
  VersionConflict,
} from "@corm/core";
import { SCORE_BATCH } from "./score-leads.js";

export const RESCORE: JobHandle<{ leadIds: string[] }> = { name: "leads.rescore" };
export const RECOMPUTE: JobHandle<{ after: string | null }> = { name: "leads.recomputeScores" };

/** Scores leads soon, in transactions of their own: whoever changes something does not wait for it. */
export async function rescoreSoon(ctx: Context, ids: readonly string[]): Promise<void> {
  const wanted = [...new Set(ids)];
  const jobs: { input: { leadIds: string[] } }[] = [];
  for (let start = 0; start < wanted.length; start += SCORE_BATCH)
    jobs.push({ input: { leadIds: wanted.slice(start, start + SCORE_BATCH) } });
  if (jobs.length > 0) await ctx.jobs.enqueueMany(RESCORE, jobs);
}

const MAX_TRIES = 8;

/** Scores leads and completes the job in one transaction; begins again where somebody scored one of them meanwhile. */
export async function scoreInJob(
  ctx: Context,
  job: JobRun,
  work: (tx: Context) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await ctx.transaction(async (tx) => {
        await work(tx);
        await job.complete(tx);
      });
    } catch (error) {
      const again = [VersionConflict, UniqueViolation, TransactionConflict].some(({ is }) => is(error));
      if (!again || tries === MAX_TRIES) throw error;
    }
  }
}

export const scoring = (ctx: Context): Context =>
  ctx.asSystem({ capability: "leads.score", reason: "scores leads" });
