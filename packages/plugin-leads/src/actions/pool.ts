import { assertCan, assignments, type Context, defineAction, Forbidden, NotFound, Type } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import { type LeadPool, leadPool } from "../entities/lead-pool.js";
import { LeadTaken, NoAssignmentRules } from "../errors.js";
import { isOpen } from "../hooks/protect-conversion.js";
import { handOut } from "../pool/claim.js";
import { giveByRules } from "../pool/give-by-rules.js";
import { claimingUser, pooling } from "../pool/rights.js";

const id = Type.String({ format: "uuid" });
const leadIds = Type.Array(id, { minItems: 1, maxItems: 200 });
const handed = Type.Object({
  claimed: Type.Array(Type.String()),
  refused: Type.Array(
    Type.Object({
      leadId: Type.String(),
      reason: Type.Enum(["taken", "cooling", "closed", "gone", "nobody"]),
      until: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/**
 * Takes free leads out of a pool. Of those who claim one lead at the same moment, one gets it.
 * `POST /api/lead-pools/claim`
 *
 * @throws lead-taken, claim-cooldown, pool-cap-reached, pool-closed
 */
export const claim = defineAction({
  name: "claim",
  on: leadPool,
  // Whoever may claim need not be able to change the pool, as actions on a record ask.
  collection: true,
  label: "Claim leads",
  input: Type.Object({ poolId: id, leadIds }),
  output: handed,
  run: async ({ input: { poolId, leadIds } }, ctx) => {
    const pool = await lockPool(ctx, poolId);
    return handOut(pooling(ctx), { pool, userId: claimingUser(ctx), leadIds });
  },
});

/**
 * Gives free leads of a pool to somebody, who need not wait for a cooldown; without a user to those whom the assignment
 * rules choose, in the team of the pool. `POST /api/lead-pools/allot`
 *
 * @throws lead-taken, pool-cap-reached, pool-closed; no-assignment-rules without a user
 */
export const allot = defineAction({
  name: "allot",
  on: leadPool,
  // Whoever may claim need not be able to change the pool, as actions on a record ask.
  collection: true,
  label: "Allot leads",
  input: Type.Object({
    poolId: id,
    leadIds,
    userId: Type.Optional(id),
    beyondCaps: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({
    ...handed.properties,
    /** Who got which lead. */
    given: Type.Array(Type.Object({ leadId: Type.String(), userId: Type.String() })),
  }),
  run: async ({ input: { poolId, leadIds, userId, beyondCaps = false } }, ctx) => {
    const pool = await lockPool(ctx, poolId);
    if (userId === undefined) {
      const service = ctx.optional(assignments);
      if (!service) throw NoAssignmentRules({});
      return giveByRules(pooling(ctx), service, { pool, leadIds, beyondCaps });
    }
    const { claimed, refused } = await handOut(pooling(ctx), {
      pool,
      userId,
      leadIds,
      allotted: true,
      beyondCaps,
    });
    return { claimed, refused, given: claimed.map((leadId) => ({ leadId, userId })) };
  },
});

/**
 * Gives leads back to their pool: the caller's own, or, with the permission to allot, anybody's.
 * `POST /api/lead-pools/release`
 */
export const releaseLeads = defineAction({
  name: "release",
  on: leadPool,
  // Whoever may claim need not be able to change the pool, as actions on a record ask.
  collection: true,
  label: "Give leads back to the pool",
  input: Type.Object({ poolId: id, leadIds }),
  output: Type.Object({ released: Type.Array(Type.String()) }),
  run: async ({ input }, ctx) => {
    const record = await lockPool(ctx, input.poolId);
    const system = pooling(ctx);
    const rows = await heldOf(system, record.id, input.leadIds);
    const mine = ctx.permits("leadPool.allot") ? null : claimingUser(ctx);
    if (mine !== null && rows.some(({ ownerId }) => ownerId !== mine))
      throw Forbidden({ reason: "Only who holds a lead gives it back, or somebody who may allot leads." });
    await free(system, rows);
    return { released: rows.map((row) => row.id) };
  },
});

/** Puts leads that the caller may change or hand on into a pool, where they belong to nobody. `POST /api/lead-pools/put` */
export const putLeads = defineAction({
  name: "put",
  on: leadPool,
  // Whoever may claim need not be able to change the pool, as actions on a record ask.
  collection: true,
  label: "Put leads into the pool",
  input: Type.Object({ poolId: id, leadIds }),
  output: Type.Object({ put: Type.Array(Type.String()) }),
  run: async ({ input }, ctx) => {
    const record = await lockPool(ctx, input.poolId);
    const wanted = [...new Set(input.leadIds)];
    const { items } = await ctx.repo(lead).find({ where: { id: { in: wanted } }, limit: wanted.length });
    // A colleague's lead that he only reads stays with the colleague. Versions see to what happens in between.
    await assertCan(ctx, ["update", "transfer"], lead, wanted);
    const closed = items.find(({ status }) => !isOpen(status));
    if (closed) throw LeadTaken({ id: closed.id });
    await pooling(ctx)
      .repo(lead)
      .updateMany(
        items.map(({ id: leadId, version }) => ({
          id: leadId,
          version,
          patch: { poolId: record.id, ownerId: null },
        })),
      );
    // One that waited for somebody waits in the pool now.
    await ctx.optional(assignments)?.withdraw(lead.name, wanted);
    return { put: wanted };
  },
});

/** The pool, where the caller can look into it; nobody else hands out of it before the transaction ends. */
async function lockPool(ctx: Context, poolId: string): Promise<LeadPool> {
  await ctx.repo(leadPool).get(poolId);
  return pooling(ctx).repo(leadPool).get(poolId, { lock: true });
}

async function heldOf(ctx: Context, poolId: string, ids: readonly string[]): Promise<Lead[]> {
  const wanted = [...new Set(ids)];
  const { items } = await ctx.repo(lead).find({
    where: { id: { in: wanted }, poolId, ownerId: { isNull: false } },
    limit: wanted.length,
  });
  const found = new Set(items.map((row) => row.id));
  const missing = wanted.find((one) => !found.has(one));
  if (missing !== undefined) throw NotFound({ entity: "lead", id: missing });
  return items as Lead[];
}

const free = (ctx: Context, rows: readonly Lead[]) =>
  ctx
    .repo(lead)
    .updateMany(rows.map(({ id: leadId, version }) => ({ id: leadId, version, patch: { ownerId: null } })));
