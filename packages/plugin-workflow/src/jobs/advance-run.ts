import { type Context, defineJob, Type } from "@corm/core";
import type { WorkflowRun } from "../entities/workflow-run.js";
import { advanceTogether } from "../runs/advance-together.js";
import { failRun, isLost, mayTryAgain } from "../runs/fail.js";
import { readSoFar } from "../runs/missed.js";
import { lockRun, move } from "../runs/move.js";
import { ADVANCE } from "../runs/start-runs.js";
import { turnOf, writeTurns } from "../runs/turn.js";

/** Steps of one job: others have their turn then. */
const MOVES = 100;

/**
 * Takes runs as far as they go. Where nothing fails, several of them, and several steps of each, share a transaction with
 * their jobs; otherwise each step has a transaction of its own, the last one together with the job.
 */
export const advanceRun = defineJob(ADVANCE.name, {
  input: Type.Object({
    runId: Type.String(),
    round: Type.Integer(),
    /** It is the time that it waited for. */
    timed: Type.Optional(Type.Boolean()),
  }),
  capability: "workflow.automations",
  attempts: 20,
  // Its transactions are short: who has been silent for so long is gone.
  lease: 15_000,
  together: { run: advanceTogether },
  run: async (ctx, { runId, round, timed = false }, job) => {
    for (let moves = 1; ; moves++) {
      const more = await oneMove(
        ctx,
        { runId, round, woken: timed ? "time" : "change" },
        moves >= MOVES,
        job,
      );
      if (!more) return;
    }
  },
});

interface Turn {
  readonly runId: string;
  readonly round: number;
  readonly woken: "time" | "change";
}

async function oneMove(
  ctx: Context,
  { runId, round, woken }: Turn,
  isLast: boolean,
  job: { complete(tx: Context): Promise<void> },
): Promise<boolean> {
  let failed: WorkflowRun | undefined;
  try {
    return await ctx.transaction(async (tx) => {
      const since = await readSoFar(tx);
      const run = await lockRun(tx, runId, round);
      failed = run ?? undefined;
      const turn = run && turnOf(run);
      const moved = turn === null ? "rest" : await move(tx, turn, { woken, since });
      if (turn) await writeTurns(tx, [turn], since);
      const more = moved === "more";
      if (more && !isLast) return true;
      if (more) await tx.jobs.enqueue(ADVANCE, { runId, round });
      await job.complete(tx);
      return false;
    });
  } catch (error) {
    // Where the run was not even read, the job itself is tried again.
    if (!failed || isLost(error)) throw error;
    await noteFailure(ctx, failed, error, job);
    return false;
  }
}

/** The step is tried again later, or the run has failed and says why. */
async function noteFailure(
  ctx: Context,
  { id, round }: WorkflowRun,
  error: unknown,
  job: { complete(tx: Context): Promise<void> },
): Promise<void> {
  await ctx.transaction(async (tx) => {
    const run = await lockRun(tx, id, round);
    if (run) await failRun(tx, run, error, mayTryAgain(run, error));
    await job.complete(tx);
  });
}
