import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, json, normalized, oneOf, reference, withDefault } from "../../schema/field.js";
import { account } from "./account.js";
import { contact } from "./contact.js";

const draft = defineEntity("recordMerge", {
  fields: {
    /** Name of the entity. */
    entity: Type.String({ maxLength: 48 }),
    survivorId: Type.String({ format: "uuid" }),
    loserIds: json(Type.Array(Type.String())),
    state: withDefault(oneOf(["merged", "undone"]), "merged"),
    /** Until then it can be undone. */
    undoUntil: instant(),
    /** How many records of which entity now hang on the survivor, by the field that they do so by. */
    moved: json(
      Type.Array(Type.Object({ entity: Type.String(), field: Type.String(), count: Type.Integer() })),
    ),
  },
  indexes: [["survivorId"]],
  immutable: ["entity", "survivorId", "loserIds"],
  internal: true,
});
export interface RecordMerge extends Row<typeof draft> {}
export interface RecordMergeInput extends Input<typeof draft> {}
/** Records that became one. */
export const recordMerge = draft.as<RecordMerge, RecordMergeInput>();

/** Days in which a merge can be undone: what it overwrote is kept so long. */
export const UNDO_DAYS = 30;

const stepDraft = defineEntity("mergeStep", {
  fields: {
    mergeId: reference(recordMerge, { onDelete: "cascade" }),
    /** In the order in which they were done. */
    position: Type.Integer({ minimum: 0 }),
    /** `set` a field, `make` a record, `bin` a record. */
    kind: oneOf(["set", "make", "bin"]),
    entity: Type.String({ maxLength: 48 }),
    recordId: Type.String({ format: "uuid" }),
    field: Type.Optional(Type.String({ maxLength: 48 })),
    before: Type.Optional(json(Type.Unknown())),
    after: Type.Optional(json(Type.Unknown())),
    /** Of a field of which it is kept: where the value before was from; an empty list where nothing was known of it. */
    provenance: Type.Optional(json(Type.Array(Type.Unknown(), { maxItems: 1 }))),
  },
  indexes: [["mergeId", "position"]],
  internal: true,
  journal: false,
});
export interface MergeStep extends Row<typeof stepDraft> {}
export interface MergeStepInput extends Input<typeof stepDraft> {}
/** One thing that a merge did, and what was there before. */
export const mergeStep = stepDraft.as<MergeStep, MergeStepInput>();

const redirectDraft = defineEntity("mergedRecord", {
  fields: {
    entity: Type.String({ maxLength: 48 }),
    oldId: Type.String({ format: "uuid" }),
    survivorId: Type.String({ format: "uuid" }),
    mergeId: Type.String({ format: "uuid" }),
  },
  indexes: [["survivorId"], ["mergeId"]],
  unique: [["oldId"]],
  internal: true,
  journal: false,
});
export interface MergedRecord extends Row<typeof redirectDraft> {}
export interface MergedRecordInput extends Input<typeof redirectDraft> {}
/** Whom an id names that a merge has taken up: for ever. */
export const mergedRecord = redirectDraft.as<MergedRecord, MergedRecordInput>();

const pointDraft = defineEntity("contactPoint", {
  fields: {
    kind: oneOf(["email", "phone"]),
    /** In the form in which fields of its kind are kept. */
    value: normalized(Type.String({ minLength: 1, maxLength: 254 }), "text", { by: "kind" }),
    contactId: Type.Optional(reference(contact, { onDelete: "cascade" })),
    accountId: Type.Optional(reference(account, { onDelete: "cascade" })),
  },
  relations: { contact: one("contactId"), account: one("accountId") },
  access: { parents: ["contact", "account"] },
  indexes: [["value"]],
  unique: [
    ["contactId", "kind", "value"],
    ["accountId", "kind", "value"],
  ],
});
export interface ContactPoint extends Row<typeof pointDraft> {}
export interface ContactPointInput extends Input<typeof pointDraft> {}
/** A further e-mail address or phone number, beside the one that the record itself has. */
export const contactPoint = pointDraft.as<ContactPoint, ContactPointInput>();
