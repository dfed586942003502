import type { Learner, LinearFit, TrainingSet } from "./learner.js";
import { sigmoid } from "./learner.js";
import { solve } from "./linear-algebra.js";
import type { Pace } from "./pace.js";

const MAX_STEPS = 30;
const CLOSE_ENOUGH = 1e-6;

/**
 * Logistic regression with an L2 penalty of strength 1 (on standardised columns, not on the intercept), by Newton's
 * method: iteratively reweighted least squares.
 */
export const logistic: Learner = {
  name: "logistic",
  async train(set, pace): Promise<LinearFit> {
    const columns = await standardised(set, pace);
    const size = columns.length + 1;
    let beta: Float64Array = new Float64Array(size);
    for (let step = 0; step < MAX_STEPS; step++) {
      const { gradient, hessian } = await slopes(columns, set.outcomes, beta, pace);
      const move = solve(hessian, gradient, size);
      beta = beta.map((value, j) => value + (move[j] as number));
      if (move.every((change) => Math.abs(change) < CLOSE_ENOUGH)) break;
    }
    return { learner: "logistic", intercept: beta[0] as number, weights: [...beta.subarray(1)] };
  },
};

async function standardised({ matrix, encoder }: TrainingSet, pace: Pace): Promise<Float64Array[]> {
  const columns: Float64Array[] = [];
  for (const [j, column] of matrix.columns.entries()) {
    const { mean, deviation } = encoder.features[j] as { mean: number; deviation: number };
    columns.push(column.map((value) => (value - mean) / deviation));
    if (pace.due()) await pace.rest();
  }
  return columns;
}

const CHUNK = 1_000;

/** Of the penalised log-likelihood, at `beta`; the hessian with its sign turned. */
async function slopes(
  columns: readonly Float64Array[],
  outcomes: Uint8Array,
  beta: Float64Array,
  pace: Pace,
) {
  const size = beta.length;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const row = new Float64Array(size);
  row[0] = 1;
  for (let start = 0; start < outcomes.length; start += CHUNK) {
    for (let i = start; i < Math.min(start + CHUNK, outcomes.length); i++) {
      let logOdds = beta[0] as number;
      for (let j = 1; j < size; j++) {
        row[j] = (columns[j - 1] as Float64Array)[i] as number;
        logOdds += (beta[j] as number) * (row[j] as number);
      }
      const p = sigmoid(logOdds);
      const error = (outcomes[i] as number) - p;
      const weight = p * (1 - p);
      for (let j = 0; j < size; j++) {
        const value = row[j] as number;
        if (value === 0) continue;
        gradient[j] = (gradient[j] as number) + error * value;
        const scaled = weight * value;
        for (let k = 0; k <= j; k++)
          hessian[j * size + k] = (hessian[j * size + k] as number) + scaled * (row[k] as number);
      }
    }
    if (pace.due()) await pace.rest();
  }
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < j; k++) hessian[k * size + j] = hessian[j * size + k] as number;
    if (j > 0) {
      gradient[j] = (gradient[j] as number) - (beta[j] as number);
      hessian[j * size + j] = (hessian[j * size + j] as number) + 1;
    }
  }
  return { gradient, hessian };
}
