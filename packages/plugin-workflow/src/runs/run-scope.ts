import type { Context } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import type { Scope } from "../automations/values.js";
import type { WorkflowRun } from "../entities/workflow-run.js";

type Row = Readonly<Record<string, unknown>>;

/** The record of a run as its principal sees it now, in the recycle bin as well; null where he does not. */
export async function recordOf(session: Context, run: WorkflowRun): Promise<Row | null> {
  const { target, recordId } = run;
  if (target === null || recordId === null || !session.catalog.entities.has(target)) return null;
  return targetOf(session, target).first({ where: { id: recordId } as never, withDeleted: true });
}

/** What the steps of a run can name. */
export async function scopeOf(session: Context, run: WorkflowRun, record: Row | null): Promise<Scope> {
  const each = run.frames.findLast((frame) => frame.each !== undefined)?.each;
  const id = each?.ids[each.at];
  const item =
    each === undefined || id === undefined
      ? null
      : await targetOf(session, each.entity).first({ where: { id } as never, withDeleted: true });
  const { trigger = {}, steps = {} } = run.vars ?? {};
  return {
    ...(record === null ? {} : { record }),
    ...(item === null ? {} : { item }),
    trigger,
    steps,
    run: { id: run.id, automation: run.automationKey, startedAt: run.startedAt ?? run.queuedAt },
  };
}
