import { defineEntity, type Input, type Row, withDefault } from "@corm/core";
import Type from "typebox";

const draft = defineEntity("pipeline", {
  fields: {
    /** What code calls it; never changes. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]*$", maxLength: 50 }),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** The pipeline with the lowest position is the default one. */
    position: withDefault(Type.Integer({ minimum: 0 }), 1),
  },
  unique: [["key"]],
  immutable: ["key"],
});

export interface Pipeline extends Row<typeof draft> {}
export interface PipelineInput extends Input<typeof draft> {}
/** A way from first interest to won or lost, as a list of stages. */
export const pipeline = draft.as<Pipeline, PipelineInput>();
