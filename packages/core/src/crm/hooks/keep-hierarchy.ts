import type { Context } from "../../context/context.js";
import { defineError } from "../../errors/define-error.js";
import { after, before, type HookDefinition } from "../../hooks/define-hook.js";
import { subordinate } from "../entities/subordinate.js";
import { user } from "../entities/user.js";
import { nextNumber } from "../services/numbers.js";

export const ManagerCycle = defineError<{ userId: string; managerId: string }>("manager-cycle", {
  status: 422,
  title: "Nobody is his own manager",
  detail: ({ userId, managerId }) =>
    `User ${managerId} is ${managerId === userId ? "the same person" : `below ${userId}`}, and cannot be the manager. Choose another, or move that one first.`,
});

interface Move {
  readonly userId: string;
  readonly managerId: string | null;
}

/** Keeps the pairs of `subordinate` in step with `managerId`, in the transaction of the change. */
export const keepHierarchy: readonly HookDefinition[] = [
  after(user, "create", { name: "crm.place-in-hierarchy", stage: "early" }, async (batch, ctx) => {
    const moves = batch
      .filter(({ row }) => row.managerId !== null)
      .map(({ row }) => ({ userId: row.id, managerId: row.managerId }));
    if (moves.length > 0) await placeAll(ctx, moves);
  }),
  after(user, "update", { name: "crm.move-in-hierarchy", stage: "early" }, async (batch, ctx) => {
    const moves = batch
      .filter(({ changed }) => changed.has("managerId"))
      .map(({ row }) => ({ userId: row.id, managerId: row.managerId }));
    if (moves.length > 0) await placeAll(ctx, moves);
  }),
  // Those below come up to nobody, since their own reference is cleared.
  before(user, "purge", { name: "crm.leave-hierarchy" }, async (batch, ctx) => {
    const ids = batch.map(({ before }) => before.id);
    const system = ctx.asSystem({ capability: "crm.directory", reason: "hierarchy of managers" });
    const below: Move[] = [];
    for await (const { id } of system
      .repo(user)
      .stream({ where: { managerId: { in: ids } }, select: ["id"] }))
      below.push({ userId: id, managerId: null });
    if (below.length > 0) await placeAll(ctx, below);
  }),
];

async function placeAll(ctx: Context, moves: readonly Move[]): Promise<void> {
  const system = ctx.asSystem({ capability: "crm.directory", reason: "hierarchy of managers" });
  // Two moves at once could each miss the pairs that the other one makes: one after another.
  await nextNumber(system, "crm.hierarchy");
  // One by one on purpose: where several people of one branch move, each starts from what the one before left.
  for (const move of moves) await place(system, move);
}

async function place(ctx: Context, { userId, managerId }: Move): Promise<void> {
  const pairs = ctx.repo(subordinate);
  const moved = [userId, ...(await usersOf(ctx, { managerId: userId }, "userId"))];
  if (managerId !== null && moved.includes(managerId)) throw ManagerCycle({ userId, managerId });
  const former = await usersOf(ctx, { userId }, "managerId");
  for (let start = 0; start < moved.length && former.length > 0; start += CHUNK) {
    const where = { managerId: { in: former }, userId: { in: moved.slice(start, start + CHUNK) } };
    const gone: string[] = [];
    for await (const { id } of pairs.stream({ where, select: ["id"] })) gone.push(id);
    await pairs.purgeMany(gone);
  }
  if (managerId === null) return;
  const above = [managerId, ...(await usersOf(ctx, { userId: managerId }, "managerId"))];
  for (let start = 0; start < moved.length; start += CHUNK) {
    const chunk = moved.slice(start, start + CHUNK);
    await pairs.createMany(
      above.flatMap((manager) => chunk.map((id) => ({ managerId: manager, userId: id }))),
    );
  }
}

/** People of a branch whose pairs are written at once. */
const CHUNK = 500;

async function usersOf(
  ctx: Context,
  where: { readonly managerId?: string; readonly userId?: string },
  field: "managerId" | "userId",
): Promise<string[]> {
  const ids: string[] = [];
  for await (const pair of ctx.repo(subordinate).stream({ where, select: [field] }))
    ids.push((pair as Record<typeof field, string>)[field]);
  return ids;
}
