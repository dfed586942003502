import { type Context, isCormError, toInstant } from "@corm/core";
import { type AutomationDefinition, blockOf } from "../automations/definition.js";
import { automationVersion } from "../entities/automation.js";
import type { WorkflowRun } from "../entities/workflow-run.js";
import { stepKey } from "./frames.js";
import { ADVANCE } from "./start-runs.js";
import { change, enqueueWith, type Turn, turnOf, writeTurns } from "./turn.js";

const FIRST_PAUSE_MS = 10_000;
const SLOWEST_MS = 3_600_000;

/** Whether trying again could help: not where what is asked for is wrong, or not allowed. */
export function mayHelp(error: unknown): boolean {
  return !isCormError(error) || ![400, 401, 403, 404, 422].includes(error.status);
}

export const mayTryAgain = (run: WorkflowRun, error: unknown): boolean =>
  mayHelp(error) && run.attempts + 1 < run.maxAttempts;

/** No fault of the step: somebody else has the job, or the database gave the transaction up. */
export const isLost = (error: unknown): boolean =>
  isCormError(error) && (error.code === "job-lost" || error.code === "transaction-conflict");

/** The step is tried again later, or the run has failed and says why. */
export async function failRun(tx: Context, run: WorkflowRun, error: unknown, again: boolean): Promise<void> {
  const version = await tx.repo(automationVersion).first({ where: { id: run.versionId } });
  const turn = turnOf(run);
  failTurn(tx, turn, version?.definition as AutomationDefinition | undefined, error, again);
  await writeTurns(tx, [turn]);
}

export function failTurn(
  tx: Context,
  turn: Turn,
  definition: AutomationDefinition | undefined,
  error: unknown,
  again: boolean,
): void {
  const { run } = turn;
  const words = wordsOf(error);
  const attempts = run.attempts + 1;
  const inner = run.frames.at(-1);
  const kind = definition && inner && blockOf(definition, inner.block)[inner.at]?.kind;
  if (kind !== undefined)
    turn.notes.set(stepKey(run.frames), { kind, state: "failed", attempts, error: words });
  const pause = Math.min(SLOWEST_MS, FIRST_PAUSE_MS * 4 ** (attempts - 1));
  const wakeAt = again ? toInstant(tx.clock.now() + pause) : null;
  const round = run.round + 1;
  change(turn, {
    ...{ attempts, error: words, round, wakeAt, startedAt: run.startedAt ?? tx.now() },
    ...(again ? { state: run.state } : { state: "failed", finishedAt: tx.now() }),
  });
  if (wakeAt !== null) enqueueWith(turn, ADVANCE, { runId: run.id, round }, { runAt: wakeAt });
}

function wordsOf(error: unknown): string {
  const text = isCormError(error)
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
  return text.replace(/[\p{Surrogate}\0]/gu, "?").slice(0, 4000);
}
