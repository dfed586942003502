import {
  defineEntity,
  type Input,
  instant,
  json,
  oneOf,
  type Row,
  type Static,
  Type,
  withDefault,
} from "@corm/core";

const closed = { additionalProperties: false } as const;
const key = () => Type.String({ pattern: "^[a-z][a-zA-Z0-9-]{0,47}$" });
const label = () => Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
/** In the filter language. */
const condition = () => Type.Record(Type.String(), Type.Unknown());

/** What one rule can give or take at most, whatever happens. */
export const MAX_RULE_POINTS = 10_000;
const cap = () => Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RULE_POINTS }));
const points = () => Type.Integer({ minimum: -MAX_RULE_POINTS, maximum: MAX_RULE_POINTS });

const fitRule = Type.Object({ key: key(), label: label(), points: points(), where: condition() }, closed);
/** Points for leads that are as `where` says. */
export type FitRule = Static<typeof fitRule>;

const behaviourRule = Type.Object(
  {
    key: key(),
    label: label(),
    /** For each record that satisfies `where`. */
    points: points(),
    /** Entity with the events: one that refers to a lead by `leadId`. */
    on: Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" }),
    where: Type.Optional(condition()),
    /** The field that says when it happened. Default: of touchpoints `capturedAt`, of activities `doneAt`, else `createdAt`. */
    at: Type.Optional(Type.String({ pattern: "^[a-z][a-zA-Z0-9]{0,47}$" })),
    /** Days after which an event counts half. Left out: it counts for ever. */
    halfLifeDays: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3_650 })),
    /** All events of the rule together give or take no more. */
    cap: cap(),
  },
  closed,
);
/** Points for what a lead does. */
export type BehaviourRule = Static<typeof behaviourRule>;

const threshold = Type.Object({ key: key(), at: points() }, closed);
export type Threshold = Static<typeof threshold>;

const criterion = Type.Object(
  {
    key: key(),
    label: label(),
    weight: Type.Integer({ minimum: 1, maximum: 1_000 }),
    where: condition(),
  },
  closed,
);
/** One thing about the ideal customer. */
export type Criterion = Static<typeof criterion>;

const share = () => Type.Number({ minimum: 0, maximum: 1 });

const draft = defineEntity("scoringModel", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** `active` for one at most; `scoringModel.activate` sets it. */
    status: withDefault(oneOf(["draft", "active", "retired"]), "draft"),
    /** Of who somebody is. */
    fit: withDefault(json(Type.Array(fitRule, { maxItems: 50 })), []),
    /** Of what somebody does. */
    behaviour: withDefault(json(Type.Array(behaviourRule, { maxItems: 50 })), []),
    /** Where an event says that the score has crossed them, upwards or downwards. */
    thresholds: withDefault(json(Type.Array(threshold, { maxItems: 20 })), []),
    /** The ideal customer. Without it there are no grades. */
    profile: withDefault(json(Type.Array(criterion, { maxItems: 50 })), []),
    /** Shares of the profile's weight from which on a lead is A, B or C; below that it is D. */
    grades: withDefault(json(Type.Object({ A: share(), B: share(), C: share() }, closed)), {
      A: 0.8,
      B: 0.6,
      C: 0.4,
    }),
    activatedAt: Type.Optional(instant()),
    /** "active" for the one that is: a unique key. */
    slot: Type.Optional(Type.String({ maxLength: 10 })),
  },
  unique: [["name"], ["slot"]],
  searchable: ["name"],
});

export interface ScoringModel extends Row<typeof draft> {}
export interface ScoringModelInput extends Input<typeof draft> {}
/** How leads are judged: rules, thresholds and the ideal customer, as data. */
export const scoringModel = draft.as<ScoringModel, ScoringModelInput>();
