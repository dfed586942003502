import { type Context, defineJob, defineSchedule, Type } from "@corm/core";
import { lead } from "../entities/lead.js";
import { RECOMPUTE, RESCORE, scoreInJob } from "../scoring/rescore.js";
import { SCORE_BATCH, scoreLeads } from "../scoring/score-leads.js";

/** Scores some leads, since something about them has changed. */
export const rescoreJob = defineJob(RESCORE.name, {
  input: Type.Object({ leadIds: Type.Array(Type.String(), { maxItems: SCORE_BATCH }) }),
  capability: "leads.score",
  run: (ctx, { leadIds }, job) => scoreInJob(ctx, job, (tx) => scoreLeads(tx, leadIds)),
});

/** Scores all open leads, one batch per job: a crash costs a batch, and memory holds no more than one. */
export const recomputeJob = defineJob(RECOMPUTE.name, {
  /** `after` is the cursor of the batch before. */
  input: Type.Object({ after: Type.Union([Type.String(), Type.Null()]) }),
  capability: "leads.score",
  run: (ctx, { after }, job) => scoreInJob(ctx, job, (tx) => scoreNext(tx, after)),
});

async function scoreNext(tx: Context, after: string | null): Promise<void> {
  const { items, next } = await tx.repo(lead).find({
    where: { status: { in: ["new", "working", "qualified"] } },
    select: ["id"],
    orderBy: ["id"],
    limit: SCORE_BATCH,
    after,
  });
  await scoreLeads(
    tx,
    items.map(({ id }) => id),
  );
  if (next !== null) await tx.jobs.enqueue(RECOMPUTE, { after: next });
}

/** Events grow old, and relative dates in conditions move on. */
export const nightlyScores = defineSchedule("leads.nightlyScores", {
  cron: "15 1 * * *",
  job: recomputeJob,
  input: { after: null },
});
