import { defineJob, Type } from "@corm/core";
import { lead } from "../entities/lead.js";
import { leadResponse } from "../entities/lead-response.js";
import { leadResponseWarned } from "../events.js";
import { RESPONSE_WARN } from "../response/watch.js";

/** Warns, some time before a lead should be answered, where it was not. Completes with its event, or not at all. */
export const responseWarnJob = defineJob(RESPONSE_WARN.name, {
  input: Type.Object({ responseId: Type.String() }),
  capability: "leads.response",
  transactional: true,
  run: async (ctx, { responseId }) => {
    const known = await ctx.repo(leadResponse).first({ where: { id: responseId }, select: ["id"] });
    if (!known) return;
    const response = await ctx.repo(leadResponse).get(responseId, { lock: true });
    const { dueAt, policyId, respondedAt, warnAt, warnedAt } = response;
    // Of what is late already, the breach tells.
    if (respondedAt !== null || warnedAt !== null || dueAt <= ctx.now()) return;
    // It has been put off, or given up.
    if (warnAt === null || warnAt > ctx.now()) return;
    const row = await ctx.repo(lead).get(response.leadId);
    await ctx.repo(leadResponse).update(responseId, { warnedAt: ctx.now() });
    await ctx.emit(
      leadResponseWarned,
      { dueAt, policyId, ownerId: row.ownerId },
      { entity: lead, record: row.id },
    );
  },
});
