import { type AnyEntity, before, type Context, type HookDefinition } from "@corm/core";
import { booksOf } from "../approvals/run.js";
import { type Approval, approval, approvalVote } from "../entities/approval.js";
import { RecordLocked } from "../errors.js";

interface Change {
  readonly before: unknown;
  readonly patch?: Readonly<Record<string, unknown>>;
}

/**
 * Refuses changes to records that are being approved, whoever makes them and by whatever path: API, batch, import, merge,
 * hook or job. What is left open are the fields that the process lets its present approvers change.
 */
export function lockRecords(targets: readonly string[]): HookDefinition[] {
  return targets.flatMap((target) =>
    (["update", "delete", "purge"] as const).map((operation) =>
      before(
        { name: target } as AnyEntity,
        operation,
        { name: `workflow.lock-${target}-${operation}`, stage: "early" },
        (batch: readonly unknown[], ctx: Context) => refuseLocked(ctx, target, batch as readonly Change[]),
      ),
    ),
  );
}

async function refuseLocked(ctx: Context, target: string, batch: readonly Change[]): Promise<void> {
  if (ctx.actor.kind === "system" && ctx.actor.capability === "workflow.approvals") return;
  const ids = batch.map(({ before: row }) => (row as { readonly id: string }).id);
  const books = booksOf(ctx);
  for (let start = 0; start < ids.length; start += 500) {
    const { items } = await books.repo(approval).find({
      where: { target, recordId: { in: ids.slice(start, start + 500) }, lock: "open" },
      limit: 500,
    });
    const locks = new Map((items as Approval[]).map((one) => [one.recordId, one]));
    for (const change of batch.slice(start, start + 500)) {
      const lock = locks.get((change.before as { readonly id: string }).id);
      if (lock && !(await mayEdit(ctx, books, lock, change.patch)))
        throw RecordLocked({ target, recordId: lock.recordId, approvalId: lock.id });
    }
  }
}

async function mayEdit(
  ctx: Context,
  books: Context,
  { id, round, pinned }: Approval,
  patch: Change["patch"],
): Promise<boolean> {
  const approverId = ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : undefined);
  if (patch === undefined || approverId === undefined || pinned.editable.length === 0) return false;
  if (!Object.keys(patch).every((name) => pinned.editable.includes(name))) return false;
  const own = { approvalId: id, round, approverId, decision: "pending" as const };
  return (await books.repo(approvalVote).first({ where: own, select: ["id"] })) !== null;
}
