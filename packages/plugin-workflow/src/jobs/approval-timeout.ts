import { defineJob, isCormError, Type } from "@corm/core";
import { askInMails, goOn, STEP_TIMEOUT } from "../approvals/run.js";
import { activeOf } from "../assignment/active-users.js";
import { type Approval, approval, approvalVote } from "../entities/approval.js";
import type { ApprovalStep } from "../entities/approval-process.js";
import { ApproverMissing } from "../errors.js";

/** The time of a step is up: somebody else is asked as well, or it counts as decided. */
export const approvalTimeout = defineJob(STEP_TIMEOUT.name, {
  input: Type.Object({ approvalId: Type.String(), round: Type.Integer() }),
  transactional: true,
  // Whoever is not there any more will not be there later either.
  retries: (error) => !(isCormError(error) && error.code === "approver-missing"),
  capability: "workflow.approvals",
  run: async (ctx, { approvalId, round }) => {
    if ((await ctx.repo(approval).first({ where: { id: approvalId }, select: ["id"] })) === null) return;
    const current = (await ctx.repo(approval).get(approvalId, { lock: true })) as Approval;
    if (current.state !== "pending" || current.round !== round) return;
    const { name, onTimeout = "escalate", escalateToId } = current.pinned.steps[current.step] as ApprovalStep;
    if (onTimeout !== "escalate") {
      await goOn(ctx, current, onTimeout === "approve" ? "approved" : "rejected");
      return;
    }
    const votes = ctx.repo(approvalVote);
    const able = escalateToId !== undefined && escalateToId !== current.submittedById;
    // The job is dead then, and says so, instead of leaving the approval to wait in silence.
    if (!able || !(await activeOf(ctx, [escalateToId])).has(escalateToId))
      throw ApproverMissing({ step: name });
    if (await votes.first({ where: { approvalId, round, approverId: escalateToId } })) return;
    const { items } = await votes.find({ where: { approvalId, round, decision: "pending" }, limit: 500 });
    // He answers for those who did not: otherwise all of them would still be waited for.
    await votes.updateMany(items.map(({ id }) => ({ id, patch: { decision: "void" as const } })));
    const escalated = await votes.create({
      approvalId,
      step: current.step,
      round,
      approverId: escalateToId,
      askedAt: ctx.now(),
    });
    await askInMails(ctx, [escalated]);
  },
});
