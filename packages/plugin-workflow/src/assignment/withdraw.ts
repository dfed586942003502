import type { Context } from "@corm/core";
import { lockLane } from "./lane.js";
import { strikeOut, waitingSince } from "./waiting.js";

const BATCH = 500;

/** Takes records out of those that wait for somebody. Under the lane: nobody gives one away at this moment. */
export async function withdraw(ctx: Context, target: string, ids: readonly string[]): Promise<void> {
  const system = ctx.asSystem({ capability: "workflow.assignment", reason: `withdraw ${target} records` });
  for (let at = 0; at < ids.length; at += BATCH) {
    const own = ids.slice(at, at + BATCH);
    // Most wait for nobody, and are not to wait for the lane either.
    if ((await waitingSince(system, target, own)).size === 0) continue;
    await system.transaction(async (tx) => {
      await lockLane(tx, target);
      await strikeOut(tx, target, own);
    });
  }
}
