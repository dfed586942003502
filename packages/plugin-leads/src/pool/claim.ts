import { type Context, toInstant } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { leadHolding } from "../entities/lead-holding.js";
import type { LeadPool } from "../entities/lead-pool.js";
import { ClaimCooldown, LeadTaken, PoolCapReached, PoolClosed } from "../errors.js";
import { isOpen } from "../hooks/protect-conversion.js";

export interface Refusal {
  readonly leadId: string;
  /** `gone`: it is in this pool no more, or never was. `nobody`: the rules found nobody who could take it. */
  readonly reason: "taken" | "cooling" | "closed" | "gone" | "nobody";
  /** When whoever held it can claim it again. */
  readonly until: string | null;
}

export interface Handing {
  readonly pool: LeadPool;
  readonly userId: string;
  readonly leadIds: readonly string[];
  /** Somebody gives them to him: he need not wait, and may get as many at once as is wanted. */
  readonly allotted?: boolean;
  /** Past the caps of what he may hold. */
  readonly beyondCaps?: boolean;
}

/**
 * Gives free leads of a pool to somebody. Call it in a transaction that has locked the pool, with the rights of the system:
 * those who claim from one pool come one after another, so that each lead has one winner and caps are exact.
 *
 * @throws pool-cap-reached, pool-closed; lead-taken or claim-cooldown where none of the leads can be had
 */
export async function handOut(
  tx: Context,
  handing: Handing,
): Promise<{ claimed: string[]; refused: Refusal[] }> {
  const { pool, userId, allotted = false, beyondCaps = false } = handing;
  if (!pool.active) throw PoolClosed({ name: pool.name });
  const wanted = [...new Set(handing.leadIds)];
  if (!allotted && wanted.length > pool.maxPerClaim)
    throw PoolCapReached({ cap: "maxPerClaim", limit: pool.maxPerClaim, held: 0, wanted: wanted.length });
  const cooling = allotted ? new Map<string, string>() : await coolingUntil(tx, pool, userId, wanted);
  const { free, refused } = await freeOf(tx, pool, wanted, cooling);
  const [first] = refused;
  if (free.length === 0 && first) {
    if (first.reason === "cooling") throw ClaimCooldown({ id: first.leadId, until: first.until as string });
    throw LeadTaken({ id: first.leadId });
  }
  if (!beyondCaps) await checkCaps(tx, pool, userId, free.length);
  await tx
    .repo(lead)
    .updateMany(free.map(({ id, version }) => ({ id, version, patch: { ownerId: userId } })));
  return { claimed: free.map(({ id }) => id), refused };
}

/** Those leads of a pool, locked, that can be had, and why the others cannot. */
export async function freeOf(
  tx: Context,
  pool: LeadPool,
  leadIds: readonly string[],
  cooling: ReadonlyMap<string, string>,
): Promise<{ free: Lead[]; refused: Refusal[] }> {
  const refused: Refusal[] = [];
  const free: Lead[] = [];
  const wanted = [...new Set(leadIds)].sort();
  const rows = await lockAll(tx, wanted);
  for (const leadId of wanted) {
    const row = rows.get(leadId);
    const until = cooling.get(leadId) ?? null;
    const reason =
      row?.poolId !== pool.id
        ? "gone"
        : !isOpen(row.status)
          ? "closed"
          : row.ownerId !== null
            ? "taken"
            : until !== null
              ? "cooling"
              : null;
    if (reason === null) free.push(row as Lead);
    else refused.push({ leadId, reason, until: reason === "cooling" ? until : null });
  }
  return { free, refused };
}

/** One after another, in the order of their ids: two who want the same ones do not wait for each other in a circle. */
async function lockAll(tx: Context, ids: readonly string[]): Promise<Map<string, Lead>> {
  const { items } = await tx
    .repo(lead)
    .find({ where: { id: { in: ids } }, select: ["id"], limit: ids.length || 1 });
  const there = new Set(items.map(({ id }) => id));
  const rows = new Map<string, Lead>();
  for (const id of ids) if (there.has(id)) rows.set(id, await tx.repo(lead).get(id, { lock: true }));
  return rows;
}

async function checkCaps(tx: Context, pool: LeadPool, userId: string, wanted: number): Promise<void> {
  const mine = { poolId: pool.id, userId, endedAt: null };
  if (pool.maxHeld !== null) {
    const held = await tx.repo(leadHolding).count(mine);
    if (held + wanted > pool.maxHeld)
      throw PoolCapReached({ cap: "maxHeld", limit: pool.maxHeld, held, wanted });
  }
  if (pool.maxToFollow !== null) {
    const held = await tx.repo(leadHolding).count({ ...mine, followedAt: null });
    if (held + wanted > pool.maxToFollow)
      throw PoolCapReached({ cap: "maxToFollow", limit: pool.maxToFollow, held, wanted });
  }
}

/** Until when somebody who held leads of a pool cannot claim them again, by lead. */
export async function coolingUntil(
  ctx: Context,
  pool: LeadPool,
  userId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const until = new Map<string, string>();
  if (pool.cooldownHours === 0 || ids.length === 0) return until;
  const cooldown = pool.cooldownHours * 3_600_000;
  const held = ctx.repo(leadHolding).stream({
    where: { leadId: { in: ids }, userId, endedAt: { gt: toInstant(ctx.clock.now() - cooldown) } },
    select: ["id", "leadId", "endedAt"],
    orderBy: ["endedAt", "id"],
  });
  for await (const { leadId, endedAt } of held)
    until.set(leadId, toInstant(Date.parse(endedAt as string) + cooldown));
  return until;
}
