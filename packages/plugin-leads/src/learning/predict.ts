import { type Encoder, encodeAll, type Matrix, type Sample } from "./encode.js";
import { type Fitted, sigmoid, type Tree } from "./learner.js";

/** By how much the log-odds are stretched and moved, so that probabilities come true (Platt 1999). */
export interface Calibration {
  readonly slope: number;
  readonly shift: number;
}

/** All that is needed to judge a sample; JSON. */
export interface PredictiveModel {
  readonly encoder: Encoder;
  readonly fitted: Fitted;
  readonly calibration: Calibration;
}

export interface Effect {
  readonly field: string;
  /** What the field adds to the log-odds, compared with the average sample. */
  readonly effect: number;
}

/** Log-odds of every row, without calibration. */
export function logOddsOf(fitted: Fitted, encoder: Encoder, matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, row) => {
    let sum = fitted.learner === "logistic" ? fitted.intercept : fitted.base;
    eachEffect(fitted, encoder, matrix, row, (_field, effect) => {
      sum += effect;
    });
    return sum;
  });
}

/** The probability of each sample, with what each field does to it, the strongest first. */
export function predict(
  { encoder, fitted, calibration }: PredictiveModel,
  samples: readonly Sample[],
): { readonly probability: number; readonly effects: readonly Effect[] }[] {
  const matrix = encodeAll(samples, encoder);
  const { slope, shift } = calibration;
  return samples.map((_, row) => {
    const byField = new Map<string, number>();
    let sum = fitted.learner === "logistic" ? fitted.intercept : fitted.base;
    eachEffect(fitted, encoder, matrix, row, (field, effect) => {
      sum += effect;
      byField.set(field, (byField.get(field) ?? 0) + effect * slope);
    });
    const effects = [...byField].map(([field, effect]) => ({ field, effect }));
    effects.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    return { probability: sigmoid(slope * sum + shift), effects };
  });
}

/**
 * What each column adds; all of them and the base are the log-odds exactly. Of trees: how far what they say moves at each
 * split, for the column of the split (Saabas 2014).
 */
function eachEffect(
  fitted: Fitted,
  { features }: Encoder,
  { columns }: Matrix,
  row: number,
  add: (field: string, effect: number) => void,
): void {
  const at = (j: number): number => (columns[j] as Float64Array)[row] as number;
  if (fitted.learner === "logistic") {
    for (const [j, { field, mean, deviation }] of features.entries())
      add(field, ((fitted.weights[j] as number) * (at(j) - mean)) / deviation);
    return;
  }
  for (const tree of fitted.trees) walk(tree, at, (j, effect) => add(features[j]?.field ?? "", effect), add);
}

function walk(
  { feature, threshold, left, right, value }: Tree,
  at: (j: number) => number,
  moved: (j: number, effect: number) => void,
  began: (field: string, effect: number) => void,
): void {
  // What a tree says of everybody belongs to no field.
  if (value[0] !== 0) began("", value[0] as number);
  let node = 0;
  while ((feature[node] as number) >= 0) {
    const j = feature[node] as number;
    const next = (at(j) <= (threshold[node] as number) ? left[node] : right[node]) as number;
    moved(j, (value[next] as number) - (value[node] as number));
    node = next;
  }
}
