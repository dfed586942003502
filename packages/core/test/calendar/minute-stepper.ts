import type { CalendarDefinition, WorkingInterval } from "../../src/util/business-calendar.js";

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 86_400_000;
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** Minutes of the wall clock; an end at or before the start is on the next date. */
interface Minutes {
  readonly start: number;
  readonly end: number;
}

/**
 * The plainest reading of a calendar: ask for every single minute what the wall clock shows, and whether an
 * interval holds it. Shares no code with the calendar, and learns the clock from formatted dates.
 */
export function minuteStepper(definition: CalendarDefinition): {
  add(instant: number, minutes: number, limit: number): number | undefined;
  between(from: number, to: number): number;
} {
  const { timeZone, week, holidays = [], exceptions = [] } = definition;
  const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const read = (intervals: readonly WorkingInterval[]): Minutes[] =>
    intervals.map(([start, end]) => ({ start: minuteOf(start), end: minuteOf(end) }));
  const startingOn = (day: number): Minutes[] => {
    const date = new Date(day).toISOString().slice(0, 10);
    const exception = exceptions.find((candidate) => candidate.date === date);
    if (exception) return read(exception.intervals);
    return holidays.includes(date) ? [] : read(week[DAYS[new Date(day).getUTCDay()]!] ?? []);
  };
  const byDay = new Map<number, { own: Minutes[]; before: Minutes[] }>();
  const isOpen = (instant: number): boolean => {
    const local = instant + offsetOf(timeZone, instant);
    const day = Math.floor(local / DAY) * DAY;
    const minute = (local - day) / MINUTE;
    let intervals = byDay.get(day);
    if (!intervals) {
      intervals = { own: startingOn(day), before: startingOn(day - DAY) };
      byDay.set(day, intervals);
    }
    return (
      intervals.own.some(({ start, end }) => minute >= start && (end <= start || minute < end)) ||
      intervals.before.some(({ start, end }) => end <= start && minute < end)
    );
  };
  return {
    add(instant, minutes, limit) {
      let rest = minutes;
      for (let at = instant; at < limit; at += MINUTE) {
        if (rest === 0) return at;
        if (isOpen(at)) rest -= 1;
      }
      return undefined;
    },
    between(from, to) {
      let worked = 0;
      for (let at = from; at < to; at += MINUTE) if (isOpen(at)) worked += 1;
      return worked;
    },
  };
}

const offsets = new Map<string, Map<number, number>>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** The offset that holds in a quarter of an hour: today's zones change on quarters only. */
function offsetOf(timeZone: string, instant: number): number {
  const known = offsets.get(timeZone) ?? new Map<number, number>();
  offsets.set(timeZone, known);
  const quarter = Math.floor(instant / QUARTER);
  const offset = known.get(quarter) ?? wallTime(timeZone, quarter * QUARTER) - quarter * QUARTER;
  known.set(quarter, offset);
  return offset;
}

/** What the wall shows, as if it were UTC. Reads the parts of a formatted date. */
function wallTime(timeZone: string, instant: number): number {
  let format = formats.get(timeZone);
  if (!format) {
    const numeric = "numeric" as const;
    const fields = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    };
    format = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...fields });
    formats.set(timeZone, format);
  }
  const [month, day, year, hour, minute, second] = format.format(instant).match(/\d+/g)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}
