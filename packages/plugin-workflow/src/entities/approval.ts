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
  withDefault,
} from "@corm/core";
import { approvalProcess, approvalStep } from "./approval-process.js";

const patch = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]);

const draft = defineEntity("approval", {
  fields: {
    target: Type.String({ minLength: 1, maxLength: 60 }),
    recordId: Type.String({ format: "uuid" }),
    processId: Type.Optional(reference(approvalProcess, { onDelete: "set null" })),
    processVersion: Type.Integer(),
    /** Of the record as it was submitted. */
    recordVersion: Type.Integer(),
    /** What the process said when the record was submitted: whatever becomes of it, this approval goes on by that. */
    pinned: json(
      Type.Object({
        steps: Type.Array(approvalStep),
        editable: Type.Array(Type.String()),
        onApproved: patch,
        onRejected: patch,
        onRecalled: patch,
      }),
    ),
    state: withDefault(oneOf(["pending", "approved", "rejected", "recalled"]), "pending"),
    /** Position in the steps, from 0. */
    step: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Counts how often a step was begun: votes of an earlier time do not count. */
    round: withDefault(Type.Integer({ minimum: 1 }), 1),
    submittedById: reference(user, { onDelete: "restrict" }),
    submittedAt: instant(),
    comment: Type.Optional(Type.String({ maxLength: 2000 })),
    finishedAt: Type.Optional(instant()),
    /** `open` while it is pending: a record is in one approval at a time. */
    lock: Type.Optional(Type.Literal("open")),
  },
  relations: { process: one("processId"), submittedBy: one("submittedById") },
  unique: [["target", "recordId", "lock"]],
  indexes: [
    ["target", "recordId", "submittedAt"],
    ["state", "submittedAt"],
  ],
  immutable: [
    "target",
    "recordId",
    "processVersion",
    "recordVersion",
    "pinned",
    "submittedById",
    "submittedAt",
  ],
});

export interface Approval extends Row<typeof draft> {}
export interface ApprovalInput extends Input<typeof draft> {}
/** A record on its way through the steps of a process. It is locked meanwhile. */
export const approval = draft.as<Approval, ApprovalInput>();

const voteDraft = defineEntity("approvalVote", {
  fields: {
    approvalId: reference(approval, { onDelete: "cascade" }),
    step: Type.Integer({ minimum: 0 }),
    round: Type.Integer({ minimum: 1 }),
    approverId: reference(user, { onDelete: "restrict" }),
    /** Whose vote it is by the process: he is absent, or has passed it on. */
    onBehalfOfId: Type.Optional(reference(user, { onDelete: "set null" })),
    decision: withDefault(oneOf(["pending", "approved", "rejected", "delegated", "void"]), "pending"),
    comment: Type.Optional(Type.String({ maxLength: 2000 })),
    askedAt: instant(),
    votedAt: Type.Optional(instant()),
  },
  relations: { approval: one("approvalId"), approver: one("approverId") },
  unique: [["approvalId", "round", "approverId"]],
  indexes: [["approverId", "decision", "askedAt"]],
  immutable: ["approvalId", "step", "round", "approverId", "askedAt"],
});

export interface ApprovalVote extends Row<typeof voteDraft> {}
export interface ApprovalVoteInput extends Input<typeof voteDraft> {}
/** Somebody who was asked, and what he said. */
export const approvalVote = voteDraft.as<ApprovalVote, ApprovalVoteInput>();
