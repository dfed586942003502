import { defineJob, Type } from "@corm/core";
import { type LeadHolding, leadHolding } from "../entities/lead-holding.js";
import { leadPool } from "../entities/lead-pool.js";
import { recyclePlan } from "../pool/plan.js";
import { poolRound, REPLAN, ROUND, roundsFor } from "../pool/recycle.js";

/** Takes back what is due, and warns of what soon is. */
export const poolRoundJob = defineJob(ROUND.name, {
  input: Type.Object({}),
  capability: "leads.pool",
  run: (ctx) => poolRound(ctx),
});

const PAGE = 200;

/** The terms of a pool have changed: those of what is held change with them. */
export const replanJob = defineJob(REPLAN.name, {
  input: Type.Object({ poolId: Type.String(), after: Type.Union([Type.String(), Type.Null()]) }),
  capability: "leads.pool",
  transactional: true,
  run: async (ctx, { poolId, after }) => {
    const pool = await ctx.repo(leadPool).first({ where: { id: poolId } });
    if (!pool) return;
    const holdings = ctx.repo(leadHolding);
    const { items, next } = await holdings.find({
      where: { poolId, endedAt: null },
      orderBy: ["id"],
      limit: PAGE,
      after,
    });
    const planned = (items as LeadHolding[]).map((one) => ({ one, plan: recyclePlan(pool, one) }));
    await holdings.updateMany(
      planned.map(({ one, plan }) => {
        const same = plan.recycleAt === one.recycleAt;
        return { id: one.id, version: one.version, patch: { ...plan, ...(same ? {} : { warnedAt: null }) } };
      }),
    );
    await roundsFor(
      ctx,
      planned.map(({ plan }) => plan),
    );
    if (next !== null) await ctx.jobs.enqueue(REPLAN, { poolId, after: next });
  },
});
