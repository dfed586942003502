import type { Issue } from "../errors/corm-error.js";
import { InvalidCalendar, shown } from "../errors/value-errors.js";
import { isTimeZone } from "./time-zone.js";
import { parseDay } from "./values.js";

/** Monday first: the index of a weekday is its place here. */
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/**
 * Opening and closing time on the wall, `HH:MM`. The end is not part of it. An end of `24:00` is the end of the
 * day; an end at or before the start, other than the start itself, lies on the next day.
 */
export type WorkingInterval = readonly [start: string, end: string];

/** Plain data: as it is written in code, stored in a row and sent over HTTP. */
export interface CalendarDefinition {
  /** IANA name. */
  readonly timeZone: string;
  /** A weekday left out is free. */
  readonly week: Readonly<Partial<Record<Weekday, readonly WorkingInterval[]>>>;
  /** Dates `YYYY-MM-DD` without working time. A date may be given twice. */
  readonly holidays?: readonly string[];
  /** Dates with hours of their own. One that is also a holiday has these hours. */
  readonly exceptions?: readonly CalendarException[];
}

export interface CalendarException {
  /** `YYYY-MM-DD` */
  readonly date: string;
  /** Instead of those of the weekday; empty for a free day. */
  readonly intervals: readonly WorkingInterval[];
}

/** Minutes from the midnight at which the date begins; the end may exceed 1440. */
export interface MinuteInterval {
  readonly start: number;
  readonly end: number;
}

/** A checked definition in numbers. */
export interface CompiledDefinition {
  readonly timeZone: string;
  /** Seven lists, Monday first, each in order of time. */
  readonly week: readonly (readonly MinuteInterval[])[];
  /** Holidays and exceptions by their day number. */
  readonly special: ReadonlyMap<number, readonly MinuteInterval[]>;
}

const PARTS = ["timeZone", "week", "holidays", "exceptions"];
const TIME = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;
const DAY_MINUTES = 1440;

/**
 * Checks a definition, of whatever origin, and reports everything that is wrong with it.
 *
 * @throws InvalidCalendar with one issue per finding, each with a JSON pointer into the definition.
 */
export function compileDefinition(definition: CalendarDefinition): CompiledDefinition {
  const issues: Issue[] = [];
  const report = (pointer: string, code: string, message: string): void => {
    issues.push({ pointer, code, message });
  };
  const { timeZone, week, holidays, exceptions } = record(definition);
  for (const part of Object.keys(record(definition))) {
    if (!PARTS.includes(part))
      report("", "unknown-part", `${shown(part)} is not a part. Use ${PARTS.join(", ")}.`);
  }
  if (!isTimeZone(timeZone)) {
    report(
      "/timeZone",
      "unknown-time-zone",
      `${shown(timeZone)} is not an IANA time zone such as Europe/Berlin.`,
    );
  }
  if (typeof week !== "object" || week === null)
    report("/week", "not-an-object", "Name the weekdays: { mon: [...] }.");
  const days = record(week);
  for (const day of Object.keys(days)) {
    if (!(WEEKDAYS as readonly string[]).includes(day)) {
      report("/week", "unknown-weekday", `${shown(day)} is not a weekday. Use ${WEEKDAYS.join(", ")}.`);
    }
  }
  const weekly = WEEKDAYS.map((day) => readIntervals(days[day] ?? [], `/week/${day}`, report));
  const special = new Map<number, readonly MinuteInterval[]>();
  list(holidays, "/holidays", report).forEach((date, index) => {
    const day = readDate(date, `/holidays/${index}`, report);
    if (day !== undefined) special.set(day, []);
  });
  const seen = new Set<number>();
  list(exceptions, "/exceptions", report).forEach((exception, index) => {
    const { date, intervals } = record(exception);
    const pointer = `/exceptions/${index}`;
    const own = readIntervals(intervals, `${pointer}/intervals`, report);
    const day = readDate(date, `${pointer}/date`, report);
    if (day === undefined) return;
    if (seen.has(day))
      report(`${pointer}/date`, "duplicate-date", `${shown(date)} has two exceptions. Merge them.`);
    seen.add(day);
    special.set(day, own);
  });
  if (issues.length === 0 && ![...weekly, ...special.values()].some((intervals) => intervals.length > 0)) {
    report("", "no-working-time", "The calendar has no working time at all. Add an interval to a weekday.");
  }
  if (issues.length > 0) throw InvalidCalendar({ issues });
  return { timeZone: timeZone as string, week: weekly, special };
}

type Report = (pointer: string, code: string, message: string) => void;

function readIntervals(value: unknown, pointer: string, report: Report): readonly MinuteInterval[] {
  if (!Array.isArray(value)) {
    report(pointer, "not-a-list", 'Give a list of intervals: [["09:00", "17:00"]].');
    return [];
  }
  const intervals = (value as unknown[]).flatMap((pair, index) => {
    const interval = readInterval(pair);
    if (typeof interval !== "string") return [interval];
    report(`${pointer}/${index}`, "invalid-interval", interval);
    return [];
  });
  intervals.sort((a, b) => a.start - b.start);
  intervals.forEach((interval, index) => {
    const previous = intervals[index - 1];
    if (previous && interval.start < previous.end) {
      report(
        pointer,
        "overlapping-intervals",
        `${clock(previous)} and ${clock(interval)} overlap. Merge them.`,
      );
    }
  });
  return intervals;
}

/** The interval, or what is wrong with it. */
function readInterval(pair: unknown): MinuteInterval | string {
  if (!Array.isArray(pair) || pair.length !== 2) return 'An interval is a pair: ["09:00", "17:00"].';
  const [start, end] = [minutes(pair[0]), minutes(pair[1])];
  if (start === undefined || start === DAY_MINUTES)
    return `${shown(pair[0])} is not a start from 00:00 to 23:59.`;
  if (end === undefined) return `${shown(pair[1])} is not an end from 00:00 to 24:00.`;
  if (start === end) return `${shown(pair[0])} is start and end: for a whole day use 00:00 to 24:00.`;
  return { start, end: end > start ? end : end + DAY_MINUTES };
}

function readDate(date: unknown, pointer: string, report: Report): number | undefined {
  try {
    return parseDay(date);
  } catch {
    report(pointer, "invalid-date", `${shown(date)} is not a date such as 2026-12-25.`);
    return undefined;
  }
}

function minutes(time: unknown): number | undefined {
  const match = typeof time === "string" ? TIME.exec(time) : null;
  if (!match) return undefined;
  return match[1] === undefined ? DAY_MINUTES : Number(match[1]) * 60 + Number(match[2]);
}

function clock({ start, end }: MinuteInterval): string {
  const text = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  return `${text(start)}-${text(end > DAY_MINUTES ? end - DAY_MINUTES : end)}`;
}

function list(value: unknown, pointer: string, report: Report): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value !== undefined) report(pointer, "not-a-list", "Give a list.");
  return [];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
