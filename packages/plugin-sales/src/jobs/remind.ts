import { defineJob, Type } from "@corm/core";
import { activityOfOpportunity } from "../entities/activity.js";
import { activityReminder } from "../events.js";
import { REMIND } from "../hooks/remind.js";

/** Says that something is due, once, unless it was moved, done or deleted meanwhile. */
export const remindJob = defineJob(REMIND.name, {
  input: Type.Object({ activityId: Type.String(), remindAt: Type.String() }),
  capability: "sales.cadences",
  transactional: true,
  run: async (ctx, { activityId, remindAt }) => {
    const activities = ctx.repo(activityOfOpportunity);
    const found = await activities.first({ where: { id: activityId } });
    if (!found || found.remindAt !== remindAt || found.remindedAt !== null || found.doneAt !== null) return;
    await activities.update(activityId, { remindedAt: ctx.now() }, { version: found.version });
    const { subject, ownerId, dueAt } = found;
    await ctx.emit(
      activityReminder,
      { subject, ownerId, dueAt: dueAt ?? remindAt },
      { entity: activityOfOpportunity, record: activityId },
    );
  },
});
