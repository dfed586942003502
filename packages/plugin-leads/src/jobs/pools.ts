import { defineJob, defineSchedule } from "@corm/core";
import Type from "typebox";
import { type LeadHolding, leadHolding } from "../entities/lead-holding.js";
import { leadPool } from "../entities/lead-pool.js";
import { recyclePlan } from "../pool/plan.js";
import { poolRound, REPLAN } from "../pool/recycle.js";

/** Takes back what is due, and warns of what soon is. */
export const poolRoundJob = defineJob("leads.poolRound", {
  input: Type.Object({}),
  capability: "leads.pool",
  run: (ctx) => poolRound(ctx),
});

export const poolRounds = defineSchedule("leads.poolRounds", {
  cron: "*/15 * * * *",
  job: poolRoundJob,
  input: {},
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
    await holdings.updateMany(
      (items as LeadHolding[]).map((one) => {
        const plan = recyclePlan(pool, one);
        const same = plan.recycleAt === one.recycleAt;
        return { id: one.id, version: one.version, patch: { ...plan, ...(same ? {} : { warnedAt: null }) } };
      }),
    );
    if (next !== null) await ctx.jobs.enqueue(REPLAN, { poolId, after: next });
  },
});
