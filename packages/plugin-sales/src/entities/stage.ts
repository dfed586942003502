import {
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  many,
  one,
  oneOf,
  type Row,
  reference,
} from "@corm/core";
import Type from "typebox";
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
