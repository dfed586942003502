import { calibrate } from "./calibrate.js";
import { type Column, encodeAll, fitEncoder, type Sample } from "./encode.js";
import { type Learner, sigmoid } from "./learner.js";
import { auc, brier, type CalibrationRow, calibrationTable } from "./metrics.js";
import type { Pace } from "./pace.js";
import { type Calibration, logOddsOf } from "./predict.js";
import { seededNumbers, shuffled } from "./random.js";

export interface DataSet {
  readonly samples: readonly Sample[];
  /** 1 for won, 0 for lost. */
  readonly outcomes: Uint8Array;
  readonly columns: readonly Column[];
}

/** How good a learner is on samples that it has not seen. */
export interface Validation {
  readonly learner: Learner["name"];
  /** Mean of the folds. */
  readonly auc: number;
  readonly brier: number;
  readonly aucOfFolds: readonly number[];
  readonly calibrationTable: readonly CalibrationRow[];
  /** To be used with a model of all samples. */
  readonly calibration: Calibration;
}

/** The fold of each sample: won and lost are spread over all folds alike. */
export function stratifiedFolds(outcomes: Uint8Array, folds: number, seed: number): Uint8Array {
  const random = seededNumbers(seed);
  const fold = new Uint8Array(outcomes.length);
  for (const outcome of [0, 1]) {
    const own = Array.from(outcomes.keys()).filter((i) => outcomes[i] === outcome);
    for (const [place, i] of shuffled(own, random).entries()) fold[i] = place % folds;
  }
  return fold;
}

/**
 * Trains on all folds but one, encoder and all, and predicts that one. Probabilities of a fold are calibrated by the other
 * folds: nothing of a sample takes part in its own prediction.
 */
export async function crossValidate(
  { samples, outcomes, columns }: DataSet,
  learner: Learner,
  pace: Pace,
  options: { readonly folds?: number; readonly seed?: number } = {},
): Promise<Validation> {
  const { folds = 5, seed = 1 } = options;
  const fold = stratifiedFolds(outcomes, folds, seed);
  const all = Array.from(fold.keys());
  const logOdds = new Float64Array(samples.length);
  for (let k = 0; k < folds; k++) {
    const [seen, unseen] = [all.filter((i) => fold[i] !== k), all.filter((i) => fold[i] === k)];
    const train = seen.map((i) => samples[i] as Sample);
    const encoder = fitEncoder(train, columns);
    if (pace.due()) await pace.rest();
    const matrix = encodeAll(train, encoder);
    const fitted = await learner.train({ matrix, encoder, outcomes: pick(outcomes, seen) }, pace);
    const predicted = logOddsOf(
      fitted,
      encoder,
      encodeAll(
        unseen.map((i) => samples[i] as Sample),
        encoder,
      ),
    );
    for (const [place, i] of unseen.entries()) logOdds[i] = predicted[place] as number;
    if (pace.due()) await pace.rest();
  }
  const probabilities = new Float64Array(samples.length);
  const aucOfFolds: number[] = [];
  for (let k = 0; k < folds; k++) {
    const others = all.filter((i) => fold[i] !== k);
    const { slope, shift } = calibrate(pick(logOdds, others), pick(outcomes, others));
    const own = all.filter((i) => fold[i] === k);
    for (const i of own) probabilities[i] = sigmoid(slope * (logOdds[i] as number) + shift);
    aucOfFolds.push(auc(pick(logOdds, own), pick(outcomes, own)));
    if (pace.due()) await pace.rest();
  }
  return {
    learner: learner.name,
    auc: aucOfFolds.reduce((sum, one) => sum + one, 0) / folds,
    brier: brier(probabilities, outcomes),
    aucOfFolds,
    calibrationTable: calibrationTable(probabilities, outcomes),
    calibration: calibrate(logOdds, outcomes),
  };
}

const pick = <T extends Uint8Array | Float64Array>(values: T, rows: readonly number[]): T => {
  const Kind = values.constructor as new (length: number) => T;
  const picked = new Kind(rows.length);
  for (const [place, i] of rows.entries()) picked[place] = values[i] as number;
  return picked;
};
