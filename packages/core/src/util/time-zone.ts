import { InvalidTimeZone, shown } from "../errors/value-errors.js";
import { DAY_MS } from "./civil.js";
import { createLru } from "./lru.js";
import { checkInstantMs, parseInstantMs } from "./values.js";

/** A stretch of time in which a zone keeps one offset. Two neighbours may have the same one. */
export interface ZoneSpan {
  /** First instant, epoch milliseconds. */
  readonly from: number;
  /** First instant that is no longer part of it. */
  readonly to: number;
  /** Local time minus UTC, milliseconds; positive east of Greenwich. */
  readonly offset: number;
}

/**
 * An IANA time zone. Local times are "local milliseconds": what `Date.UTC` gives for the date and time on the
 * wall. Instants are epoch milliseconds of the years 0001 to 9999; others throw InvalidInstant.
 */
export interface TimeZone {
  /** As the runtime spells it: `Europe/Berlin`. */
  readonly name: string;
  spanAt(instant: number): ZoneSpan;
  offsetAt(instant: number): number;
  /** Local milliseconds of an instant. */
  toLocal(instant: number): number;
  /**
   * The instant of a local time, given as local milliseconds or as `2026-03-29T02:30:00`.
   *
   * Clock set forward: a time that is skipped moves on by what is skipped (02:30 becomes 03:30).
   * Clock set back: of two instants with this local time, the first.
   */
  toInstant(local: number | string): number;
}

/** About 398 days: zones rarely change more than a few times in it. */
const BLOCK_MS = 2 ** 35;
/** 6.2 days: no zone has undone a change of offset that soon since 1900. */
const SAMPLE_MS = 2 ** 29;
const MAX_BLOCKS = 512;

const zones = createLru<string, TimeZone>(1024);

/**
 * The zone of a name. Offsets come from the runtime's own tables through `Intl`, which is slow (2 µs); they are
 * asked for once per zone and year and kept as spans, so that a later answer takes nanoseconds.
 *
 * @throws InvalidTimeZone for a name the runtime does not know.
 */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name);
  if (known) return known;
  const zone = openZone(name);
  zones.set(name, zone);
  return zone;
}

export function isTimeZone(name: unknown): name is string {
  try {
    return timeZone(name as string) !== undefined;
  } catch {
    return false;
  }
}

function openZone(name: string): TimeZone {
  const format = offsetFormat(name);
  const offsetOf = (instant: number): number => parseOffset(format.format(instant));
  const blocks = new Map<number, readonly ZoneSpan[]>();
  let latest: ZoneSpan = { from: 0, to: 0, offset: 0 };

  const find = (instant: number): ZoneSpan => {
    if (instant >= latest.from && instant < latest.to) return latest;
    const block = Math.floor(instant / BLOCK_MS);
    let spans = blocks.get(block);
    if (!spans) {
      if (blocks.size >= MAX_BLOCKS) blocks.clear();
      spans = findSpans(block * BLOCK_MS, offsetOf);
      blocks.set(block, spans);
    }
    let index = 0;
    while (instant >= spans[index]!.to) index += 1;
    latest = spans[index]!;
    return latest;
  };

  const spanAt = (instant: number): ZoneSpan => find(checkInstantMs(instant));
  return Object.freeze({
    name: format.resolvedOptions().timeZone,
    spanAt,
    offsetAt: (instant: number) => spanAt(instant).offset,
    toLocal: (instant: number) => instant + spanAt(instant).offset,
    toInstant: (local: number | string) =>
      checkInstantMs(
        resolveLocal(checkInstantMs(typeof local === "string" ? parseInstantMs(`${local}Z`) : local), find),
      ),
  });
}

/** The spans of one block, found by sampling and then halving around each change. */
function findSpans(start: number, offsetOf: (instant: number) => number): readonly ZoneSpan[] {
  const spans: ZoneSpan[] = [];
  let from = start;
  let offset = offsetOf(start);
  for (let sample = start + SAMPLE_MS; sample <= start + BLOCK_MS; sample += SAMPLE_MS) {
    const sampled = offsetOf(sample);
    if (sampled === offset) continue;
    let [before, after] = [sample - SAMPLE_MS, sample];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetOf(middle) === offset) before = middle;
      else after = middle;
    }
    // A change at the end of the block belongs to the next one.
    if (after < start + BLOCK_MS) {
      spans.push({ from, to: after, offset });
      from = after;
      offset = sampled;
    }
  }
  spans.push({ from, to: start + BLOCK_MS, offset });
  return spans;
}

function resolveLocal(local: number, spanAt: (instant: number) => ZoneSpan): number {
  // No offset reaches a day: the spans around hold every candidate.
  let span = spanAt(local - DAY_MS);
  for (;;) {
    const next = spanAt(span.to);
    const instant = local - span.offset;
    if (instant < span.to) return instant;
    if (local - next.offset < next.from) return instant;
    span = next;
  }
}

function offsetFormat(name: unknown): Intl.DateTimeFormat {
  if (typeof name === "string" && /^[A-Za-z][\w+/-]*$/.test(name)) {
    try {
      return new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
    } catch {
      // Told below, as for names of another form.
    }
  }
  throw InvalidTimeZone({ value: shown(name) });
}

/** Milliseconds of the `GMT+05:45` (`GMT-00:44:30`, `GMT`) at the end of a formatted date. */
function parseOffset(text: string): number {
  const at = text.lastIndexOf("GMT") + 3;
  if (text.length === at) return 0;
  const seconds =
    Number(text.slice(at + 1, at + 3)) * 3600 +
    Number(text.slice(at + 4, at + 6)) * 60 +
    Number(text.slice(at + 7));
  return (text[at] === "+" ? 1 : -1) * seconds * 1000;
}
