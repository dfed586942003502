import { type Context, defineJob, Type } from "@corm/core";
import { assignRecords, MAX_RECORDS } from "../assignment/assign-records.js";
import { lookAgain, RETRY_WAITING, strikeOut } from "../assignment/waiting.js";
import { assignmentWaiting } from "../entities/assignment-lane.js";

/** Tries again to find somebody for what waits, the longest first. Answers how many have found somebody. */
export async function retryWaiting(
  ctx: Context,
  target?: string,
): Promise<{ tried: number; assigned: number }> {
  const system = ctx.asSystem({ capability: "workflow.assignment", reason: "retry what waits" });
  let [tried, assigned] = [0, 0];
  let after: string | null = null;
  do {
    const page: { items: { id: string; target: string; recordId: string }[]; next: string | null } =
      await system.repo(assignmentWaiting).find({
        ...(target === undefined ? {} : { where: { target } }),
        orderBy: ["since", "id"],
        limit: MAX_RECORDS,
        after,
      });
    const byTarget = groups(page.items);
    for (const [name, waiting] of byTarget) {
      const ids = waiting.map(({ recordId }) => recordId);
      const decisions = await assignRecords(ctx, { target: name, ids, cause: "retried" });
      const decided = new Set(decisions.map(({ recordId }) => recordId));
      // Somebody has taken it meanwhile, or it is gone.
      const over = ids.filter((id) => !decided.has(id));
      await system.transaction((tx) => strikeOut(tx, name, over));
      tried += ids.length;
      assigned += decisions.filter(({ outcome }) => outcome === "assigned").length;
    }
    after = page.next;
  } while (after !== null);
  return { tried, assigned };
}

function groups<T extends { readonly target: string }>(items: readonly T[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of items) found.set(one.target, [...(found.get(one.target) ?? []), one]);
  return found;
}

/** Looks for people for what waits, minute by minute, until nothing does. */
export const retryWaitingJob = defineJob(RETRY_WAITING.name, {
  input: Type.Object({}),
  capability: "workflow.assignment",
  run: async (ctx) => {
    await retryWaiting(ctx);
    if ((await ctx.repo(assignmentWaiting).first({ select: ["id"] })) !== null) await lookAgain(ctx);
  },
});
