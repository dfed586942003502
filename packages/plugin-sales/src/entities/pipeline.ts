import {
  calendar,
  defineEntity,
  type Input,
  json,
  one,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";

const reasons = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 100 });

const draft = defineEntity("pipeline", {
  fields: {
    /** What code calls it; never changes. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** The pipeline with the lowest position is the default one. */
    position: withDefault(Type.Integer({ minimum: 0 }), 1),
    /** When it is worked on: for working time in stages. Default: working time is not counted. */
    calendarId: Type.Optional(reference(calendar, { onDelete: "set null" })),
    /** Reasons that a decision has to give; an empty list takes any. Default: none is needed. */
    reasons: Type.Optional(
      json(
        Type.Object(
          { won: Type.Optional(reasons), lost: Type.Optional(reasons) },
          { additionalProperties: false },
        ),
      ),
    ),
  },
  relations: { calendar: one("calendarId") },
  unique: [["key"]],
  immutable: ["key"],
});

export interface Pipeline extends Row<typeof draft> {}
export interface PipelineInput extends Input<typeof draft> {}
/** A way from first interest to won or lost, as a list of stages. */
export const pipeline = draft.as<Pipeline, PipelineInput>();
