import { addWorkingTime, type Calendars, type Context, type JobHandle, toInstant } from "@corm/core";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import { agentsOf } from "./candidates.js";
import type { TargetRow } from "./target.js";

const MINUTE_MS = 60_000;

export interface ReturnInput {
  readonly target: string;
  readonly recordId: string;
  readonly userId: string;
  readonly ownerField: string;
  /** Of the record when it was given. */
  readonly version: number;
}

export const RETURN_UNTOUCHED: JobHandle<ReturnInput> = { name: "workflow.returnUntouched" };

/** Sets a timer for every record whose rule has one, in the working time of its new owner. */
export async function watchReturn(
  tx: Context,
  target: string,
  rows: readonly TargetRow[],
  rules: ReadonlyMap<string, AssignmentRule>,
  calendars: Calendars,
): Promise<void> {
  const timed = rows.flatMap((row) => {
    const rule = rules.get(row.id);
    return rule && rule.returnAfterMinutes !== null ? [{ row, rule, minutes: rule.returnAfterMinutes }] : [];
  });
  if (timed.length === 0) return;
  const owners = [...new Set(timed.map(({ row, rule }) => String(row[rule.ownerField])))];
  const agents = await agentsOf(tx, owners, calendars);
  await tx.jobs.enqueueMany(
    RETURN_UNTOUCHED,
    timed.map(({ row, rule, minutes }) => {
      const userId = String(row[rule.ownerField]);
      const calendar = agents.get(userId)?.calendar;
      const now = tx.clock.now();
      const due = calendar ? addWorkingTime(calendar, now, minutes * MINUTE_MS) : now + minutes * MINUTE_MS;
      return {
        input: { target, recordId: row.id, userId, ownerField: rule.ownerField, version: row.version },
        runAt: toInstant(due),
      };
    }),
  );
}
