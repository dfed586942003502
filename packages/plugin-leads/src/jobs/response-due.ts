import { defineJob, Type } from "@corm/core";
import { lead } from "../entities/lead.js";
import { leadResponse } from "../entities/lead-response.js";
import { leadResponseBreached } from "../events.js";
import { RESPONSE_DUE } from "../response/watch.js";

/** Looks, when a lead should have been answered, whether it was. Completes with its event, or not at all. */
export const responseDueJob = defineJob(RESPONSE_DUE.name, {
  input: Type.Object({ responseId: Type.String() }),
  capability: "leads.response",
  transactional: true,
  run: async (ctx, { responseId }) => {
    const known = await ctx.repo(leadResponse).first({ where: { id: responseId }, select: ["id"] });
    if (!known) return;
    const response = await ctx.repo(leadResponse).get(responseId, { lock: true });
    if (response.breachedAt !== null) return;
    // It has been put off: another job looks then.
    if (response.dueAt > ctx.now()) return;
    // An answer that was entered late, but given in time, is in time.
    if (response.respondedAt !== null && response.respondedAt <= response.dueAt) return;
    const row = await ctx.repo(lead).get(response.leadId);
    await ctx.repo(leadResponse).update(responseId, { breachedAt: ctx.now() });
    const { dueAt, policyId } = response;
    await ctx.emit(
      leadResponseBreached,
      { dueAt, policyId, ownerId: row.ownerId },
      { entity: lead, record: row.id },
    );
  },
});
