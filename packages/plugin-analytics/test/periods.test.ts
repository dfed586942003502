import fc from "fast-check";
import { expect, test } from "vitest";
import { periodOf, periodsBetween } from "../src/index.js";

const DAY_MS = 86_400_000;
const day = fc
  .integer({ min: Date.UTC(1990, 0, 1) / DAY_MS, max: Date.UTC(2050, 0, 1) / DAY_MS })
  .map((n) => new Date(n * DAY_MS).toISOString().slice(0, 10));

test("known periods, also where ISO weeks belong to another year", () => {
  expect(periodOf("2017-11-05", "quarter")).toBe("2017-Q4");
  expect(periodOf("2021-01-03", "week")).toBe("2020-W53");
  expect(periodOf("2018-12-31", "week")).toBe("2019-W01");
  expect(periodsBetween("2020-W52", "2021-W01", "week")).toEqual(["2020-W52", "2020-W53", "2021-W01"]);
  expect(periodsBetween("2017-11", "2018-01", "month")).toEqual(["2017-11", "2017-12", "2018-01"]);
  expect(periodsBetween("2024-02-28", "2024-03-01", "day")).toEqual([
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
  ]);
});

test("the periods between two days are those of the days between them, each once", () => {
  const grain = fc.constantFrom("day", "week", "month", "quarter", "year" as const);
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 800 }), grain, (from, length, grain) => {
      const first = Date.parse(`${from}T00:00:00Z`);
      const days = Array.from({ length: length + 1 }, (_, i) =>
        new Date(first + i * DAY_MS).toISOString().slice(0, 10),
      );
      const expected = [...new Set(days.map((d) => periodOf(d, grain as "day")))];
      const last = days[days.length - 1] as string;
      expect(
        periodsBetween(periodOf(from, grain as "day"), periodOf(last, grain as "day"), grain as "day"),
      ).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});
