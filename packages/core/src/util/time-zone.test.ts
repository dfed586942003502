import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidTimeZone } from "../errors/value-errors.js";
import { toInstant } from "./clock.js";
import { isTimeZone, timeZone } from "./time-zone.js";

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const ZONES = [
  "Europe/Berlin",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Pacific/Auckland",
];
const MORE = [
  "UTC",
  "America/St_Johns",
  "Africa/Casablanca",
  "Pacific/Apia",
  "America/Santiago",
  "Africa/Monrovia",
];

/** Local time the slow way: from the fields of a formatted date. */
function formatted(name: string, instant: number): number {
  const numeric = "numeric" as const;
  const fields = {
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  };
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, hourCycle: "h23", ...fields });
  const [month, day, year, hour, minute, second] = format.format(instant).match(/\d+/g)!.map(Number);
  return Date.UTC(year!, month! - 1, day, hour, minute, second);
}

describe("offsets", () => {
  it.each([
    ["Europe/Berlin", "2026-03-29T00:59:59.999Z", 1],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", 2],
    ["America/New_York", "2026-11-01T05:59:59.999Z", -4],
    ["America/New_York", "2026-11-01T06:00:00Z", -5],
    ["Australia/Lord_Howe", "2026-04-04T14:59:59Z", 11],
    ["Australia/Lord_Howe", "2026-04-04T15:00:00Z", 10.5],
    ["Asia/Kathmandu", "2026-06-01T00:00:00Z", 5.75],
    ["Pacific/Auckland", "2026-09-26T14:00:00Z", 13],
    ["Pacific/Apia", "2011-12-30T09:59:59Z", -10],
    ["Pacific/Apia", "2011-12-30T10:00:00Z", 14],
    ["Africa/Monrovia", "1970-01-01T00:00:00Z", -2670 / 3600],
  ])("%s at %s", (name, instant, hours) => {
    expect(timeZone(name).offsetAt(at(instant))).toBe(hours * HOUR);
  });

  it("equal what a formatted date shows, from 1900 to 2100", () => {
    const seconds = fc.integer({ min: at("1900-01-01") / 1000, max: at("2100-01-01") / 1000 });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES, ...MORE), seconds, (name, second) => {
        expect(timeZone(name).toLocal(second * 1000)).toBe(formatted(name, second * 1000));
      }),
      { numRuns: 1000 },
    );
  });

  it("hold through their whole span, and not for ever", () => {
    const zone = timeZone("Europe/Berlin");
    const span = zone.spanAt(at("2026-10-01T00:00:00Z"));
    expect(toInstant(span.to)).toBe("2026-10-25T01:00:00.000Z");
    expect(zone.offsetAt(span.from)).toBe(span.offset);
    expect(zone.offsetAt(span.to - 1)).toBe(span.offset);
    expect(zone.spanAt(span.to).from).toBe(span.to);
  });
});

describe("toInstant", () => {
  it.each([
    ["an ordinary time", "Europe/Berlin", "2026-07-01T09:00:00", "2026-07-01T07:00:00.000Z"],
    ["a lost time moves on", "Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00.000Z"],
    ["the first of a repeated one", "Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T00:30:00.000Z"],
    ["after the repeated hour", "Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00.000Z"],
    ["a lost time in the west", "America/New_York", "2026-03-08T02:15:00", "2026-03-08T07:15:00.000Z"],
    ["a repeated time in the west", "America/New_York", "2026-11-01T01:15:00", "2026-11-01T05:15:00.000Z"],
    ["a lost half hour", "Australia/Lord_Howe", "2026-10-04T02:10:00", "2026-10-03T15:40:00.000Z"],
    ["a lost midnight", "America/Santiago", "2025-09-07T00:00:00", "2025-09-07T04:00:00.000Z"],
    ["a lost day", "Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00.000Z"],
  ])("%s", (_, name, local, instant) => {
    expect(toInstant(timeZone(name).toInstant(local))).toBe(instant);
  });

  it("is undone by toLocal, except for lost times; of two instants it gives the first", () => {
    const minutes = fc.integer({ min: at("1990-01-01") / 60_000, max: at("2060-01-01") / 60_000 });
    fc.assert(
      fc.property(fc.constantFrom(...ZONES, ...MORE), minutes, (name, minute) => {
        const zone = timeZone(name);
        const instant = minute * 60_000;
        const local = zone.toLocal(instant);
        const found = zone.toInstant(local);
        expect(zone.toLocal(found)).toBe(local);
        expect(found).toBeLessThanOrEqual(instant);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("names", () => {
  it("are IANA names, in any case", () => {
    expect(timeZone("europe/berlin").name).toBe("Europe/Berlin");
    expect(timeZone("UTC").offsetAt(0)).toBe(0);
    expect(timeZone("Europe/Berlin")).toBe(timeZone("Europe/Berlin"));
  });

  it.each(["Mars/Olympus", "+01:00", "", " UTC", "CEST", 1, null, undefined, {}])(
    "do not include %s",
    (name) => {
      expect(isTimeZone(name)).toBe(false);
      try {
        timeZone(name as string);
        expect.unreachable();
      } catch (error) {
        expect(InvalidTimeZone.is(error)).toBe(true);
      }
    },
  );
});
