import type { Assignments, Context } from "@corm/core";
import { assignRecords } from "../assignment/assign-records.js";
import { withdraw } from "../assignment/withdraw.js";
import { assignmentRule } from "../entities/assignment-rule.js";
import { settingsOf } from "./settings.js";

/** What core's port `assignments` is here. */
export const assignmentsOf = (ctx: Context): Assignments => ({
  assign: (order) => assignRecords(ctx, order),
  asked: async (target) => {
    if (settingsOf(ctx).assignOnCreate.includes(target)) return false;
    const system = ctx.asSystem({ capability: "workflow.assignment", reason: `rules for ${target} records` });
    return (
      (await system.repo(assignmentRule).first({ where: { target, active: true }, select: ["id"] })) !== null
    );
  },
  withdraw: (target, ids) => withdraw(ctx, target, ids),
});
