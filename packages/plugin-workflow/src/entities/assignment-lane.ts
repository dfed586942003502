import { defineEntity, type Input, instant, json, type Row, reference, Type, withDefault } from "@corm/core";
import { assignmentRule } from "./assignment-rule.js";

const turn = Type.Object({
  last: Type.Union([Type.String(), Type.Null()]),
  credits: Type.Record(Type.String(), Type.Number()),
});

const laneDraft = defineEntity("assignmentLane", {
  fields: {
    target: Type.String({ minLength: 1, maxLength: 60 }),
    /** Where the turn of each rule stands, by its id. */
    turns: withDefault(json(Type.Record(Type.String(), turn)), {}),
  },
  unique: [["target"]],
  internal: true,
  journal: false,
});

export interface AssignmentLane extends Row<typeof laneDraft> {}
export interface AssignmentLaneInput extends Input<typeof laneDraft> {}
/**
 * One per entity, locked while records of it are given out: turns, capacities and quotas of all its rules are exact
 * however many processes assign.
 */
export const assignmentLane = laneDraft.as<AssignmentLane, AssignmentLaneInput>();

const waitingDraft = defineEntity("assignmentWaiting", {
  fields: {
    target: Type.String({ minLength: 1, maxLength: 60 }),
    recordId: Type.String({ format: "uuid" }),
    ruleId: Type.Optional(reference(assignmentRule, { onDelete: "set null" })),
    since: instant(),
  },
  unique: [["target", "recordId"]],
  indexes: [["since"]],
  internal: true,
  journal: false,
});

export interface AssignmentWaiting extends Row<typeof waitingDraft> {}
export interface AssignmentWaitingInput extends Input<typeof waitingDraft> {}
/** A record that nobody could take yet. */
export const assignmentWaiting = waitingDraft.as<AssignmentWaiting, AssignmentWaitingInput>();
