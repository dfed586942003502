import { type AnyEntity, before, type Context, type HookDefinition } from "@corm/core";
import { actingUser } from "../acting-user.js";
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
        // What a merge lets name another record is changed as well.
        { name: `workflow.lock-${target}-${operation}`, stage: "early", merges: operation === "update" },
        (batch: readonly unknown[], ctx: Context) => refuseLocked(ctx, target, batch as readonly Change[]),
      ),
    ),
  );
}

const PAGE = 500;
const idOf = ({ before: row }: Change): string => (row as { readonly id: string }).id;

async function refuseLocked(ctx: Context, target: string, batch: readonly Change[]): Promise<void> {
  if (ctx.actor.kind === "system" && ctx.actor.capability === "workflow.approvals") return;
  const books = booksOf(ctx);
  for (let start = 0; start < batch.length; start += PAGE) {
    const changes = batch.slice(start, start + PAGE);
    const { items } = await books
      .repo(approval)
      .find({ where: { target, recordId: { in: changes.map(idOf) }, lock: "open" }, limit: PAGE });
    if (items.length === 0) continue;
    const locks = new Map((items as Approval[]).map((one) => [one.recordId, one]));
    const asked = await askedIn(ctx, books, [...locks.values()]);
    for (const change of changes) {
      const lock = locks.get(idOf(change));
      if (lock && !(asked.has(lock.id) && isOpen(change.patch, lock.pinned.editable)))
        throw RecordLocked({ target, recordId: lock.recordId, approvalId: lock.id });
    }
  }
}

const isOpen = (patch: Change["patch"], editable: readonly string[]): boolean =>
  patch !== undefined && Object.keys(patch).every((name) => editable.includes(name));

/** Approvals in whose present step the caller is asked. */
async function askedIn(ctx: Context, books: Context, locks: readonly Approval[]): Promise<Set<string>> {
  const approverId = actingUser(ctx);
  if (approverId === undefined) return new Set();
  const rounds = new Map(locks.map(({ id, round }) => [id, round]));
  const { items } = await books.repo(approvalVote).find({
    where: { approvalId: { in: [...rounds.keys()] }, approverId, decision: "pending" },
    select: ["id", "approvalId", "round"],
    limit: PAGE,
  });
  return new Set(
    items
      .filter(({ approvalId, round }) => rounds.get(approvalId) === round)
      .map(({ approvalId }) => approvalId),
  );
}
