import { InvalidArgument } from "../errors/value-errors.js";
import { checkInstantMs, parseInstantMs } from "./values.js";

/** The only source of time. Everything that asks "when" takes one. */
export interface Clock {
  /** Epoch milliseconds, whole. */
  now(): number;
  /** Milliseconds that have passed since any fixed moment, whatever is done to the clock. Left out: as `now` says. */
  elapsed?(): number;
}

/** A span of elapsed time; a day is 24 hours. */
export interface Elapsed {
  readonly days?: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
}

/** A clock that stands still until it is told otherwise. */
export interface FixedClock extends Clock {
  /** Moves to an instant: RFC 3339 text or epoch milliseconds, also into the past. */
  set(instant: string | number): void;
  /** Moves on by milliseconds or parts of time; negative moves back. */
  advance(elapsed: number | Elapsed): void;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };

/**
 * A clock for tests: a year passes in one call.
 *
 * @example
 * const clock = fixedClock("2026-03-01T09:00:00Z");
 * clock.advance({ hours: 8 });
 * toInstant(clock.now()); // "2026-03-01T17:00:00.000Z"
 *
 * @throws InvalidInstant when the start or a later position is no instant of the years 0001 to 9999.
 * @throws InvalidArgument when a part of `Elapsed` is unknown or not a number.
 */
export function fixedClock(start: string | number): FixedClock {
  let current = toMs(start);
  return {
    now: () => current,
    set: (instant) => {
      current = toMs(instant);
    },
    advance: (elapsed) => {
      current = checkInstantMs(current + (typeof elapsed === "number" ? elapsed : elapsedMs(elapsed)));
    },
  };
}

/**
 * Epoch milliseconds as canonical text, `YYYY-MM-DDTHH:MM:SS.sssZ`.
 *
 * @throws InvalidInstant for fractions and outside the years 0001 to 9999.
 */
export function toInstant(ms: number): string {
  if (ms !== latest.ms) latest = { ms, text: new Date(checkInstantMs(ms)).toISOString() };
  return latest.text;
}

/** Many ask within one millisecond, and the text is slow to make. */
let latest = { ms: Number.NaN, text: "" };

const PART_MS: Readonly<Record<string, number>> = {
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
};

function toMs(instant: string | number): number {
  return typeof instant === "number" ? checkInstantMs(instant) : parseInstantMs(instant);
}

/** @throws InvalidArgument for parts that are unknown or no numbers. */
export function elapsedMs(elapsed: Elapsed): number {
  let ms = 0;
  for (const [part, count] of Object.entries(elapsed) as [string, unknown][]) {
    const unit = Object.hasOwn(PART_MS, part) ? PART_MS[part] : undefined;
    if (unit === undefined || typeof count !== "number") {
      throw InvalidArgument({ argument: part, reason: `use numbers of ${Object.keys(PART_MS).join(", ")}` });
    }
    ms += count * unit;
  }
  return Math.round(ms);
}
