import type { Context, TogetherJob } from "@corm/core";
import { type WorkflowRun, workflowRun } from "../entities/workflow-run.js";
import { failTurn, isLost, mayTryAgain } from "./fail.js";
import { readSoFar } from "./missed.js";
import { goesOn, move, type Reads } from "./move.js";
import { sharedReads } from "./shared-reads.js";
import { ADVANCE, type AdvanceInput } from "./start-runs.js";
import { copyOf, enqueueWith, type Turn, turnOf, writeTurns } from "./turn.js";

/** Steps of one run in one transaction: it holds the locks of all that they change. */
const MOVES = 20;

/**
 * Takes several runs as far as they go, in one transaction. Nobody locks them: who has moved one on meanwhile lets this
 * transaction fail as it writes, and nothing of it is kept.
 *
 * @throws version-conflict, or what the database fails with: each run is then taken by itself
 */
export async function advanceTogether(
  books: Context,
  jobs: readonly TogetherJob<AdvanceInput>[],
): Promise<void> {
  const since = await readSoFar(books);
  const ids = [...new Set(jobs.map(({ input }) => input.runId))];
  const { items } = await books.repo(workflowRun).find({ where: { id: { in: ids } }, limit: ids.length });
  // A run that several jobs wake goes on once, by one of its present round: what is left of earlier ones does nothing.
  const due = (items as WorkflowRun[]).flatMap((run) => {
    const job = jobs.find(({ input }) => input.runId === run.id && goesOn(run, input.round));
    return job ? [{ run, job }] : [];
  });
  if (due.length === 0) return;
  const reads = await sharedReads(
    books,
    due.map(({ run }) => run),
  );
  const turns: Turn[] = [];
  for (const { run, job } of due) turns.push(await goFar(job.ctx, turnOf(run), job.input, { reads, since }));
  await writeTurns(books, turns, since);
}

/** Each step in a savepoint: of one that fails nothing is kept, and what is wrong noted with its run. */
async function goFar(
  ctx: Context,
  begun: Turn,
  { timed }: AdvanceInput,
  { reads, since }: { readonly reads: Reads; readonly since: number },
): Promise<Turn> {
  const woken = timed ? "time" : "change";
  for (let turn = begun, moves = 1; ; moves++) {
    const next = copyOf(turn);
    try {
      const moved = await ctx.savepoint((tx) => move(tx, next, { woken, reads, since }));
      if (moved !== "more") return next;
    } catch (error) {
      if (isLost(error) || ctx.signal?.aborted) throw error;
      failTurn(ctx, turn, await reads.definition(turn.run), error, mayTryAgain(turn.run, error));
      return turn;
    }
    turn = next;
    if (moves >= MOVES) {
      const { id: runId, round } = turn.run;
      enqueueWith(turn, ADVANCE, { runId, round });
      return turn;
    }
  }
}
