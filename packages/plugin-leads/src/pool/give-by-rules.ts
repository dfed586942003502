import type { AssignmentAnswer, Assignments, Context } from "@corm/core";
import { leadHolding } from "../entities/lead-holding.js";
import type { LeadPool } from "../entities/lead-pool.js";
import { LeadTaken, PoolClosed } from "../errors.js";
import { freeOf, type Refusal } from "./claim.js";

export interface GivenByRules {
  readonly claimed: string[];
  readonly refused: Refusal[];
  readonly given: { readonly leadId: string; readonly userId: string }[];
}

/**
 * Gives free leads of a pool to the people whom the rules of the tenant choose: in the team of the pool, where it has one,
 * and nobody more than its caps let him hold. Call it as `handOut`, in a transaction that has locked the pool.
 *
 * @throws pool-closed; lead-taken where none of the leads can be had
 */
export async function giveByRules(
  tx: Context,
  service: Assignments,
  order: { readonly pool: LeadPool; readonly leadIds: readonly string[]; readonly beyondCaps?: boolean },
): Promise<GivenByRules> {
  const { pool, beyondCaps = false } = order;
  if (!pool.active) throw PoolClosed({ name: pool.name });
  const { free, refused } = await freeOf(tx, pool, order.leadIds, new Map());
  const [first] = refused;
  if (free.length === 0 && first) throw LeadTaken({ id: first.leadId });
  const answers = await service.assign({
    target: "lead",
    ids: free.map(({ id }) => id),
    cause: "asked",
    teamId: pool.teamId ?? undefined,
    // What nobody can take waits in the pool, where anybody may claim it.
    once: true,
    ...(beyondCaps ? {} : { room: (ctx, userIds) => roomOf(ctx, pool, userIds) }),
  });
  return sorted(answers, refused);
}

function sorted(answers: readonly AssignmentAnswer[], refused: readonly Refusal[]): GivenByRules {
  const given = answers.flatMap(({ recordId, userId }) => (userId ? [{ leadId: recordId, userId }] : []));
  const nobody = answers
    .filter(({ userId }) => !userId)
    .map(({ recordId }): Refusal => ({ leadId: recordId, reason: "nobody", until: null }));
  return { claimed: given.map(({ leadId }) => leadId), refused: [...refused, ...nobody], given };
}

/** How many more leads of the pool each of them may hold. */
async function roomOf(
  ctx: Context,
  pool: LeadPool,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const room = new Map<string, number>();
  const caps: [number | null, object][] = [
    [pool.maxHeld, {}],
    [pool.maxToFollow, { followedAt: null }],
  ];
  for (const [cap, where] of caps) {
    if (cap === null) continue;
    const rows = await ctx.repo(leadHolding).aggregate({
      where: { poolId: pool.id, userId: { in: userIds }, endedAt: null, ...where },
      groupBy: ["userId"],
      measures: { held: { count: true } },
      limit: 500,
    });
    const held = new Map(rows.map(({ userId, held: count }) => [String(userId), count]));
    for (const id of userIds)
      room.set(id, Math.min(room.get(id) ?? Number.POSITIVE_INFINITY, cap - (held.get(id) ?? 0)));
  }
  return room;
}
