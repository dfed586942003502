import type { Context } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import type { Contribution } from "../entities/lead-score.js";
import { predictiveModel, predictiveModelBody } from "../entities/predictive-model.js";
import type { Value } from "../learning/encode.js";
import { type PredictiveModel, predict } from "../learning/predict.js";
import { samplesOf } from "./samples.js";

export interface Prediction {
  readonly probability: number | null;
  readonly predictedById: string | null;
  readonly contributions: Contribution[];
}

export const NO_PREDICTION: Prediction = { probability: null, predictedById: null, contributions: [] };

/** Fields that a judgement names. */
const TOP = 5;
const MAX_KEPT = 20;
/** Read once per process: what a model says never changes. */
const kept = new Map<string, PredictiveModel>();

/** The trained model that judges, or null: then rules alone do. */
export function activePredictor(ctx: Context): Promise<{ readonly id: string } | null> {
  return ctx.repo(predictiveModel).first({ where: { slot: "active" }, select: ["id"] });
}

/** What a trained model says of leads. At most 500. With the rights of the system. */
export async function predictLeads(
  ctx: Context,
  modelId: string,
  ids: readonly string[],
): Promise<Map<string, Prediction>> {
  if (ids.length === 0) return new Map();
  const model = await bodyOf(ctx, modelId);
  const { items } = await ctx.repo(lead).find({ where: { id: { in: ids } }, limit: ids.length });
  const samples = await samplesOf(ctx, items as Lead[]);
  const predicted = predict(model, samples);
  return new Map(
    items.map(({ id }, i) => {
      const { probability, effects } = predicted[i] as (typeof predicted)[number];
      const strongest = effects.filter(({ field, effect }) => field !== "" && Math.abs(effect) > 1e-4);
      const contributions = strongest.slice(0, TOP).map(({ field, effect }) => ({
        field,
        value: (samples[i]?.[field] ?? null) as Value,
        effect: round(effect),
      }));
      return [id, { probability: round(probability), predictedById: modelId, contributions }];
    }),
  );
}

/** Nobody acts by the fifth digit, and a score that changes only there is not written again. */
const round = (value: number): number => Math.round(value * 10_000) / 10_000;

async function bodyOf(ctx: Context, modelId: string): Promise<PredictiveModel> {
  const key = `${ctx.tenant}/${modelId}`;
  let model = kept.get(key);
  if (!model) {
    const row = await ctx.repo(predictiveModelBody).first({ where: { modelId } });
    if (!row) throw new Error(`the body of predictive model ${modelId} is gone`);
    model = JSON.parse(row.body) as PredictiveModel;
    const oldest = kept.size >= MAX_KEPT ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    kept.set(key, model);
  }
  return model;
}
