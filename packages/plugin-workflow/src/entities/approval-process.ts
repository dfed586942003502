import { defineEntity, type Input, json, type Row, Type, withDefault } from "@corm/core";

const condition = Type.Record(Type.String(), Type.Unknown());
const id = Type.String({ format: "uuid" });
const closed = { additionalProperties: false };

/** Who is asked: a user, who has a role, the members of a team, a manager of the submitter, or the user in a field. */
export const approver = Type.Union([
  Type.Object({ kind: Type.Literal("user"), id }, closed),
  Type.Object({ kind: Type.Literal("role"), role: Type.String({ minLength: 1, maxLength: 100 }) }, closed),
  Type.Object({ kind: Type.Literal("team"), id }, closed),
  Type.Object(
    { kind: Type.Literal("manager"), levels: Type.Optional(Type.Integer({ minimum: 1, maximum: 20 })) },
    closed,
  ),
  Type.Object({ kind: Type.Literal("field"), field: Type.String({ minLength: 1, maxLength: 60 }) }, closed),
]);

export const approvalStep = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Records that the step is for. Default: all. */
    where: Type.Optional(condition),
    approvers: Type.Array(approver, { minItems: 1, maxItems: 20 }),
    /** `first` response decides; all agree (`unanimous`); or so many do (`quorum`). */
    mode: Type.Enum(["first", "unanimous", "quorum"]),
    quorum: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
    /** What a refusal does: it ends the approval, or goes one step back. Default `final`. */
    onReject: Type.Optional(Type.Enum(["final", "back"])),
    timeoutMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 525_600 })),
    /** What happens then: somebody else is asked as well (`escalateToId`), or it counts as decided. */
    onTimeout: Type.Optional(Type.Enum(["escalate", "approve", "reject"])),
    escalateToId: Type.Optional(id),
  },
  closed,
);

const patch = () => Type.Optional(json(Type.Record(Type.String(), Type.Unknown())));

const draft = defineEntity("approvalProcess", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Name of the entity whose records it is about. */
    target: Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }),
    active: withDefault(Type.Boolean(), true),
    /** Of several that a record satisfies, the lowest counts. */
    priority: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 100),
    /** Records that may be submitted. Default: all. */
    where: Type.Optional(json(condition)),
    /** Roles whose holders may submit. Default: whoever may change the record. */
    submitters: withDefault(json(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50 })), []),
    steps: json(Type.Array(approvalStep, { minItems: 1, maxItems: 30 })),
    /** Fields that an approver may change while the record is locked. */
    editable: withDefault(json(Type.Array(Type.String({ maxLength: 60 }), { maxItems: 100 })), []),
    /** Changes of the record: when it is submitted, approved, refused or taken back. */
    onSubmitted: patch(),
    onApproved: patch(),
    onRejected: patch(),
    onRecalled: patch(),
  },
  unique: [["target", "name"]],
  indexes: [["target", "active", "priority"]],
  searchable: ["name"],
});

export interface ApprovalProcess extends Row<typeof draft> {}
export interface ApprovalProcessInput extends Input<typeof draft> {}
/** By whom records of one kind are approved, step after step. */
export const approvalProcess = draft.as<ApprovalProcess, ApprovalProcessInput>();
export type ApprovalStep = ApprovalProcess["steps"][number];
export type Approver = ApprovalStep["approvers"][number];
