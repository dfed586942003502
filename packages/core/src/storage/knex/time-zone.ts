import type { Bucket } from "../adapter.js";

/** A stretch of time with one offset, in milliseconds since 1970. */
export interface OffsetSpan {
  readonly from: number;
  /** Local time minus UTC. */
  readonly offset: number;
}

const day = 24 * 3_600_000;
/** A rule that starts and ends between two probes would be missed; none is that short. */
const probe = 7 * day;

const zones = new Map<string, Zone>();

/** Offsets of an IANA zone, from the time-zone data of the JavaScript engine. */
export function zone(name: string): Zone {
  let known = zones.get(name);
  if (known === undefined) {
    known = new Zone(name);
    zones.set(name, known);
  }
  return known;
}

class Zone {
  private readonly format: Intl.DateTimeFormat;
  private readonly years = new Map<number, readonly OffsetSpan[]>();

  constructor(name: string) {
    // An offset such as +02:00 is a zone to some engines, with the opposite sign to others.
    if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) throw new RangeError(`"${name}" is not an IANA time zone`);
    this.format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  offsetAt(time: number): number {
    const spans = this.spansOf(new Date(time).getUTCFullYear());
    let offset = (spans[0] as OffsetSpan).offset;
    for (const span of spans) {
      if (span.from > time) break;
      offset = span.offset;
    }
    return offset;
  }

  /** The offsets from the beginning of one year to the end of another. */
  spans(fromYear: number, toYear: number): OffsetSpan[] {
    const all: OffsetSpan[] = [];
    for (let year = fromYear; year <= toYear; year += 1) {
      for (const span of this.spansOf(year)) {
        if (span.offset !== all.at(-1)?.offset) all.push(span);
      }
    }
    return all;
  }

  private spansOf(year: number): readonly OffsetSpan[] {
    let spans = this.years.get(year);
    if (spans === undefined) {
      spans = this.findSpans(startOf(year), startOf(year + 1));
      this.years.set(year, spans);
    }
    return spans;
  }

  private findSpans(start: number, end: number): OffsetSpan[] {
    const spans: OffsetSpan[] = [{ from: start, offset: this.measure(start) }];
    for (let left = start; left < end; left += probe) {
      const right = Math.min(left + probe, end - 1000);
      const offset = this.measure(right);
      if (offset !== (spans.at(-1) as OffsetSpan).offset) {
        spans.push({ from: this.findChange(left, right), offset });
      }
    }
    return spans;
  }

  /** The first second in (left, right] with another offset than at `left`. */
  private findChange(left: number, right: number): number {
    const before = this.measure(left);
    let low = left;
    let high = right;
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000;
      if (this.measure(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  private measure(time: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of this.format.formatToParts(time)) parts[type] = value;
    const year = parts["era"] === "BC" ? 1 - Number(parts["year"]) : Number(parts["year"]);
    const local = new Date(0);
    local.setUTCFullYear(year, Number(parts["month"]) - 1, Number(parts["day"]));
    local.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"]));
    return local.getTime() - Math.floor(time / 1000) * 1000;
  }
}

function startOf(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}

/** The bucket's key for an instant in ISO form. */
export function zonedBucket(instant: string, bucket: Bucket, timeZone: string): string {
  const time = Date.parse(instant);
  return bucketKey(new Date(time + zone(timeZone).offsetAt(time)), bucket);
}

/** `local` carries local time in its UTC fields. */
export function bucketKey(local: Date, bucket: Bucket): string {
  const text = local.toISOString();
  switch (bucket) {
    case "hour":
      return text.slice(0, 13);
    case "day":
      return text.slice(0, 10);
    case "month":
      return text.slice(0, 7);
    case "quarter":
      return `${text.slice(0, 4)}-Q${Math.floor(local.getUTCMonth() / 3) + 1}`;
    case "year":
      return text.slice(0, 4);
    case "week": {
      // The ISO week belongs to the year of its Thursday.
      const thursday = new Date(local.getTime() + (4 - (local.getUTCDay() || 7)) * day);
      const year = thursday.getUTCFullYear();
      const week = Math.floor((thursday.getTime() - startOf(year)) / (7 * day)) + 1;
      return `${String(year).padStart(4, "0")}-W${String(week).padStart(2, "0")}`;
    }
  }
}
