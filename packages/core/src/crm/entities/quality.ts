import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { instant, json, longText, oneOf, recordId, withDefault } from "../../schema/field.js";

const KINDS = ["invalid", "incomplete", "stale"] as const;

const ruleDraft = defineEntity("qualityRule", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Name of the entity whose records it looks at. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    active: withDefault(Type.Boolean(), true),
    /** `invalid` flags values that would not be taken today, `incomplete` empty fields, `stale` what nobody has touched. */
    kind: oneOf(KINDS),
    /** Of `invalid` and `incomplete`: the fields that are looked at. */
    fields: Type.Optional(json(Type.Array(Type.String({ maxLength: 48 }), { minItems: 1, maxItems: 50 }))),
    /** Of `stale`: after how many days. */
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
    /** Of `stale`: a day or an instant that they are counted from. Left out, `updatedAt`. */
    by: Type.Optional(Type.String({ minLength: 1, maxLength: 48 })),
    /** Only records that satisfy this, as in a list. Of the entity's own fields. */
    where: Type.Optional(json(Type.Record(Type.String(), Type.Unknown()))),
  },
  indexes: [["entity"]],
  unique: [["entity", "name"]],
});

export interface QualityRuleRecord extends Row<typeof ruleDraft> {}
export interface QualityRuleInput extends Input<typeof ruleDraft> {}
/** A rule of the tenant by which records are found that want to be looked at. */
export const qualityRule = ruleDraft.as<QualityRuleRecord, QualityRuleInput>();

const findingDraft = defineEntity("qualityFinding", {
  fields: {
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    recordId: recordId(),
    /** Name of the rule that flags it. */
    rule: Type.String({ maxLength: 100 }),
    kind: oneOf(KINDS),
    /** Name of the field that is to blame. */
    field: Type.String({ maxLength: 48 }),
    /** What is wrong, without the value. */
    reason: Type.String({ maxLength: 300 }),
    /** `closed`: the record was mended, or the rule is gone. `dismissed`: somebody has looked, and it is right as it is. */
    state: withDefault(oneOf(["open", "closed", "dismissed"]), "open"),
    foundAt: instant(),
    closedAt: Type.Optional(instant()),
    /** Names of the fields that it tells something of, each between commas: who does not see one sees no finding. */
    tellsOf: longText({ maxLength: 4000 }),
  },
  attachedTo: { entity: "entity", record: "recordId" },
  readWith: { entity: "entity", records: ["recordId"], fields: "tellsOf" },
  indexes: [
    ["entity", "state"],
    ["state", "foundAt"],
  ],
  unique: [["recordId", "entity", "rule", "field"]],
  immutable: ["entity", "recordId", "rule", "field"],
  // What a record that was merged away had wrong with it is nothing of the one that stays.
  staysInMerge: true,
});

export interface QualityFinding extends Row<typeof findingDraft> {}
export interface QualityFindingInput extends Input<typeof findingDraft> {}
/** Something that a rule of quality flags on a record. */
export const qualityFinding = findingDraft.as<QualityFinding, QualityFindingInput>();

const checkDraft = defineEntity("qualityCheck", {
  fields: {
    /** Name of the entity whose records are looked at. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    state: withDefault(oneOf(["waiting", "running", "finished", "cancelled", "failed"]), "waiting"),
    /** Records that it has looked at, and how many there were when it began. */
    done: withDefault(Type.Integer({ minimum: 0 }), 0),
    total: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Findings that are new, or open again. */
    found: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Findings whose records are mended. */
    closed: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Id of the last record. Written with what was found. */
    cursor: Type.Optional(Type.String({ maxLength: 36 })),
    runAt: Type.Optional(instant()),
    finishedAt: Type.Optional(instant()),
    /** Why it did not come to its end. */
    problem: Type.Optional(longText({ maxLength: 4000 })),
  },
  indexes: [["entity", "state"]],
  immutable: ["entity"],
});

export interface QualityCheck extends Row<typeof checkDraft> {}
export interface QualityCheckInput extends Input<typeof checkDraft> {}
/** One look at all records of an entity by the rules of quality, and how far it has come. */
export const qualityCheck = checkDraft.as<QualityCheck, QualityCheckInput>();
