import { type BusinessCalendar, timeZone, workingTimeBetween } from "@corm/core";
import type { DateTrigger } from "../automations/trigger.js";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** With the hours that a change of clock, or a zone that changes sides, can add. */
const LONGEST_DAY_MS = 49 * HOUR_MS;
const MINUTE_MS = 60_000;
/** Days that are looked at for one working day: a calendar without any in ten years has none. */
const MAX_DAYS = 3660;
/** How far from now values are looked for. */
const REACH_MS = 20 * 366 * DAY_MS;

/** Whether a date (local midnight as `Date.UTC` has it) is one on which people work. */
export type IsWorkingDay = (day: number) => boolean;

/** Of a calendar the dates with any working time; without one Monday to Friday. */
export function workingDays(calendar: BusinessCalendar | null): IsWorkingDay {
  if (calendar === null) return (day) => ![0, 6].includes(new Date(day).getUTCDay());
  const zone = timeZone(calendar.timeZone);
  return (day) => workingTimeBetween(calendar, zone.toInstant(day), zone.toInstant(day + DAY_MS)) > 0;
}

/**
 * When a date or instant is due for a trigger: epoch milliseconds. Days are days of the wall calendar in the trigger's
 * zone, also across changes of clock; hours and minutes are elapsed time. Grows with the day. Pure.
 *
 * @param value `2026-06-30`, or RFC 3339
 */
export function dueTime(trigger: DateTrigger, value: string, isWorking: IsWorkingDay): number {
  const { at = "09:00", before, after, zone: name = "UTC" } = trigger;
  const zone = timeZone(name);
  const local = value.includes("T") ? zone.toLocal(Date.parse(value)) : Date.parse(`${value}T${at}:00.000Z`);
  const { days = 0, workingDays: working = 0, hours = 0, minutes = 0 } = before ?? after ?? {};
  const sign = before === undefined ? 1 : -1;
  const day = Math.floor(local / DAY_MS) * DAY_MS;
  const moved = stepDays(day + sign * days * DAY_MS, sign * working, isWorking) + (local - day);
  return zone.toInstant(moved) + sign * (hours * HOUR_MS + minutes * MINUTE_MS);
}

function stepDays(from: number, count: number, isWorking: IsWorkingDay): number {
  const step = Math.sign(count) * DAY_MS;
  let day = from;
  let looked = 0;
  for (let left = Math.abs(count); left > 0; ) {
    day += step;
    looked += 1;
    if (looked > MAX_DAYS) return day;
    if (isWorking(day)) left -= 1;
  }
  return day;
}

/**
 * The days whose values may be due in a stretch of time, `from` included and `to` not: `[first, end)` as text that compares
 * like the values. Found by halving, since what is due grows with the days; instants of one day need not, where days that
 * are no working days come together on one. Who asks looks at each value's own time then.
 */
export function valuesDue(
  trigger: DateTrigger,
  kind: "date" | "instant",
  from: number,
  to: number,
  isWorking: IsWorkingDay,
): readonly [first: string, end: string] {
  const zone = timeZone(trigger.zone ?? "UTC");
  const textOf = (day: number) =>
    kind === "date"
      ? new Date(day * DAY_MS).toISOString().slice(0, 10)
      : new Date(zone.toInstant(day * DAY_MS)).toISOString();
  const firstDay = (instant: number): string => {
    let low = Math.floor((from - REACH_MS) / DAY_MS);
    let high = Math.ceil((to + REACH_MS) / DAY_MS);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (dueTime(trigger, textOf(middle), isWorking) >= instant) high = middle;
      else low = middle + 1;
    }
    return textOf(low);
  };
  return [firstDay(kind === "date" ? from : from - LONGEST_DAY_MS), firstDay(to)];
}
