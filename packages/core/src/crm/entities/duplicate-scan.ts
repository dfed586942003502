import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { instant, json, longText, oneOf, withDefault } from "../../schema/field.js";

const draft = defineEntity("duplicateScan", {
  fields: {
    /** Name of the entity whose records are compared. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    /** `scan` looks for pairs; `rule` makes the keys that a rule waits for. */
    purpose: withDefault(oneOf(["scan", "rule"]), "scan"),
    state: withDefault(oneOf(["waiting", "running", "finished", "cancelled", "failed"]), "waiting"),
    /** `keys` gives records the keys of rules, `pairs` compares them, `review` looks at open pairs again. */
    phase: withDefault(oneOf(["keys", "pairs", "review"]), "keys"),
    /** What this phase has done, and what it has to do: records, keys or pairs. */
    done: withDefault(Type.Integer({ minimum: 0 }), 0),
    total: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** 0 to 100, of all phases. */
    percent: withDefault(Type.Integer({ minimum: 0, maximum: 100 }), 0),
    /** Of this phase; empty before its first slice. */
    rowsPerSecond: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Empty where it cannot be told. */
    remainingSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
    /** Pairs that were not known before. */
    found: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Open pairs that match no more, or of which a record has gone. */
    closed: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Keys that too many records have to be compared, and the largest of them. */
    skippedKeys: withDefault(Type.Integer({ minimum: 0 }), 0),
    skipped: withDefault(
      json(Type.Array(Type.Object({ block: Type.String(), records: Type.Integer() }))),
      [] as { block: string; records: number }[],
    ),
    /** Where the phase goes on. Written with what it has found. */
    cursor: Type.Optional(Type.String({ maxLength: 40 })),
    /** Digest of the rules that its keys are of. */
    rules: Type.Optional(Type.String({ maxLength: 64 })),
    runAt: Type.Optional(instant()),
    phaseAt: Type.Optional(instant()),
    finishedAt: Type.Optional(instant()),
    /** Why it did not come to its end. */
    problem: Type.Optional(longText({ maxLength: 4000 })),
  },
  indexes: [["entity", "state"]],
  immutable: ["entity", "purpose"],
});

export interface DuplicateScan extends Row<typeof draft> {}
export interface DuplicateScanInput extends Input<typeof draft> {}
/** One look for duplicates through all records of an entity, and how far it has come. */
export const duplicateScan = draft.as<DuplicateScan, DuplicateScanInput>();
