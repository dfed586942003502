import fc from "fast-check";
import { expect, it } from "vitest";
import { WorkingTimeOutOfReach } from "../../src/errors/value-errors.js";
import {
  addWorkingTime,
  type BusinessCalendar,
  type CalendarDefinition,
  defineCalendar,
  isWorkingTime,
  type WorkingInterval,
  workingTimeBetween,
} from "../../src/util/business-calendar.js";
import { minuteStepper } from "./minute-stepper.js";

/**
 * Random calendars around clock changes. `CORM_CASES=10000` runs the full comparison (about half a minute); the default
 * of 2,000 keeps an ordinary run quick.
 */
const CASES = Number(process.env.CORM_CASES ?? 2000);

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Zone, and UTC dates on which its clock changes, or ordinary ones for a zone that keeps its offset. */
const ZONES: readonly (readonly [string, readonly string[]])[] = [
  ["Europe/Berlin", ["2025-03-30", "2025-10-26", "2026-03-29", "2026-10-25"]],
  ["America/New_York", ["2025-03-09", "2025-11-02", "2026-03-08", "2026-11-01"]],
  ["Australia/Lord_Howe", ["2025-04-05", "2025-10-04", "2026-04-04", "2026-10-03"]],
  ["Asia/Kathmandu", ["2025-12-31", "2026-02-28"]],
  ["Pacific/Auckland", ["2025-04-05", "2025-09-27", "2026-04-04", "2026-09-26"]],
  ["America/Santiago", ["2025-04-06", "2025-09-07"]],
];

const time = fc.integer({ min: 0, max: 95 }).map((quarter) => clock(quarter * 15));
const oddTime = fc.oneof(
  { weight: 3, arbitrary: time },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 1439 }).map(clock) },
);

/** Up to three intervals that do not overlap; the last may run into the next date or end at 24:00. */
const intervals: fc.Arbitrary<WorkingInterval[]> = fc
  .tuple(fc.uniqueArray(oddTime, { maxLength: 6 }), fc.constantFrom("plain", "overnight", "midnight"))
  .map(([times, last]) => {
    const sorted = [...times].sort();
    const pairs: [string, string][] = [];
    for (let i = 0; i + 1 < sorted.length; i += 2) pairs.push([sorted[i]!, sorted[i + 1]!]);
    const final = pairs.at(-1);
    if (final && last === "midnight") final[1] = "24:00";
    // Ends on the next date, at or before the time at which the first interval of a date begins.
    if (final && last === "overnight")
      final[1] = pairs.length > 1 ? pairs[0]![0] : clock(minute(final[0]) >> 1);
    return pairs.filter(([start, end]) => start !== end);
  });

const scenario = fc
  .constantFrom(...ZONES)
  .chain(([timeZone, changes]) =>
    fc.constantFrom(...changes).chain((change) => {
      const middle = Date.parse(`${change}T00:00:00Z`);
      const nearbyDate = fc
        .integer({ min: -4, max: 4 })
        .map((days) => new Date(middle + days * DAY).toISOString().slice(0, 10));
      return fc.record({
        timeZone: fc.constant(timeZone),
        week: fc.record(
          {
            mon: intervals,
            tue: intervals,
            wed: intervals,
            thu: intervals,
            fri: intervals,
            sat: intervals,
            sun: intervals,
          },
          { requiredKeys: [] },
        ),
        holidays: fc.array(nearbyDate, { maxLength: 2 }),
        exceptions: fc.uniqueArray(fc.record({ date: nearbyDate, intervals }), {
          maxLength: 2,
          selector: ({ date }) => date,
        }),
        from: fc.integer({ min: -3 * 1440, max: 1440 }).map((minutes) => middle + minutes * MINUTE),
        minutes: fc.integer({ min: 0, max: 2 * 1440 }),
        length: fc.integer({ min: 0, max: 4 * 1440 }),
      });
    }),
  )
  .filter(({ week, exceptions }) =>
    [...Object.values(week), ...exceptions.map((own) => own.intervals)].some((own) => own.length > 0),
  );

it(`M101 equals a stepper over single minutes in ${CASES} random cases around clock changes`, () => {
  let compared = 0;
  let overnight = 0;
  fc.assert(
    fc.property(scenario, ({ from, minutes, length, ...definition }) => {
      const calendar = defineCalendar(definition);
      const naive = minuteStepper(definition);
      const to = from + length * MINUTE;
      const worked = workingTimeBetween(calendar, from, to);
      expect(worked / MINUTE).toBe(naive.between(from, to));
      expect(isWorkingTime(calendar, from)).toBe(naive.between(from, from + MINUTE) === 1);
      compared += 1;
      if (hasNightShift(definition)) overnight += 1;
      const limit = from + 6 * DAY;
      const due = naive.add(from, minutes, limit);
      if (due === undefined)
        expect(dueOrNever(calendar, from, minutes * MINUTE)).toBeGreaterThanOrEqual(limit);
      else expect(addWorkingTime(calendar, from, minutes * MINUTE)).toBe(due);
    }),
    { numRuns: CASES },
  );
  expect(compared).toBe(CASES);
  expect(overnight).toBeGreaterThan(CASES / 10);
}, 600_000);

it("addWorkingTime and workingTimeBetween are inverse, to the millisecond", () => {
  fc.assert(
    fc.property(
      scenario,
      fc.integer({ min: 1, max: 40 * DAY }),
      ({ from, minutes: _, length: __, ...definition }, ms) => {
        const calendar = defineCalendar({
          ...definition,
          week: { ...definition.week, mon: [["00:07", "23:11"]] },
        });
        const due = addWorkingTime(calendar, from + (ms % 1000), ms);
        expect(workingTimeBetween(calendar, from + (ms % 1000), due)).toBe(ms);
        // It is the first such instant: a millisecond earlier one is missing.
        expect(workingTimeBetween(calendar, from + (ms % 1000), due - 1)).toBe(ms - 1);
      },
    ),
    { numRuns: CASES },
  );
}, 600_000);

it("adding twice is adding the sum", () => {
  const span = fc.integer({ min: 0, max: 10 * DAY });
  fc.assert(
    fc.property(scenario, span, span, ({ from, minutes: _, length: __, ...definition }, first, second) => {
      const calendar = defineCalendar({
        ...definition,
        week: { ...definition.week, mon: [["08:00", "20:00"]] },
      });
      const inSteps = addWorkingTime(calendar, addWorkingTime(calendar, from, first), second);
      expect(inSteps).toBe(addWorkingTime(calendar, from, first + second));
    }),
    { numRuns: Math.min(CASES, 2000) },
  );
}, 600_000);

/** The stepper gave up: the calendar has to answer later, or to refuse. */
function dueOrNever(calendar: BusinessCalendar, from: number, ms: number): number {
  try {
    return addWorkingTime(calendar, from, ms);
  } catch (error) {
    if (WorkingTimeOutOfReach.is(error)) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function minute(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

function hasNightShift({ week }: Pick<CalendarDefinition, "week">): boolean {
  return Object.values(week).some((own) => own.some(([start, end]) => end < start));
}
