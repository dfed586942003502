import {
  boosting,
  createPace,
  crossValidate,
  type DataSet,
  logistic,
  type Validation,
} from "@corm/plugin-leads";
import type { Line, Subject } from "../subject.js";

/** `duration` is known only after the call: whoever learns from it learns the answer. */
const LEFT_OUT = new Set(["id", "duration", "y"]);
const NUMBERS = new Set(["age", "balance", "day", "campaign", "pdays", "previous"]);
const REFERENCES = {
  logistic: { auc: 0.765, brier: 0.087, by: "scikit-learn, logistic regression" },
  boosting: { auc: 0.794, brier: 0.084, by: "scikit-learn, histogram boosting" },
};

function read(text: string): DataSet {
  const [head = [], ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.trim().split(","));
  const samples = rows.map((row) =>
    Object.fromEntries(head.map((name, i) => [name, NUMBERS.has(name) ? Number(row[i]) : (row[i] ?? null)])),
  );
  const columns = head
    .filter((name) => !LEFT_OUT.has(name))
    .map((name) => ({ name, kind: NUMBERS.has(name) ? ("number" as const) : ("category" as const) }));
  return { samples, columns, outcomes: Uint8Array.from(samples, ({ y }) => (y === "yes" ? 1 : 0)) };
}

/** The same learners, with the same settings, as a CRM trains on its own leads. */
export const leadScoring: Subject = {
  name: "lead-scoring",
  needs: ["bank-marketing"],
  run: async (data) => {
    const set = read(data("bank-marketing/train.csv"));
    const lines: Line[] = [];
    for (const learner of [logistic, boosting()]) {
      const found = await crossValidate(set, learner, createPace());
      lines.push(...linesOf(found, set.samples.length));
    }
    return lines;
  },
};

function linesOf({ learner, auc, brier }: Validation, count: number): Line[] {
  const { auc: ofAuc, brier: ofBrier, by } = REFERENCES[learner];
  const common = {
    what: `lead scoring: who subscribes, ${count} contacts, without duration`,
    method: `${learner}, 5 stratified folds`,
    preprocessing: "per fold: median and a column for none; one-hot, levels seen < 10 times together",
    by,
  };
  return [
    { ...common, measure: "AUC", figure: auc, reference: ofAuc },
    { ...common, measure: "Brier, calibrated", figure: brier, reference: ofBrier, lower: true },
  ];
}
