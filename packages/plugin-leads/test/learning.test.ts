import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boosting } from "../src/learning/boosting.js";
import { calibrate } from "../src/learning/calibrate.js";
import { crossValidate, stratifiedFolds } from "../src/learning/cross-validate.js";
import { encodeAll, fitEncoder, type Sample } from "../src/learning/encode.js";
import { type Learner, sigmoid } from "../src/learning/learner.js";
import { logistic } from "../src/learning/logistic.js";
import { auc, brier, calibrationTable } from "../src/learning/metrics.js";
import { createPace } from "../src/learning/pace.js";
import { logOddsOf, type PredictiveModel, predict } from "../src/learning/predict.js";
import { seededNumbers } from "../src/learning/random.js";
import { train } from "../src/learning/train.js";

const pace = () => createPace();

/** People of whom those in software who are young are won more often; and, among the young, by chance. */
function people(count: number, seed = 3) {
  const random = seededNumbers(seed);
  const samples: Sample[] = [];
  const outcomes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const industry = ["software", "trade", "farming", null][Math.floor(random() * 4)] as string | null;
    const age = random() < 0.1 ? null : Math.floor(20 + random() * 50);
    const logOdds = (industry === "software" ? 1.5 : -0.5) - ((age ?? 40) - 45) / 20;
    samples.push({ industry, age, town: `town ${Math.floor(random() * 200)}` });
    outcomes[i] = random() < sigmoid(logOdds) ? 1 : 0;
  }
  return { samples, outcomes, columns: COLUMNS };
}
const COLUMNS = [
  { name: "industry", kind: "category" },
  { name: "age", kind: "number" },
  { name: "town", kind: "category" },
] as const;

describe("metrics", () => {
  it("ranks as counting all pairs does", () => {
    const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1 })), {
      minLength: 2,
      maxLength: 30,
    });
    fc.assert(
      fc.property(scored, (list) => {
        const won = list.filter(([, y]) => y === 1);
        const lost = list.filter(([, y]) => y === 0);
        fc.pre(won.length > 0 && lost.length > 0);
        let points = 0;
        for (const [a] of won) for (const [b] of lost) points += a > b ? 1 : a === b ? 0.5 : 0;
        const [scores, outcomes] = [list.map(([s]) => s), list.map(([, y]) => y)];
        expect(auc(scores, outcomes)).toBeCloseTo(points / (won.length * lost.length), 10);
      }),
      { seed: 5 },
    );
  });

  it("measures probabilities by what came of them", () => {
    expect(brier([1, 0, 0.5], [1, 0, 1])).toBeCloseTo(0.25 / 3, 10);
    expect(calibrationTable([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 0], 2)).toEqual([
      { count: 2, predicted: expect.closeTo(0.15), observed: 0 },
      { count: 2, predicted: expect.closeTo(0.85), observed: 0.5 },
    ]);
  });
});

describe("encoding", () => {
  const samples: Sample[] = Array.from({ length: 40 }, (_, i) => ({
    kind: i < 20 ? "A" : i < 35 ? "b" : `rare ${i}`,
    size: i === 0 ? null : i,
    same: 1,
  }));
  const columns = [
    { name: "kind", kind: "category" },
    { name: "size", kind: "number" },
    { name: "same", kind: "number" },
  ] as const;

  it("has a column per level, one for rare ones, and none for what never varies", () => {
    const encoder = fitEncoder(samples, columns);
    const named = encoder.features.map(({ field, kind, ...rest }) => [
      field,
      kind,
      "level" in rest ? rest.level : "",
    ]);
    expect(named).toEqual([
      ["kind", "level", "a"],
      ["kind", "level", "b"],
      ["kind", "other", ""],
      ["size", "number", ""],
      ["size", "missing", ""],
    ]);
  });

  it("takes what it has never seen for other, and nothing for the median", () => {
    const encoder = fitEncoder(samples, columns);
    const { columns: encoded } = encodeAll(
      [
        { kind: "new", size: null },
        { kind: "a", size: 7 },
      ],
      encoder,
    );
    expect(encoded.map((column) => [...column])).toEqual([
      [0, 1],
      [0, 0],
      [1, 0],
      [20, 7],
      [1, 0],
    ]);
  });
});

