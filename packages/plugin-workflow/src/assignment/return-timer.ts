import { addWorkingTime, type Context, type JobHandle, toInstant } from "@corm/core";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import { agentsOf } from "./candidates.js";
import type { TargetRow } from "./target.js";

const MINUTE_MS = 60_000;

export interface ReturnInput {
  readonly target: string;
  readonly recordId: string;
  readonly userId: string;
  /** Of the record when it was given. */
  readonly version: number;
}

export const RETURN_UNTOUCHED: JobHandle<ReturnInput> = { name: "workflow.returnUntouched" };

/** Sets a timer for every record whose rule has one, in the working time of its new owner. */
export async function watchReturn(
  tx: Context,
  target: string,
  ownerField: string,
  rows: readonly TargetRow[],
  rules: ReadonlyMap<string, AssignmentRule>,
): Promise<void> {
  const timed = rows.flatMap((row) => {
    const rule = rules.get(row.id);
    const minutes = rule?.returnAfterMinutes ?? null;
    return minutes === null ? [] : [{ row, userId: String(row[ownerField]), minutes }];
  });
  if (timed.length === 0) return;
  const owners = [...new Set(timed.map(({ userId }) => userId))];
  const agents = await agentsOf(tx, owners);
  await tx.jobs.enqueueMany(
    RETURN_UNTOUCHED,
    timed.map(({ row, userId, minutes }) => {
      const calendar = agents.get(userId)?.calendar;
      const now = tx.clock.now();
      const due = calendar ? addWorkingTime(calendar, now, minutes * MINUTE_MS) : now + minutes * MINUTE_MS;
      return {
        input: { target, recordId: row.id, userId, version: row.version },
        runAt: toInstant(due),
      };
    }),
  );
}
