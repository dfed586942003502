import { crmCore, timeSeries } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { analytics, forecastSeries } from "@corm/plugin-analytics";
import fc from "fast-check";
import { expect, it } from "vitest";

const SEASON = [12, -4, 0, 3, 8, -6, -9, 2, 5, -3, -10, 2];
/** A line with a season, and noise that a seed repeats. */
function series(months: number, noise = 0, slope = 2): number[] {
  let state = 7;
  return Array.from({ length: months }, (_, t) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return 100 + slope * t + 10 * (SEASON[t % 12] as number) + noise * (state / 2_147_483_648 - 0.5);
  });
}

it("goes on with a line and its season exactly where there is no noise", () => {
  const all = series(60);
  const { method, points, holdout } = forecastSeries({ values: all.slice(0, 48), season: 12, horizon: 12 });
  expect(method).toMatch(/^Holt-Winters/);
  expect(holdout?.values).toBe(12);
  expect(holdout?.meanAbsoluteError).toBeLessThan(1e-6);
  // Repeating last year misses the growth of a year.
  expect(holdout?.naiveError).toBeCloseTo(24, 6);
  points.forEach(({ value }, at) => {
    expect(value).toBeCloseTo(all[48 + at] as number, 6);
  });
});

it("has the truth within its range about nine times in ten", () => {
  const all = series(120, 60);
  let within = 0;
  let asked = 0;
  for (let end = 48; end + 12 <= all.length; end += 6) {
    const { points } = forecastSeries({ values: all.slice(0, end), season: 12, horizon: 12 });
    points.forEach(({ low, high }, at) => {
      const truth = all[end + at] as number;
      asked += 1;
      if (low <= truth && truth <= high) within += 1;
    });
  }
  expect(within / asked).toBeGreaterThan(0.85);
});

it("repeats the last season where that was better, and says so", () => {
  // A step that smoothing takes for a trend.
  const values = [...Array(24).fill(10), ...Array(12).fill(500), ...Array(12).fill(500)] as number[];
  const { method, points, holdout } = forecastSeries({ values, season: 12, horizon: 3 });
  expect(method).toMatch(/^seasonal naive/);
  expect(holdout?.meanAbsoluteError).toBe(0);
  expect(points.map(({ value }) => value)).toEqual([500, 500, 500]);
});

it("refuses too little history and what is no series, with the reason", () => {
  expect(() => forecastSeries({ values: series(24), season: 12, horizon: 1 })).toThrow(/25 .*24/);
  expect(() => forecastSeries({ values: [1, Number.NaN, 3], season: 1, horizon: 1 })).toThrow(/value 1/);
  expect(() => forecastSeries({ values: series(36), season: 12, horizon: 0 })).toThrow(/can be asked for/);
});

it("answers finite numbers within their ranges, and moves with its unit", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 9, maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      (values, horizon) => {
        const { points } = forecastSeries({ values, season: 4, horizon });
        expect(points).toHaveLength(horizon);
        for (const { value, low, high } of points) {
          expect(Number.isFinite(value)).toBe(true);
          expect(low <= value && value <= high).toBe(true);
        }
        const scaled = forecastSeries({ values: values.map((value) => value * 2), season: 4, horizon });
        scaled.points.forEach(({ value }, at) => {
          expect(value).toBeCloseTo(2 * (points[at]?.value ?? 0), 3);
        });
      },
    ),
    { numRuns: 60 },
  );
});

it("is what other plugins ask by core's port", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), analytics()] });
  const answer = await me.service(timeSeries).forecast({ values: series(48), season: 12, horizon: 2 });
  expect(answer.points).toHaveLength(2);
  await expect(
    me.service(timeSeries).forecast({ values: [1], season: 12, horizon: 2 }),
  ).rejects.toMatchObject({
    code: "insufficient-history",
  });
  await crm.stop();
});
