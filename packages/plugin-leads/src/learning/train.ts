import { boosting } from "./boosting.js";
import { crossValidate, type DataSet, type Validation } from "./cross-validate.js";
import { encodeAll, fitEncoder } from "./encode.js";
import type { Learner } from "./learner.js";
import { logistic } from "./logistic.js";
import type { Pace } from "./pace.js";
import type { PredictiveModel } from "./predict.js";

export interface Trained {
  readonly model: PredictiveModel;
  /** Of the learner that was chosen. */
  readonly validation: Validation;
  /** Of all that were tried. */
  readonly tried: readonly Validation[];
}

/** Trees need more outcomes than a line does: below this many of the rarer one they only find chance. */
const ENOUGH_FOR_TREES = 150;

/** Tries the learners on folds, takes the one that ranks better, and trains it on everything. */
export async function train(set: DataSet, pace: Pace): Promise<Trained> {
  const won = set.outcomes.reduce((sum, y) => sum + y, 0);
  const rarer = Math.min(won, set.outcomes.length - won);
  const learners: Learner[] = rarer >= ENOUGH_FOR_TREES ? [logistic, boosting()] : [logistic];
  const tried: Validation[] = [];
  for (const learner of learners) tried.push(await crossValidate(set, learner, pace));
  // Of two that are about as good, the one that is easier to explain, which comes first.
  const best = tried.reduce((a, b) => (b.auc > a.auc + 0.005 ? b : a));
  const encoder = fitEncoder(set.samples, set.columns);
  const matrix = encodeAll(set.samples, encoder);
  const chosen = learners.find(({ name }) => name === best.learner) as Learner;
  const fitted = await chosen.train({ matrix, encoder, outcomes: set.outcomes }, pace);
  return { model: { encoder, fitted, calibration: best.calibration }, validation: best, tried };
}
