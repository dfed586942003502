import { type Context, defineJob, isCormError, Type, toInstant } from "@corm/core";
import { type AutomationDefinition, blockOf } from "../automations/definition.js";
import { automationVersion } from "../entities/automation.js";
import { type WorkflowRun, workflowRun } from "../entities/workflow-run.js";
import { stepKey } from "../runs/frames.js";
import { lockRun, mayHelp, move, noteStep } from "../runs/move.js";
import { ADVANCE } from "../runs/start-runs.js";

/** Steps of one job: others have their turn then. */
const MOVES = 100;
const FIRST_PAUSE_MS = 10_000;
const SLOWEST_MS = 3_600_000;

/** Takes a run as far as it goes: each step in a transaction of its own, the last one together with the job. */
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
      const run = await lockRun(tx, runId, round);
      failed = run ?? undefined;
      const moved = run === null ? "rest" : await move(tx, run, { woken });
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

const isLost = (error: unknown): boolean =>
  isCormError(error) && (error.code === "job-lost" || error.code === "transaction-conflict");

/** The step is tried again later, or the run has failed and says why. */
async function noteFailure(
  ctx: Context,
  { id, round }: WorkflowRun,
  error: unknown,
  job: { complete(tx: Context): Promise<void> },
): Promise<void> {
  await ctx.transaction(async (tx) => {
    const run = await lockRun(tx, id, round);
    if (run) await failRun(tx, run, error, mayHelp(error) && run.attempts + 1 < run.maxAttempts);
    await job.complete(tx);
  });
}

export async function failRun(tx: Context, run: WorkflowRun, error: unknown, again: boolean): Promise<void> {
  const words = wordsOf(error);
  const attempts = run.attempts + 1;
  const kind = await kindAt(tx, run);
  if (kind !== null)
    await noteStep(tx, run.id, stepKey(run.frames), kind, { state: "failed", attempts, error: words });
  const pause = Math.min(SLOWEST_MS, FIRST_PAUSE_MS * 4 ** (attempts - 1));
  const wakeAt = again ? toInstant(tx.clock.now() + pause) : null;
  const round = run.round + 1;
  await tx.repo(workflowRun).update(run.id, {
    ...{ attempts, error: words, round, wakeAt, startedAt: run.startedAt ?? tx.now() },
    ...(again ? { state: run.state } : { state: "failed", finishedAt: tx.now() }),
  });
  if (wakeAt !== null) await tx.jobs.enqueue(ADVANCE, { runId: run.id, round }, { runAt: wakeAt });
}

/** The kind of the step at hand; null where there is none. */
async function kindAt(tx: Context, { versionId, frames }: WorkflowRun): Promise<string | null> {
  const inner = frames.at(-1);
  const version = inner && (await tx.repo(automationVersion).first({ where: { id: versionId } }));
  if (!version) return null;
  const definition = version.definition as unknown as AutomationDefinition;
  return blockOf(definition, inner.block)[inner.at]?.kind ?? null;
}

function wordsOf(error: unknown): string {
  const text = isCormError(error)
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
  return text.replace(/[\p{Surrogate}\0]/gu, "?").slice(0, 4000);
}
