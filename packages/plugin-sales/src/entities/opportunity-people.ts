import {
  contact,
  defineEntity,
  type Input,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { opportunity } from "./opportunity.js";

const memberDraft = defineEntity("opportunityMember", {
  fields: {
    opportunityId: reference(opportunity, { onDelete: "cascade" }),
    userId: reference(user, { onDelete: "cascade" }),
    /** What he does in it: `Engineer`, `Partner manager`. */
    role: Type.Optional(Type.String({ maxLength: 100 })),
    /** `revenue` splits add up to 100 %; `overlay` is credit beside that. */
    split: oneOf(["revenue", "overlay", "none"]),
    /** With at most two decimals; 0 for none. */
    percent: withDefault(Type.Number({ minimum: 0, maximum: 1000 }), 0),
  },
  relations: { opportunity: one("opportunityId"), user: one("userId") },
  access: { parents: ["opportunity"], owner: null },
  unique: [["opportunityId", "userId", "split"]],
  // Two teams of 100 % each would be one of 200 %.
  staysInMerge: true,
  indexes: [["userId"]],
});

export interface OpportunityMember extends Row<typeof memberDraft> {}
export interface OpportunityMemberInput extends Input<typeof memberDraft> {}
/** Somebody of the team of an opportunity. Written as a whole, with `setTeam`. */
export const opportunityMember = memberDraft.as<OpportunityMember, OpportunityMemberInput>();

const contactDraft = defineEntity("opportunityContact", {
  fields: {
    opportunityId: reference(opportunity, { onDelete: "cascade" }),
    contactId: reference(contact, { onDelete: "cascade" }),
    /** What part he has in the decision. */
    role: oneOf([
      "decisionMaker",
      "economicBuyer",
      "technicalBuyer",
      "influencer",
      "champion",
      "user",
      "blocker",
      "other",
    ]),
    primary: withDefault(Type.Boolean(), false),
  },
  relations: { opportunity: one("opportunityId"), contact: one("contactId") },
  access: { parents: ["opportunity"] },
  unique: [["opportunityId", "contactId"]],
  indexes: [["contactId"]],
});

export interface OpportunityContact extends Row<typeof contactDraft> {}
export interface OpportunityContactInput extends Input<typeof contactDraft> {}
/** Somebody on the side of the customer, and his part in the decision. */
export const opportunityContact = contactDraft.as<OpportunityContact, OpportunityContactInput>();
