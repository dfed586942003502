import { defineEntity, type Input, instant, one, type Row, reference, Type } from "@corm/core";
import { lead } from "./lead.js";
import { responsePolicy } from "./response-policy.js";

const draft = defineEntity("leadResponse", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    policyId: Type.Optional(reference(responsePolicy, { onDelete: "set null" })),
    /** By the policy and its calendar as they are; once it is answered or late, as they were. */
    dueAt: instant(),
    /** When somebody is warned of it; null for never. */
    warnAt: Type.Optional(instant()),
    /** That somebody was warned of it. */
    warnedAt: Type.Optional(instant()),
    respondedAt: Type.Optional(instant()),
    breachedAt: Type.Optional(instant()),
  },
  relations: { lead: one("leadId"), policy: one("policyId") },
  access: { parents: ["lead"] },
  unique: [["leadId"]],
  indexes: [["dueAt"], ["policyId"]],
  immutable: ["leadId"],
});

export interface LeadResponse extends Row<typeof draft> {}
export interface LeadResponseInput extends Input<typeof draft> {}
/** By when a lead is to be answered, and when it was. */
export const leadResponse = draft.as<LeadResponse, LeadResponseInput>();
