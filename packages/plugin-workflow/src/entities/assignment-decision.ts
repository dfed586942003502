import {
  defineEntity,
  type Input,
  instant,
  json,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
} from "@corm/core";
import { assignmentRule } from "./assignment-rule.js";

const considered = Type.Object({
  userId: Type.String(),
  passedOver: Type.Union([Type.String(), Type.Null()]),
});

const draft = defineEntity("assignmentDecision", {
  fields: {
    target: Type.String({ minLength: 1, maxLength: 60 }),
    recordId: Type.String({ format: "uuid" }),
    /** `assigned`; `waiting` for somebody who can take it; `unmatched` by any rule. */
    outcome: oneOf(["assigned", "waiting", "unmatched"]),
    ruleId: Type.Optional(reference(assignmentRule, { onDelete: "set null" })),
    /** Of the rule when it decided. */
    ruleVersion: Type.Optional(Type.Integer()),
    userId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** From whom it was taken. */
    fromUserId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** The rule's strategy, `preferred` or `fallback`. */
    by: Type.Optional(Type.String({ maxLength: 20 })),
    /** Why it came to be decided: `created`, `asked`, `retried`, `returned`, `reassigned`. */
    cause: Type.String({ minLength: 1, maxLength: 20 }),
    /** Everybody who was considered, and why it was not he. */
    considered: json(Type.Array(considered, { maxItems: 2000 })),
    decidedAt: instant(),
  },
  relations: { rule: one("ruleId"), user: one("userId") },
  indexes: [
    ["target", "recordId", "decidedAt"],
    ["userId", "decidedAt"],
  ],
  immutable: ["target", "recordId", "outcome", "userId", "by", "cause", "considered", "decidedAt"],
});

export interface AssignmentDecision extends Row<typeof draft> {}
export interface AssignmentDecisionInput extends Input<typeof draft> {}
/** Why somebody got a record, or nobody did. */
export const assignmentDecision = draft.as<AssignmentDecision, AssignmentDecisionInput>();
