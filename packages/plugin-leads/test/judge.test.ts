import fc from "fast-check";
import { expect, it } from "vitest";
import type { ScoreItem } from "../src/index.js";
import { changesOf, crossings, decay, type Facts, judge, type Rules } from "../src/scoring/judge.js";

const none: Facts = { fit: new Set(), behaviour: new Map(), profile: new Set() };
const rules: Rules = {
  fit: [{ key: "size", points: 20, where: {} }],
  behaviour: [
    { key: "visit", points: 7, on: "touchpoint", cap: 20 },
    { key: "silence", points: -3, on: "activity" },
  ],
  thresholds: [],
  profile: [
    { key: "industry", weight: 6, where: {} },
    { key: "country", weight: 4, where: {} },
  ],
  grades: { A: 0.8, B: 0.6, C: 0.4 },
};
const seen = (count: number, weight = count) => ({ count, weight });

it("adds what rules give, to their caps, and says which", () => {
  const facts = {
    ...none,
    fit: new Set(["size"]),
    behaviour: new Map([
      ["visit", seen(5)],
      ["silence", seen(2)],
    ]),
  };
  expect(judge(rules, facts)).toMatchObject({
    score: 34,
    fit: 20,
    behaviour: 14,
    items: [
      { rule: "size", part: "fit", points: 20, count: 1 },
      { rule: "visit", part: "behaviour", points: 20, count: 5 },
      { rule: "silence", part: "behaviour", points: -6, count: 2 },
    ],
  });
  expect(judge(rules, none)).toMatchObject({ score: 0, items: [] });
});

it("halves with every half-life, and not before the event", () => {
  const day = 86_400_000;
  expect([decay(0, 7), decay(7 * day, 7), decay(21 * day, 7), decay(-day, 7)]).toEqual([1, 0.5, 0.125, 1]);
});

it("grades by the share of the profile's weight, ends included", () => {
  const grade = (...met: string[]) => judge(rules, { ...none, profile: new Set(met) }).grade;
  expect([grade("industry", "country"), grade("industry"), grade("country"), grade()]).toEqual([
    "A",
    "B",
    "C",
    "D",
  ]);
  expect(judge({ ...rules, profile: [] }, none)).toMatchObject({ grade: null, reasons: [] });
  expect(judge(rules, { ...none, profile: new Set(["industry"]) }).reasons).toEqual([
    { criterion: "industry", weight: 6, met: true },
    { criterion: "country", weight: 4, met: false },
  ]);
});

const thresholds = [
  { key: "hot", at: 80 },
  { key: "warm", at: 40 },
];
it("crosses a threshold when it is reached, and again when it is left", () => {
  expect(crossings(thresholds, 39, 40)).toEqual([{ threshold: "warm", at: 40, direction: "up" }]);
  expect(crossings(thresholds, 40, 79)).toEqual([]);
  expect(crossings(thresholds, 0, 100).map(({ threshold }) => threshold)).toEqual(["warm", "hot"]);
  expect(crossings(thresholds, 100, 39).map(({ threshold, direction }) => [threshold, direction])).toEqual([
    ["hot", "down"],
    ["warm", "down"],
  ]);
});

it("is above a threshold as often as it has crossed it upwards more than downwards", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -20, max: 120 })), (scores) => {
      let [before, above] = [0, 0];
      for (const now of scores) {
        for (const one of crossings(thresholds, before, now))
          if (one.threshold === "hot") above += one.direction === "up" ? 1 : -1;
        before = now;
        expect(above).toBe(now >= 80 ? 1 : 0);
      }
    }),
    { seed: 7 },
  );
});

it("accounts for the whole difference of two scores", () => {
  const items = fc
    .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer({ min: -50, max: 50 })), {
      selector: ([rule]) => rule,
    })
    .map((list) => list.map(([rule, points]): ScoreItem => ({ rule, part: "fit", points, count: 1 })));
  const sum = (list: readonly { points: number }[]) => list.reduce((total, { points }) => total + points, 0);
  fc.assert(
    fc.property(items, items, (before, now) => {
      const changes = changesOf(before, now);
      expect(changes.reduce((total, { delta }) => total + delta, 0)).toBe(sum(now) - sum(before));
      expect(changes.every(({ delta }) => delta !== 0)).toBe(true);
    }),
    { seed: 7 },
  );
});
