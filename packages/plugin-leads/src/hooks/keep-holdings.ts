import { activity, after, before, type Context, each, type HookDefinition } from "@corm/core";
import { type Lead, type LeadInput, lead } from "../entities/lead.js";
import { type LeadHolding, leadHolding } from "../entities/lead-holding.js";
import { leadPool } from "../entities/lead-pool.js";
import { PoolFieldReserved } from "../errors.js";
import { recyclePlan } from "../pool/plan.js";
import { endOf, REPLAN, roundsFor } from "../pool/recycle.js";
import { pooling } from "../pool/rights.js";
import { keepBooks } from "./keep-books.js";
import { isOpen } from "./protect-conversion.js";

const RESERVED = ["poolId", "recycleCount", "lastHolderId"] as const;
/** What is done about a lead with the person. */
const CONTACTS: ReadonlySet<string> = new Set(["call", "meeting", "email", "visit"]);
/** What says when a lead goes back. */
const TERMS = ["recycleUnfollowedDays", "recycleUnwonDays", "warnDays", "protectDays"] as const;

function reserve(values: Partial<LeadInput>, ctx: Context): void {
  if (ctx.actor.kind === "system") return;
  const field = RESERVED.find((name) => values[name] != null && values[name] !== 0);
  if (field) throw PoolFieldReserved({ field });
}

/**
 * Who holds what of a pool follows from the owner of the lead, by whatever way he came to it: claim, allotment, rules,
 * transfer. And what he does about it counts as following it up.
 */
export const keepHoldings: readonly HookDefinition[] = [
  before(
    lead,
    "create",
    { name: "leads.poolReserved" },
    each(({ input }, ctx) => reserve(input, ctx)),
  ),
  before(
    lead,
    "update",
    { name: "leads.countRecycling", stage: "late" },
    each(({ before: old, patch }, ctx) => {
      if (ctx.actor.kind !== "system" && "poolId" in patch && patch.poolId !== old.poolId)
        throw PoolFieldReserved({ field: "poolId" });
      reserve(patch, ctx);
      if (old.poolId === null || old.ownerId === null || patch.ownerId === undefined) return;
      if (patch.ownerId === old.ownerId) return;
      patch.lastHolderId = old.ownerId;
      if (patch.ownerId === null) patch.recycleCount = old.recycleCount + 1;
    }),
  ),
  after(lead, "create", { name: "leads.holdNew" }, (batch, ctx) =>
    settle(
      pooling(ctx),
      batch.map(({ row }) => row).filter(({ poolId }) => poolId !== null),
    ),
  ),
  after(lead, "update", { name: "leads.holdChanged" }, (batch, ctx) =>
    settle(
      pooling(ctx),
      batch
        .filter(({ changed }) => ["ownerId", "poolId", "status"].some((name) => changed.has(name as never)))
        .filter(({ before: old, row }) => old.poolId !== null || row.poolId !== null)
        .map(({ row }) => row),
    ),
  ),
  ...(["create", "update"] as const).map((operation) =>
    after(activity, operation, { name: `leads.followed-${operation}` }, (batch, ctx) =>
      noteFollowing(
        ctx,
        (batch as readonly { readonly row: unknown }[]).map(({ row }) => row as Done),
      ),
    ),
  ),
  after(leadPool, "update", { name: "leads.replanChangedPool" }, async (batch, ctx) => {
    for (const { row, changed } of batch)
      if (TERMS.some((name) => changed.has(name)))
        await ctx.jobs.enqueue(REPLAN, { poolId: row.id, after: null });
  }),
  ...keepBooks([leadHolding]),
];

async function openHoldings(ctx: Context, ids: readonly string[]): Promise<Map<string, LeadHolding>> {
  const found = new Map<string, LeadHolding>();
  for (let start = 0; start < ids.length; start += 500) {
    const chunk = ids.slice(start, start + 500);
    const { items } = await ctx.repo(leadHolding).find({ where: { openKey: { in: chunk } }, limit: 500 });
    for (const one of items) found.set(one.leadId, one as LeadHolding);
  }
  return found;
}

/** Ends what is over, and begins what is new. */
async function settle(ctx: Context, rows: readonly Lead[]): Promise<void> {
  if (rows.length === 0) return;
  const open = await openHoldings(
    ctx,
    rows.map(({ id }) => id),
  );
  const holdings = ctx.repo(leadHolding);
  const isHeld = ({ poolId, ownerId, status }: Lead) => poolId !== null && ownerId !== null && isOpen(status);
  const over = rows.flatMap((row) => {
    const held = open.get(row.id);
    if (!held) return [];
    if (isHeld(row) && held.userId === row.ownerId && held.poolId === row.poolId) return [];
    open.delete(row.id);
    const reason = !isOpen(row.status) ? "closed" : row.ownerId === null ? "released" : "moved";
    return [{ id: held.id, patch: endOf(ctx, reason) }];
  });
  await holdings.updateMany(over);
  const fresh = rows.filter((row) => isHeld(row) && !open.has(row.id));
  if (fresh.length === 0) return;
  const poolIds = [...new Set(fresh.map(({ poolId }) => poolId as string))];
  const { items } = await ctx
    .repo(leadPool)
    .find({ where: { id: { in: poolIds } }, withDeleted: true, limit: poolIds.length });
  const pools = new Map(items.map((pool) => [pool.id, pool]));
  const claimedAt = ctx.now();
  const begun = await holdings.createMany(
    fresh.flatMap(({ id, poolId, ownerId }) => {
      const pool = pools.get(poolId as string);
      if (!pool) return [];
      const plan = recyclePlan(pool, { claimedAt, followedAt: null });
      return [{ leadId: id, poolId: pool.id, userId: ownerId as string, claimedAt, openKey: id, ...plan }];
    }),
  );
  await roundsFor(ctx, begun);
}

interface Done {
  readonly kind: string;
  readonly leadId?: string | null;
  readonly ownerId: string | null;
  readonly doneAt: string | null;
}

async function noteFollowing(ctx: Context, rows: readonly Done[]): Promise<void> {
  const now = ctx.now();
  const done = rows.filter(
    ({ kind, leadId, doneAt }) => CONTACTS.has(kind) && leadId && doneAt !== null && doneAt <= now,
  );
  if (done.length === 0) return;
  const system = pooling(ctx);
  const held = await openHoldings(system, [...new Set(done.map(({ leadId }) => leadId as string))]);
  const latest = new Map<string, string>();
  for (const { leadId, ownerId, doneAt } of done) {
    const own = held.get(leadId as string);
    // Of an activity without an owner nobody else says that he did it.
    if (!own || (ownerId !== null && ownerId !== own.userId)) continue;
    const known = latest.get(own.leadId) ?? own.followedAt ?? own.claimedAt;
    if ((doneAt as string) >= known) latest.set(own.leadId, doneAt as string);
  }
  const pools = await system.repo(leadPool).find({
    where: { id: { in: [...new Set([...held.values()].map(({ poolId }) => poolId))] } },
    withDeleted: true,
    limit: 500,
  });
  const terms = new Map(pools.items.map((pool) => [pool.id, pool]));
  const followed = await system.repo(leadHolding).updateMany(
    [...latest].flatMap(([leadId, followedAt]) => {
      const own = held.get(leadId) as LeadHolding;
      const pool = terms.get(own.poolId);
      if (!pool) return [];
      return [
        { id: own.id, patch: { followedAt, warnedAt: null, ...recyclePlan(pool, { ...own, followedAt }) } },
      ];
    }),
  );
  await roundsFor(system, followed);
}
