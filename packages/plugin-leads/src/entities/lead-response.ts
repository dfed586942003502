import { defineEntity, type Input, instant, one, type Row, reference, Type } from "@corm/core";
import { lead } from "./lead.js";
import { responsePolicy } from "./response-policy.js";

const draft = defineEntity("leadResponse", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    policyId: Type.Optional(reference(responsePolicy, { onDelete: "set null" })),
    /** As the policy and its calendar were when the lead came. */
    dueAt: instant(),
    /** That somebody was warned of it. */
    warnedAt: Type.Optional(instant()),
    respondedAt: Type.Optional(instant()),
    breachedAt: Type.Optional(instant()),
  },
  relations: { lead: one("leadId"), policy: one("policyId") },
  access: { parents: ["lead"] },
  unique: [["leadId"]],
  indexes: [["dueAt"]],
  immutable: ["leadId", "dueAt"],
});

export interface LeadResponse extends Row<typeof draft> {}
export interface LeadResponseInput extends Input<typeof draft> {}
/** By when a lead is to be answered, and when it was. */
export const leadResponse = draft.as<LeadResponse, LeadResponseInput>();
