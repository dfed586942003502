import { InvalidDuration, shown, WorkingTimeOutOfReach } from "../errors/value-errors.js";
import { type CalendarDefinition, compileDefinition } from "./calendar-definition.js";
import { deepFreeze } from "./deep-freeze.js";
import { type TimeZone, timeZone } from "./time-zone.js";
import { checkInstantMs, MAX_INSTANT_MS } from "./values.js";
import { createTimeline, type WorkingTimeline } from "./working-timeline.js";

export type {
  CalendarDefinition,
  CalendarException,
  Weekday,
  WorkingInterval,
} from "./calendar-definition.js";

/** A checked, frozen calendar, ready to be asked. Make it once with `defineCalendar` and keep it. */
export interface BusinessCalendar {
  readonly timeZone: string;
  /** A copy of what it was made from. */
  readonly definition: CalendarDefinition;
  /** Internal. */
  readonly zone: TimeZone;
  /** Internal. */
  readonly timeline: WorkingTimeline;
}

/** Neither question may span more. */
const MAX_YEARS = 200;
const MAX_SPAN_MS = MAX_YEARS * 365.25 * 86_400_000;

/**
 * Declares when people work.
 *
 * An instant is working time exactly when the local clock of the zone shows a time within an interval:
 * - An interval belongs to the date on which it starts. A holiday on Friday removes the whole shift Friday 22:00
 *   to Saturday 06:00, and keeps the end of Thursday's.
 * - An exception replaces all intervals of its date, also when the date is a holiday.
 * - Where a night shift runs into hours of the next date, the time counts once. Within one date, overlapping
 *   intervals are refused.
 * - Elapsed time counts: an interval over a lost hour is an hour shorter, over a repeated hour an hour longer;
 *   an interval within the repeated hour is open both times.
 *
 * @throws InvalidCalendar with every finding, also when there is no working time at all.
 * @example
 * const office = defineCalendar({
 *   timeZone: "Europe/Berlin",
 *   week: { mon: [["09:00", "12:30"], ["13:30", "18:00"]], fri: [["22:00", "06:00"]] },
 *   holidays: ["2026-12-25"],
 *   exceptions: [{ date: "2026-12-24", intervals: [["09:00", "12:00"]] }],
 * });
 */
export function defineCalendar(definition: CalendarDefinition): BusinessCalendar {
  const compiled = compileDefinition(definition);
  const zone = timeZone(compiled.timeZone);
  const copy = deepFreeze(structuredClone(definition));
  return Object.freeze({ timeZone: zone.name, definition: copy, zone, timeline: createTimeline(compiled) });
}

/**
 * The first instant at which `ms` of working time has passed since `instant`: closing time, not the next opening,
 * when it is used up exactly then. Nothing to add gives `instant` itself.
 *
 * @param instant epoch milliseconds
 * @param ms whole milliseconds, 0 or more
 * @returns epoch milliseconds
 * @throws InvalidInstant, InvalidDuration, and WorkingTimeOutOfReach after 200 years.
 */
export function addWorkingTime(calendar: BusinessCalendar, instant: number, ms: number): number {
  checkInstantMs(instant);
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw InvalidDuration({ value: shown(ms), reason: "working time is whole milliseconds, 0 or more" });
  }
  if (ms === 0) return instant;
  const { zone, timeline } = calendar;
  const limit = Math.min(instant + MAX_SPAN_MS, MAX_INSTANT_MS);
  let rest = ms;
  for (let at = instant; at < limit && rest <= limit - at; ) {
    const { to, offset } = zone.spanAt(at);
    const end = Math.min(to, limit);
    const offered = timeline.upTo(end + offset) - timeline.upTo(at + offset);
    if (offered >= rest) return timeline.reach(at + offset, end + offset, rest) - offset;
    rest -= offered;
    at = end;
  }
  throw WorkingTimeOutOfReach({ years: MAX_YEARS });
}

/**
 * Working time from one instant to a later one, milliseconds: the inverse of `addWorkingTime`.
 *
 * @param from epoch milliseconds
 * @param to epoch milliseconds, not before `from`
 * @throws InvalidInstant, InvalidDuration when `to` lies before `from` or more than 200 years after it.
 */
export function workingTimeBetween(calendar: BusinessCalendar, from: number, to: number): number {
  const span = checkInstantMs(to) - checkInstantMs(from);
  if (span < 0) throw InvalidDuration({ value: `${span} ms`, reason: "the end lies before the beginning" });
  if (span > MAX_SPAN_MS)
    throw InvalidDuration({ value: `${span} ms`, reason: `it exceeds ${MAX_YEARS} years` });
  const { zone, timeline } = calendar;
  let worked = 0;
  for (let at = from; at < to; ) {
    const { to: spanEnd, offset } = zone.spanAt(at);
    const end = Math.min(spanEnd, to);
    worked += timeline.upTo(end + offset) - timeline.upTo(at + offset);
    at = end;
  }
  return worked;
}

/** Whether an instant, in epoch milliseconds, is working time. @throws InvalidInstant */
export function isWorkingTime(calendar: BusinessCalendar, instant: number): boolean {
  return calendar.timeline.isWorking(calendar.zone.toLocal(instant));
}