const learners: Learner[] = [logistic, boosting({ rounds: 40 })];
for (const learner of learners) {
  describe(learner.name, () => {
    it("finds what is there, comes out the same again, and its effects add up to what it says", async () => {
      const { samples, outcomes, columns } = people(1500);
      const encoder = fitEncoder(samples, columns);
      const matrix = encodeAll(samples, encoder);
      const fitted = await learner.train({ matrix, encoder, outcomes }, pace());
      expect(await learner.train({ matrix, encoder, outcomes }, pace())).toEqual(fitted);
      const again = JSON.parse(JSON.stringify(fitted)) as typeof fitted;
      expect(auc(logOddsOf(again, encoder, matrix), outcomes)).toBeGreaterThan(0.75);

      const calibration = { slope: 0.9, shift: 0.1 };
      const model: PredictiveModel = { encoder, fitted, calibration };
      const raw = logOddsOf(fitted, encoder, matrix);
      const base = fitted.learner === "logistic" ? fitted.intercept : fitted.base;
      for (const [i, { probability, effects }] of predict(model, samples.slice(0, 50)).entries()) {
        const sum = effects.reduce((total, { effect }) => total + effect, 0);
        expect(sum).toBeCloseTo(0.9 * ((raw[i] as number) - base), 8);
        expect(probability).toBeCloseTo(sigmoid(0.9 * (raw[i] as number) + 0.1), 10);
      }
      const [young] = predict(model, [{ industry: "software", age: 22, town: "town 1" }]);
      const [old] = predict(model, [{ industry: "farming", age: 69, town: "town 1" }]);
      expect(young!.probability).toBeGreaterThan(0.7);
      expect(old!.probability).toBeLessThan(0.3);
      expect(
        young!.effects
          .slice(0, 2)
          .map(({ field }) => field)
          .sort(),
      ).toEqual(["age", "industry"]);
    });

    it("finds nothing in chance, however many levels there are", async () => {
      const random = seededNumbers(11);
      const { samples } = people(800);
      const outcomes = Uint8Array.from(samples, () => (random() < 0.4 ? 1 : 0));
      const found = await crossValidate({ samples, outcomes, columns: COLUMNS }, learner, pace());
      expect(Math.abs(found.auc - 0.5)).toBeLessThan(0.06);
      // No worse than to say 0.4 of everybody.
      expect(found.brier).toBeLessThan(0.4 * 0.6 + 0.005);
    });
  });
}

it("solves a logistic regression: no slope is left at its answer", async () => {
  const { samples, outcomes, columns } = people(600);
  const encoder = fitEncoder(samples, columns);
  const matrix = encodeAll(samples, encoder);
  const fitted = await logistic.train({ matrix, encoder, outcomes }, pace());
  if (fitted.learner !== "logistic") throw new Error("another learner");
  const odds = logOddsOf(fitted, encoder, matrix);
  const errors = Array.from(odds, (value, i) => (outcomes[i] as number) - sigmoid(value));
  expect(errors.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 4);
  for (const [j, { mean, deviation }] of encoder.features.entries()) {
    const slope = errors.reduce(
      (sum, error, i) => sum + (error * ((matrix.columns[j] as Float64Array)[i]! - mean)) / deviation,
      0,
    );
    expect(slope - (fitted.weights[j] as number)).toBeCloseTo(0, 4);
  }
});

it("finds with trees what no line can: one or the other, but not both", async () => {
  const random = seededNumbers(2);
  const samples: Sample[] = Array.from({ length: 800 }, () => ({ a: random(), b: random() }));
  const outcomes = Uint8Array.from(samples, ({ a, b }) => (Number(a) > 0.5 !== Number(b) > 0.5 ? 1 : 0));
  const columns = [
    { name: "a", kind: "number" },
    { name: "b", kind: "number" },
  ] as const;
  expect((await crossValidate({ samples, outcomes, columns }, logistic, pace())).auc).toBeLessThan(0.6);
  const { validation, tried } = await train({ samples, outcomes, columns }, pace());
  expect(validation.learner).toBe("boosting");
  expect(validation.auc).toBeGreaterThan(0.95);
  expect(tried).toHaveLength(2);
});

it("calibrates: what is said comes true as often as it is said", () => {
  const random = seededNumbers(9);
  const truth = Array.from({ length: 4000 }, () => random() * 4 - 2);
  const outcomes = truth.map((odds) => (random() < sigmoid(odds) ? 1 : 0));
  // Three times too sure of itself, and too hopeful.
  const { slope, shift } = calibrate(
    truth.map((odds) => 3 * odds + 1),
    outcomes,
  );
  expect(slope).toBeCloseTo(1 / 3, 1);
  expect(shift).toBeCloseTo(-1 / 3, 1);
  expect(
    calibrate(
      truth.map((odds) => -odds),
      outcomes,
    ).slope,
  ).toBe(0);
});

it("spreads won and lost over the folds alike", () => {
  const outcomes = Uint8Array.from({ length: 103 }, (_, i) => (i % 5 === 0 ? 1 : 0));
  const fold = stratifiedFolds(outcomes, 5, 1);
  const sizes = [0, 1, 2, 3, 4].map((k) => [...fold.keys()].filter((i) => fold[i] === k));
  for (const rows of sizes) {
    expect(Math.abs(rows.length - 103 / 5)).toBeLessThan(2);
    expect(Math.abs(rows.filter((i) => outcomes[i] === 1).length - 21 / 5)).toBeLessThan(1);
  }
});

it("lets everything else have its turn, and stops when it is told to", async () => {
  const set = people(4000);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await crossValidate(set, boosting({ rounds: 10 }), createPace());
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 5);
  await expect(crossValidate(set, boosting(), createPace({ signal: stop.signal }))).rejects.toThrow();
});
