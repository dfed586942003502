import { type Context, type JobHandle, toInstant } from "@corm/core";
import { assignmentWaiting } from "../entities/assignment-lane.js";
import type { Decision } from "./assign-records.js";

export const RETRY_WAITING: JobHandle<Record<never, never>> = { name: "workflow.retryWaiting" };
const MINUTE_MS = 60_000;

/** Looks again at the next full minute: one job for all that begins to wait until then, and none where nothing waits. */
export async function lookAgain(ctx: Context): Promise<void> {
  const runAt = toInstant((Math.floor(ctx.clock.now() / MINUTE_MS) + 1) * MINUTE_MS);
  await ctx.jobs.enqueue(RETRY_WAITING, {}, { runAt, dedupeId: `workflow.retryWaiting@${runAt}` });
}

/** Since when each of the records has been waiting. */
export async function waitingSince(
  ctx: Context,
  target: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const { items } = await ctx
    .repo(assignmentWaiting)
    .find({ where: { target, recordId: { in: ids } }, limit: ids.length });
  return new Map(items.map(({ recordId, since }) => [recordId, since]));
}

/** Notes what waits now, and strikes out what has found somebody. */
export async function keepWaiting(
  tx: Context,
  target: string,
  decisions: readonly Decision[],
): Promise<void> {
  const list = tx.repo(assignmentWaiting);
  const known = await waitingIds(
    tx,
    target,
    decisions.map(({ recordId }) => recordId),
  );
  const fresh = decisions.filter(({ outcome, recordId }) => outcome === "waiting" && !known.has(recordId));
  await list.createMany(
    fresh.map(({ recordId, ruleId }) => ({ target, recordId, ruleId: ruleId ?? null, since: tx.now() })),
  );
  if (fresh.length > 0) await lookAgain(tx);
  const done = decisions.flatMap(({ outcome, recordId }) =>
    outcome === "waiting" ? [] : (known.get(recordId) ?? []),
  );
  await list.purgeMany(done);
}

/** Lets records wait no longer. */
export async function strikeOut(tx: Context, target: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const known = await waitingIds(tx, target, ids);
  await tx.repo(assignmentWaiting).purgeMany([...known.values()]);
}

async function waitingIds(
  ctx: Context,
  target: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { items } = await ctx
    .repo(assignmentWaiting)
    .find({ where: { target, recordId: { in: ids } }, select: ["id", "recordId"], limit: ids.length });
  return new Map(items.map(({ id, recordId }) => [recordId, id]));
}
