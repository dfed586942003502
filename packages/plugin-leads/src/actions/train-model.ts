import { defineAction, Type } from "@corm/core";
import { predictiveModel } from "../entities/predictive-model.js";
import { predictionColumns } from "../prediction/columns.js";
import { countOutcomes, MIN_OUTCOMES, TRAIN } from "../prediction/train-model.js";

/**
 * Has a model trained on what became of the tenant's leads, in the background. `POST /api/predictive-models/train`
 *
 * @throws too-few-outcomes, prediction-field-unusable
 */
export const trainPredictiveModel = defineAction({
  name: "train",
  on: predictiveModel,
  collection: true,
  label: "Train a predictive model",
  description: "Learns from converted and unqualified leads how probable it is that a lead is converted.",
  input: Type.Object({
    /** Left out: all that can be learned from. */
    fields: Type.Optional(Type.Array(Type.String({ maxLength: 48 }), { minItems: 1, maxItems: 200 })),
    minimum: Type.Optional(Type.Integer({ minimum: 20, maximum: 1_000_000 })),
  }),
  output: Type.Object({ jobId: Type.String(), won: Type.Integer(), lost: Type.Integer() }),
  run: async ({ input }, caller) => {
    const ctx = caller.asSystem({ capability: "leads.predict", reason: "trains a predictive model" });
    const { won, lost } = await countOutcomes(ctx, input.minimum ?? MIN_OUTCOMES);
    predictionColumns(ctx, input.fields);
    const { id } = await ctx.jobs.enqueue(TRAIN, input);
    return { jobId: id, won, lost };
  },
});
