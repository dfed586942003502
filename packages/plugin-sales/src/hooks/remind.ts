import { after, before, type Context, type HookDefinition, type JobHandle, toInstant } from "@corm/core";
import { activityOfOpportunity } from "../entities/activity.js";

export const REMIND: JobHandle<{ activityId: string; remindAt: string }> = { name: "sales.remind" };

interface Values {
  readonly dueAt?: unknown;
  readonly remindMinutes?: unknown;
}

/** When to remind; null where nothing is due or nobody wants it. Values are the caller's until they are validated. */
function remindAt({ dueAt, remindMinutes }: Values): string | null {
  if (typeof dueAt !== "string" || typeof remindMinutes !== "number" || !Number.isInteger(remindMinutes))
    return null;
  const due = Date.parse(dueAt);
  return Number.isNaN(due) || remindMinutes < 0 ? null : toInstant(due - remindMinutes * 60_000);
}

async function enqueue(
  ctx: Context,
  rows: readonly { readonly id: string; readonly remindAt: string | null; readonly doneAt: string | null }[],
): Promise<void> {
  const jobs = rows.flatMap(({ id, remindAt: at, doneAt }) =>
    at === null || doneAt !== null ? [] : [{ input: { activityId: id, remindAt: at }, runAt: at }],
  );
  if (jobs.length > 0) await ctx.jobs.enqueueMany(REMIND, jobs);
}

/** Reminders go with their activity: who moves it moves them, and each comes once. */
export const remind: readonly HookDefinition[] = [
  before(activityOfOpportunity, "create", { name: "sales.setReminder" }, (batch) => {
    for (const { input } of batch) {
      input.remindAt = remindAt(input);
      input.remindedAt = null;
    }
  }),
  before(activityOfOpportunity, "update", { name: "sales.moveReminder" }, (batch, ctx) => {
    if (ctx.actor.kind === "system" && ctx.actor.capability === "sales.cadences") return;
    for (const { before: old, patch } of batch) {
      delete patch.remindAt;
      delete patch.remindedAt;
      if (patch.dueAt === undefined && patch.remindMinutes === undefined) continue;
      const next = remindAt({ ...old, ...patch });
      if (next === old.remindAt) continue;
      patch.remindAt = next;
      patch.remindedAt = null;
    }
  }),
  after(activityOfOpportunity, "create", { name: "sales.enqueueReminder" }, (batch, ctx) =>
    enqueue(
      ctx,
      batch.map(({ row }) => row),
    ),
  ),
  after(activityOfOpportunity, "update", { name: "sales.enqueueMoved" }, (batch, ctx) =>
    enqueue(
      ctx,
      batch.filter(({ changed }) => changed.has("remindAt")).map(({ row }) => row),
    ),
  ),
];
