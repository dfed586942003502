import { defineJob, Type } from "@corm/core";
import { assignRecords } from "../assignment/assign-records.js";
import { RETURN_UNTOUCHED } from "../assignment/return-timer.js";
import { ownerFieldOf, targetOf } from "../assignment/target.js";

/** Takes a record from an owner who has let it lie, and gives it to the next one. */
export const returnUntouched = defineJob(RETURN_UNTOUCHED.name, {
  input: Type.Object({
    target: Type.String(),
    recordId: Type.String(),
    userId: Type.String(),
    /** Of the record when it was given. */
    version: Type.Integer(),
  }),
  transactional: true,
  capability: "workflow.assignment",
  run: async (ctx, { target, recordId, userId, version }) => {
    const row = await targetOf(ctx, target).first({ where: { id: recordId } as never });
    // Whatever has changed in it, somebody has looked at it.
    if (!row || row.version !== version || row[ownerFieldOf(ctx, target)] !== userId) return;
    await assignRecords(ctx, { target, ids: [recordId], cause: "returned", takeFrom: userId });
  },
});
