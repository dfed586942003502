import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  addWorkingTime,
  defineCalendar,
  type WorkingInterval,
  workingTimeBetween,
} from "../../src/util/business-calendar.js";

/** Reference vectors made by another program; see the README beside them. */
interface Vectors {
  readonly calendars: Readonly<
    Record<
      string,
      {
        timezone: string;
        hours: Readonly<Record<string, readonly WorkingInterval[]>>;
        holidays: readonly string[];
      }
    >
  >;
  readonly vectors: readonly {
    readonly id: string;
    readonly calendar: string;
    readonly start: string;
    readonly add_business_minutes: number;
    readonly due: string;
    readonly end: string;
    readonly business_minutes_between: number;
    readonly pause_from: string;
    readonly pause_to: string;
    readonly business_minutes_between_minus_pause: number;
    readonly near_clock_change: boolean;
  }[];
}

const MINUTE = 60_000;
const root = join(import.meta.dirname, "../../../..");
const folder = process.env.CORM_DATA_DIR ?? join(root, "../shared/data");
const file = join(folder, "business-hours/vectors.json");

it.skipIf(!existsSync(file))(
  `is exact on every reference vector${existsSync(file) ? "" : " (skipped: no reference data)"}`,
  () => {
    const { calendars, vectors } = JSON.parse(readFileSync(file, "utf8")) as Vectors;
    const known = new Map(
      Object.entries(calendars).map(([name, { timezone, hours, holidays }]) => {
        const week = Object.fromEntries(Object.entries(hours).map(([day, own]) => [day.toLowerCase(), own]));
        return [name, defineCalendar({ timeZone: timezone, week, holidays })] as const;
      }),
    );
    const wrong = vectors.filter((vector) => {
      const calendar = known.get(vector.calendar)!;
      const minutesBetween = (from: string, to: string): number =>
        workingTimeBetween(calendar, Date.parse(from), Date.parse(to)) / MINUTE;
      const due = addWorkingTime(calendar, Date.parse(vector.start), vector.add_business_minutes * MINUTE);
      const between = minutesBetween(vector.start, vector.end);
      const paused = minutesBetween(vector.pause_from, vector.pause_to);
      return (
        due !== Date.parse(vector.due) ||
        between !== vector.business_minutes_between ||
        between - paused !== vector.business_minutes_between_minus_pause
      );
    });
    expect(wrong.map(({ id, near_clock_change }) => ({ id, near_clock_change }))).toEqual([]);
    expect(vectors.length).toBeGreaterThanOrEqual(150);
  },
);
