import {
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  json,
  many,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";
import { pipeline } from "./pipeline.js";

const draft = defineEntity("stage", {
  fields: {
    pipelineId: reference(pipeline),
    /** What code and clients call it; never changes. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Order within the pipeline. */
    position: Type.Integer({ minimum: 0 }),
    kind: oneOf(["open", "won", "lost"]),
    /** Per cent. 100 for a won stage and 0 for a lost one. */
    probability: filledByHook(Type.Number({ minimum: 0, maximum: 100 })),
    forecastCategory: filledByHook(oneOf(["omitted", "pipeline", "bestCase", "commit", "closed"])),
    /** Fields that an opportunity has before it moves on. */
    requiredFields: withDefault(json(Type.Array(Type.String({ maxLength: 60 }), { maxItems: 50 })), []),
    /** What is ticked off, in `checked` of the opportunity, before it moves on. */
    checklist: withDefault(
      json(
        Type.Array(
          Type.Object(
            {
              key: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 }),
              label: Type.String({ maxLength: 200 }),
            },
            { additionalProperties: false },
          ),
          { maxItems: 50 },
        ),
      ),
      [],
    ),
    /** What an opportunity satisfies before it moves on, in the filter language. */
    condition: Type.Optional(json(Type.Record(Type.String(), Type.Unknown()))),
    /** Keys of the stages of the pipeline that may follow. Default: all. */
    allowedNext: Type.Optional(json(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 50 }))),
    /** Roles of which a user has one to move an opportunity here. Default: whoever may change it. */
    roles: Type.Optional(json(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 50 }))),
    /** Hours, of the calendar of the pipeline, after which an opportunity has been here for too long. */
    staleAfterHours: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 100_000 })),
  },
  relations: { pipeline: one("pipelineId") },
  unique: [["pipelineId", "key"]],
  immutable: ["pipelineId", "key", "kind"],
});

export interface Stage extends Row<typeof draft> {}
export interface StageInput extends Input<typeof draft> {}
/** One step of a pipeline. Its key and kind stay, since opportunities and their history say them. */
export const stage = draft.as<Stage, StageInput>();

/** The pipeline with its stages: declared here, since a stage points at its pipeline. */
export const pipelineWithStages = extendEntity(pipeline, {
  relations: { stages: many(stage, "pipelineId") },
});
