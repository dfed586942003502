import { timeZone } from "@corm/core";

/** When something takes place again and again. */
export interface Recurrence {
  /** Wall-clock time of the first occurrence: `2026-03-02T09:00:00`. */
  readonly startsAt: string;
  /** IANA zone. */
  readonly timeZone: string;
  /** RFC 5545, without `RRULE:`. */
  readonly rule: string;
}

const PARTS = /^(?:FREQ|INTERVAL|COUNT|UNTIL|BYDAY|BYMONTH|BYMONTHDAY|BYYEARDAY|BYWEEKNO|BYSETPOS|WKST)$/;
const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
const UNTIL = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/;
const DAY_MS = 86_400_000;
const MAX_COUNT = 1000;
/** Periods of a rule in which its first occurrence is looked for: it is in the first one or nowhere. */
const FIRST_PERIODS = 10;
/** Of each number in a list: its largest absolute value. */
const RANGES: Readonly<Record<string, number>> = {
  BYMONTH: 12,
  BYMONTHDAY: 31,
  BYYEARDAY: 366,
  BYWEEKNO: 53,
  BYSETPOS: 366,
};

/** The parts of a rule, in its order; or what is wrong with it, as a sentence without its subject. */
export function readRule(rule: string): Map<string, string> | string {
  const parts = new Map<string, string>();
  for (const text of rule.trim().toUpperCase().split(";")) {
    const [name = "", ...rest] = text.split("=");
    const value = rest.join("=");
    if (!PARTS.test(name))
      return `has "${text.slice(0, 40)}"; parts are FREQ, INTERVAL, COUNT, UNTIL, BYDAY, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYSETPOS and WKST`;
    if (parts.has(name)) return `has ${name} twice`;
    const problem = problemOf(name, value);
    if (problem) return `has ${name}=${value.slice(0, 40)}; ${problem}`;
    parts.set(name, value);
  }
  if (!parts.has("FREQ")) return `needs FREQ, one of ${FREQUENCIES.join(", ")}`;
  if (parts.has("COUNT") && parts.has("UNTIL")) return "has COUNT and UNTIL; give one of them";
  return parts;
}

function problemOf(name: string, value: string): string | false {
  const place = "(?:[+-]?(?:[1-9]|[1-4]\\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)";
  const days = new RegExp(`^${place}(?:,${place})*$`);
  if (name === "FREQ") return !FREQUENCIES.includes(value) && `give one of ${FREQUENCIES.join(", ")}`;
  if (name === "COUNT" || name === "INTERVAL") {
    const most = name === "COUNT" ? MAX_COUNT : 999;
    return !(/^\d{1,4}$/.test(value) && Number(value) > 0 && Number(value) <= most) && `give 1 to ${most}`;
  }
  if (name === "UNTIL") return !isUntil(value) && "give 20260331 or 20260331T120000Z";
  if (name === "BYDAY") return !days.test(value) && "give days such as MO,WE or -1FR";
  if (name === "WKST") return !/^(?:MO|TU|WE|TH|FR|SA|SU)$/.test(value) && "give one day";
  const most = RANGES[name] ?? 0;
  const fits = (text: string) =>
    /^[+-]?\d{1,3}$/.test(text) && Number(text) !== 0 && Math.abs(Number(text)) <= most;
  return !value.split(",").every(fits) && `give numbers up to ${most}`;
}

/** A day, or a time of one, that there is. */
function isUntil(value: string): boolean {
  const [, year, month, day, hour = "00", minute = "00", second = "00"] = UNTIL.exec(value) ?? [];
  return year !== undefined && isWallTime(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
}

/** The rule again, of its parts. */
export const writeRule = (parts: ReadonlyMap<string, string>): string =>
  [...parts].map(([name, value]) => `${name}=${value}`).join(";");

/**
 * Occurrences between two wall-clock times, both included, in order. The rule is reckoned on a calendar without changes of
 * clock; what those mean is decided where a wall-clock time becomes an instant. So 09:00 stays 09:00 over summer time.
 *
 * @param from, to wall-clock times of the zone
 */
export async function occurrencesBetween(series: Recurrence, from: string, to: string): Promise<string[]> {
  if (to < from) return [];
  const rule = await openRule(series);
  return rule.between(new Date(`${from}Z`), new Date(`${to}Z`), true).map(textOf);
}

/** Whether the rule leads to its own first occurrence. */
export async function startsByRule(series: Recurrence): Promise<boolean> {
  const rule = await openRule(series, FIRST_PERIODS);
  try {
    return rule.matches(new Date(`${series.startsAt}Z`));
  } catch {
    // Looked for long enough: it leads nowhere, such as the second of one day.
    return false;
  }
}

/** Whether there is any occurrence after a wall-clock time. */
export async function goesOn(series: Recurrence, after: string): Promise<boolean> {
  const rule = await openRule(series);
  try {
    return rule.next(new Date(`${after}Z`), false) !== null;
  } catch {
    // Thousands of periods without one.
    return false;
  }
}

const textOf = ({ epochMilliseconds }: { readonly epochMilliseconds: number }): string =>
  wallText(epochMilliseconds);

async function openRule(series: Recurrence, maxIterations?: number) {
  // Loaded with the first series: most apps start without one.
  const { RRuleTemporal } = await import("rrule-temporal");
  const parts = readRule(series.rule);
  if (typeof parts === "string") throw new TypeError(`the rule ${parts}`);
  const until = parts.get("UNTIL");
  if (until !== undefined) parts.set("UNTIL", wallUntil(until, series.timeZone));
  const start = basic(series.startsAt);
  return new RRuleTemporal({
    rruleString: `DTSTART:${start}Z\nRRULE:${writeRule(parts)}`,
    ...(maxIterations === undefined ? {} : { maxIterations }),
  });
}

const basic = (wall: string): string => wall.replace(/[-:]/g, "");

/** The end of a rule on the calendar without changes of clock; a bare day is meant to its end. */
function wallUntil(until: string, zone: string): string {
  const [, year, month, day, hour = "23", minute = "59", second = "59", utc] = UNTIL.exec(until) ?? [];
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  return `${basic(utc ? wallOf(Date.parse(`${text}Z`), zone) : text)}Z`;
}

/**
 * UNTIL between an occurrence and the one before it, which is a day earlier or more. Not close to it: where a change of
 * clock leaves its time out, the instant for it is later than what the clock on the wall shows.
 */
export function untilBefore(occurrence: string, zone: string): string {
  const instant = timeZone(zone).toInstant(shiftWall(occurrence, -DAY_MS / 2));
  return `${basic(wallText(instant))}Z`;
}

/** Local milliseconds as `2026-03-02T09:00:00`. */
export const wallText = (local: number): string => new Date(local).toISOString().slice(0, 19);

/** What clocks on the wall of a zone show at an instant. */
export const wallOf = (instant: number, zone: string): string => wallText(timeZone(zone).toLocal(instant));

/** A wall-clock time moved by milliseconds on the wall. */
export const shiftWall = (wall: string, by: number): string => wallText(wallMs(wall) + by);

/** Local milliseconds of a wall-clock time. */
export const wallMs = (wall: string): number => Date.parse(`${wall}Z`);

/** A wall-clock time that is one: no 30 February, no 24:00. */
export const isWallTime = (wall: string): boolean =>
  !Number.isNaN(wallMs(wall)) && wallText(wallMs(wall)) === wall;

export const daysLater = (wall: string, days: number): string => shiftWall(wall, days * DAY_MS);
