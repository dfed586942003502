import {
  defineEntity,
  type Input,
  instant,
  json,
  one,
  oneOf,
  type Row,
  reference,
  type Static,
  Type,
  withDefault,
} from "@corm/core";
import { lead } from "./lead.js";
import { scoringModel } from "./scoring-model.js";

const part = Type.Enum(["fit", "behaviour"]);

const item = Type.Object({
  rule: Type.String(),
  part,
  points: Type.Integer(),
  /** Records that satisfied it. */
  count: Type.Integer(),
});
/** What one rule gives a lead. */
export type ScoreItem = Static<typeof item>;

const reason = Type.Object({ criterion: Type.String(), weight: Type.Integer(), met: Type.Boolean() });
export type GradeReason = Static<typeof reason>;

const contribution = Type.Object({
  field: Type.String(),
  /** As it was when it was judged. */
  value: Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
  /** What it adds to the log-odds, compared with the average lead. */
  effect: Type.Number(),
});
export type Contribution = Static<typeof contribution>;

const draft = defineEntity("leadScore", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    modelId: Type.Optional(reference(scoringModel, { onDelete: "set null" })),
    /** Of the model's record when it judged. */
    modelVersion: Type.Optional(Type.Integer()),
    score: withDefault(Type.Integer(), 0),
    fit: withDefault(Type.Integer(), 0),
    behaviour: withDefault(Type.Integer(), 0),
    items: withDefault(json(Type.Array(item)), []),
    grade: Type.Optional(oneOf(["A", "B", "C", "D"])),
    reasons: withDefault(json(Type.Array(reason)), []),
    /** That the lead will be converted, from 0 to 1; null where no trained model judges. */
    probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
    predictedById: Type.Optional(Type.String({ format: "uuid" })),
    /** The fields that did most to the probability, the strongest first. */
    contributions: withDefault(json(Type.Array(contribution)), []),
    computedAt: instant(),
  },
  relations: { lead: one("leadId"), model: one("modelId") },
  access: { parents: ["lead"] },
  unique: [["leadId"]],
  indexes: [["score"], ["probability"]],
  // As its account does: the survivor is judged by what it is then.
  staysInMerge: true,
  journal: false,
});

export interface LeadScore extends Row<typeof draft> {}
export interface LeadScoreInput extends Input<typeof draft> {}
/** How a lead is judged at present, rule by rule. */
export const leadScore = draft.as<LeadScore, LeadScoreInput>();

const changeDraft = defineEntity("scoreChange", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    modelId: Type.Optional(reference(scoringModel, { onDelete: "set null" })),
    modelVersion: Type.Integer(),
    rule: Type.String({ maxLength: 50 }),
    part: oneOf(["fit", "behaviour"]),
    delta: Type.Integer(),
    /** What the rule gives since then. */
    points: Type.Integer(),
    at: instant(),
  },
  relations: { lead: one("leadId"), model: one("modelId") },
  access: { parents: ["lead"] },
  indexes: [["leadId", "at"]],
  immutable: ["leadId", "modelVersion", "rule", "part", "delta", "points", "at"],
  // The account of one lead alone: in a merge, the score that stays would not be its sum.
  staysInMerge: true,
  journal: false,
});

export interface ScoreChange extends Row<typeof changeDraft> {}
export interface ScoreChangeInput extends Input<typeof changeDraft> {}
/** One entry of the account of a score: the sum of all deltas of a lead is its score. */
export const scoreChange = changeDraft.as<ScoreChange, ScoreChangeInput>();
