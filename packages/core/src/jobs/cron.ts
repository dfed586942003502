import { Cron } from "croner";
import { type TimeZone, timeZone } from "../util/time-zone.js";
import { InvalidCron } from "./errors.js";

/** When something happens again and again. */
export interface CronTimes {
  /** The first instant after this one; null where there is none any more. Epoch milliseconds. */
  after(instant: number): number | null;
}

/**
 * A pattern of five fields (minute, hour, day, month, weekday), read by the clock on the wall of a zone.
 *
 * The library reads the pattern, on a calendar without changes of clock; what they mean is decided here, since libraries
 * disagree. Where the pattern names hours, each time that it names happens once a day: one that is skipped comes as much
 * later as was skipped (02:30 at 03:30), one that comes twice is the first. Where any hour will do (`*`), it goes by
 * elapsed time: nothing for what is skipped, and twice what comes twice.
 *
 * @throws invalid-cron, invalid-time-zone
 */
export function cronTimes(pattern: string, zoneName: string): CronTimes {
  const zone = timeZone(zoneName);
  const cron = parse(pattern);
  /** The first time on the wall after this one: local milliseconds, as `TimeZone` has them. */
  const nominal = (local: number): number | null => cron.nextRun(new Date(local))?.getTime() ?? null;
  const isHourly = pattern.trim().split(/\s+/)[1] === "*";
  return {
    after: (instant) => (isHourly ? nextByElapsed : nextByName)(zone, nominal, instant),
  };
}

type Nominal = (local: number) => number | null;

/** Offset by offset, as if each were a zone of its own. */
function nextByElapsed(zone: TimeZone, nominal: Nominal, after: number): number | null {
  let span = zone.spanAt(after);
  for (let from = after; ; from = span.from - 1) {
    const local = nominal(from + span.offset);
    if (local === null) return null;
    if (local - span.offset < span.to) return local - span.offset;
    // Nothing before the next change of clock; it may be years off, since neighbours can have one offset.
    span = zone.spanAt(span.to);
  }
}

function nextByName(zone: TimeZone, nominal: Nominal, after: number): number | null {
  const span = zone.spanAt(after);
  // Names that were skipped a moment ago may have moved to behind this one.
  const moved = Math.abs(span.offset - zone.offsetAt(span.from - 1));
  const from = after - span.from < moved ? after - moved : after;
  let best: number | null = null;
  for (let local = nominal(from + span.offset); local !== null; local = nominal(local)) {
    if (best !== null && local >= zone.toLocal(best)) return best;
    const instant = zone.toInstant(local);
    // What is left of it was the second time, or it lies before.
    if (instant > after && (best === null || instant < best)) best = instant;
    // It is where its name says: whatever comes later on the wall comes later.
    if (best === instant && zone.toLocal(instant) === local) return best;
  }
  return best;
}

function parse(pattern: string): Cron {
  try {
    return new Cron(pattern, { timezone: "UTC", mode: "5-part", paused: true });
  } catch (error) {
    throw InvalidCron({ pattern, reason: (error as Error).message });
  }
}
