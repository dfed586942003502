import { activity, extendEntity, type InputOf, many, one, reference, Type, touchpoint } from "@corm/core";
import { captureSubmission } from "./capture-submission.js";
import { lead } from "./lead.js";

const fields = { leadId: Type.Optional(reference(lead, { onDelete: "set null" })) };
const relations = { lead: one("leadId") };

/** An activity may be about a lead. */
export const activityOfLead = extendEntity(activity, {
  fields,
  relations,
  parents: ["lead"],
  indexes: [["leadId"]],
});

/** A touchpoint may be a lead's. */
export const touchpointOfLead = extendEntity(touchpoint, {
  fields,
  relations,
  parents: ["lead"],
  indexes: [["leadId"]],
});

export type TouchpointOfLeadInput = InputOf<typeof touchpointOfLead>;

/** The lead with what points at it. */
export const leadWithHistory = extendEntity(lead, {
  relations: {
    activities: many(activityOfLead, "leadId"),
    touchpoints: many(touchpointOfLead, "leadId"),
    submissions: many(captureSubmission, "leadId"),
  },
});
