import { InvalidDate, InvalidInstant, shown } from "../errors/value-errors.js";
import { DAY_MS, dayNumber, daysInMonth } from "./civil.js";

/** 0001-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z in epoch milliseconds. */
export const MIN_INSTANT_MS = -62_135_596_800_000;
export const MAX_INSTANT_MS = 253_402_300_799_999;

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const INSTANT =
  /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/**
 * An RFC 3339 timestamp with any offset as canonical text: UTC with milliseconds, `2026-03-01T09:30:00.000Z`.
 * Digits after the millisecond are cut off, never rounded up.
 *
 * @throws InvalidInstant for a date that does not exist, hour 24, second 60, a missing or impossible offset,
 * and a year that in UTC is outside 0001 to 9999.
 */
export function parseInstant(text: unknown): string {
  return new Date(parseInstantMs(text)).toISOString();
}

/** Like `parseInstant`, in epoch milliseconds. */
export function parseInstantMs(text: unknown): number {
  const match = typeof text === "string" ? INSTANT.exec(text) : null;
  if (!match)
    throw InvalidInstant({ value: shown(text), reason: "it needs a date, a time and a zone (RFC 3339)" });
  const refuse = (reason: string) => InvalidInstant({ value: shown(text), reason });
  const day = dayOf(match[1]!);
  if (typeof day === "string") throw refuse(day);
  const [hour, minute, second] = [Number(match[2]), Number(match[3]), Number(match[4])];
  if (hour > 23) throw refuse("hours run from 00 to 23");
  if (minute > 59) throw refuse("minutes run from 00 to 59");
  if (second > 59) throw refuse("seconds run from 00 to 59");
  const [offsetHour, offsetMinute] = [Number(match[7] ?? 0), Number(match[8] ?? 0)];
  if (offsetHour > 23 || offsetMinute > 59) throw refuse("the offset does not exist");
  const offset = (match[6] === "-" ? -1 : 1) * (offsetHour * 60 + offsetMinute) * 60_000;
  const fraction = Number((match[5] ?? "").slice(0, 3).padEnd(3, "0"));
  const ms = day * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offset;
  if (ms < MIN_INSTANT_MS || ms > MAX_INSTANT_MS) throw refuse("in UTC its year is outside 0001 to 9999");
  return ms;
}

/**
 * A calendar date `YYYY-MM-DD`, returned as it came. A date has no zone and is never shifted.
 *
 * @throws InvalidDate for other forms and for dates that do not exist, such as 2026-02-29.
 */
export function parseDate(text: unknown): string {
  parseDay(text);
  return text as string;
}

/** Like `parseDate`, as the number of days since 1970-01-01. */
export function parseDay(text: unknown): number {
  const day = dayOf(text);
  if (typeof day === "string") throw InvalidDate({ value: shown(text), reason: day });
  return day;
}

/** @throws InvalidInstant unless `ms` is a whole number of milliseconds within the years 0001 to 9999. */
export function checkInstantMs(ms: number): number {
  if (!Number.isInteger(ms) || ms < MIN_INSTANT_MS || ms > MAX_INSTANT_MS) {
    throw InvalidInstant({
      value: shown(ms),
      reason: "it must be whole epoch milliseconds of the years 0001 to 9999",
    });
  }
  return ms;
}

/** The day number, or the reason why there is none. */
function dayOf(text: unknown): number | string {
  const match = typeof text === "string" ? DATE.exec(text) : null;
  if (!match) return "it is not of the form YYYY-MM-DD";
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1) return "years run from 0001 to 9999";
  if (month < 1 || month > 12) return "months run from 01 to 12";
  if (day < 1 || day > daysInMonth(year, month)) return "this day does not exist in its month";
  return dayNumber(year, month, day);
}
