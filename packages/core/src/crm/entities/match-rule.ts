import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import type { Block, MatchExpression } from "../../matching/rule.js";
import { json, longText, oneOf, recordId, type TStated, withDefault } from "../../schema/field.js";

const draft = defineEntity("matchRule", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Name of the entity whose duplicates it finds. */
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    active: withDefault(Type.Boolean(), true),
    /** `allow` writes and warns, `block` refuses, `report` writes and notes the pair. */
    policy: withDefault(oneOf(["allow", "block", "report"]), "allow"),
    /** When two records match: comparisons under `and`, `or`, `weigh` or `probability`. */
    when: json(Type.Record(Type.String(), Type.Unknown())) as unknown as TStated<MatchExpression>,
    /** Which records are compared, where the rule itself does not tell it well. */
    blocks: Type.Optional(
      json(
        Type.Array(Type.Array(Type.Record(Type.String(), Type.Unknown())), { maxItems: 20 }),
      ) as unknown as TStated<Block[]>,
    ),
  },
  indexes: [["entity"]],
  unique: [["name"]],
});

export interface MatchRule extends Row<typeof draft> {}
export interface MatchRuleInput extends Input<typeof draft> {}
/** A rule of the tenant by which duplicates are found. */
export const matchRule = draft.as<MatchRule, MatchRuleInput>();

const pairDraft = defineEntity("duplicatePair", {
  fields: {
    entity: Type.String({ maxLength: 48 }),
    /** The lesser of the two ids. */
    leftId: recordId(),
    rightId: recordId(),
    /** 0 to 1. */
    score: Type.Number({ minimum: 0, maximum: 1 }),
    /** Name of the rule that it was found by. */
    rule: Type.String({ maxLength: 100 }),
    /** `dismissed`: somebody has looked, and they are two. */
    state: withDefault(oneOf(["open", "dismissed", "merged"]), "open"),
    /** Names of what the rule compares, each between commas: who does not see one of them sees no pair. */
    tellsOf: withDefault(longText({ maxLength: 4000 }), ""),
  },
  indexes: [["state", "score"], ["rightId"]],
  unique: [["entity", "leftId", "rightId"]],
  immutable: ["entity", "leftId", "rightId", "tellsOf"],
  readWith: {
    entity: "entity",
    records: ["leftId", "rightId"],
    fields: "tellsOf",
    others: {
      "contactPoint.email": ["contactPoint", "value"],
      "contactPoint.phone": ["contactPoint", "value"],
    },
  },
});

export interface DuplicatePair extends Row<typeof pairDraft> {}
export interface DuplicatePairInput extends Input<typeof pairDraft> {}
/** Two records that may be one. */
export const duplicatePair = pairDraft.as<DuplicatePair, DuplicatePairInput>();
