import { sigmoid } from "./learner.js";
import type { Calibration } from "./predict.js";

/**
 * Fits probabilities to outcomes by a logistic regression on the log-odds, with Platt's smoothed targets, so that few
 * outcomes do not make certainties. The log-odds must be of samples that the model has not seen.
 */
export function calibrate(logOdds: ArrayLike<number>, outcomes: ArrayLike<number>): Calibration {
  let won = 0;
  for (let i = 0; i < outcomes.length; i++) won += outcomes[i] as number;
  const [high, low] = [(won + 1) / (won + 2), 1 / (outcomes.length - won + 2)];
  // Newton's steps lead home from here; from beyond, where all is certain, they may not.
  let [slope, shift] = [0, Math.log((won + 1) / (outcomes.length - won + 1))];
  for (let step = 0; step < 50; step++) {
    let [gs, gt, hss, hst, htt] = [0, 0, 1e-9, 0, 1e-9];
    for (let i = 0; i < outcomes.length; i++) {
      const x = logOdds[i] as number;
      const p = sigmoid(slope * x + shift);
      const error = (outcomes[i] === 1 ? high : low) - p;
      const weight = p * (1 - p);
      gs += error * x;
      gt += error;
      hss += weight * x * x;
      hst += weight * x;
      htt += weight;
    }
    const determinant = hss * htt - hst * hst;
    if (determinant < 1e-12) break;
    const [ds, dt] = [(htt * gs - hst * gt) / determinant, (hss * gt - hst * gs) / determinant];
    slope += ds;
    shift += dt;
    if (Math.abs(ds) + Math.abs(dt) < 1e-9) break;
  }
  // A model that ranks the wrong way round is not turned: it is none.
  return slope > 0
    ? { slope, shift }
    : { slope: 0, shift: Math.log((won + 1) / (outcomes.length - won + 1)) };
}
