import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidDate, InvalidInstant } from "../errors/value-errors.js";
import { parseDate, parseDay, parseInstant, parseInstantMs } from "./values.js";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("parseInstant", () => {
  it.each([
    ["2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000Z"],
    ["2026-03-01T09:30:00.1Z", "2026-03-01T09:30:00.100Z"],
    ["2026-03-01T09:30:00.123999999Z", "2026-03-01T09:30:00.123Z"],
    ["2026-03-01t09:30:00z", "2026-03-01T09:30:00.000Z"],
    ["2026-03-01T00:30:00+05:45", "2026-02-28T18:45:00.000Z"],
    ["2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"],
    ["2026-03-01T09:30:00-00:00", "2026-03-01T09:30:00.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
    ["0099-06-01T00:00:00Z", "0099-06-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("reads %s", (text, canonical) => {
    expect(parseInstant(text)).toBe(canonical);
  });

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T23:59:60Z",
    "2026-03-01T23:60:00Z",
    "0000-12-31T00:00:00Z",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "+10000-01-01T00:00:00Z",
    "2026-03-01T09:30:00",
    "2026-03-01T09:30Z",
    "2026-03-01 09:30:00Z",
    "2026-03-01T09:30:00+24:00",
    "2026-03-01T09:30:00+01:60",
    "2026-03-01T09:30:00+0100",
    "2026-03-01T09:30:00.Z",
    "2026-03-01",
    " 2026-03-01T09:30:00Z",
    "2026-03-01T09:30:00Z\n",
    "٢٠٢٦-03-01T09:30:00Z",
    "",
    0,
    null,
    undefined,
    new Date(0),
  ])("refuses %s", (text) => {
    expect(codeOf(() => parseInstant(text))).toBe(InvalidInstant.code);
  });

  it("agrees with Date.parse on every instant and offset, and reads back what it wrote", () => {
    const ms = fc.integer({ min: -62_135_000_000_000, max: 253_402_000_000_000 });
    fc.assert(
      fc.property(ms, fc.integer({ min: -1439, max: 1439 }), (instant, offset) => {
        const size = Math.abs(offset);
        const zone = `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
        const text = new Date(instant + offset * 60_000).toISOString().replace("Z", zone);
        expect(parseInstantMs(text)).toBe(instant);
        expect(parseInstantMs(parseInstant(text))).toBe(instant);
      }),
    );
  });

  it("says what is wrong, and does not repeat a long input", () => {
    expect(() => parseInstant("2026-02-29T00:00:00Z")).toThrow("this day does not exist in its month");
    expect(() => parseInstant("x".repeat(10_000))).toThrow(/^.{1,250}$/);
  });
});

describe("parseDate", () => {
  it("returns real dates as they came", () => {
    expect(parseDate("2024-02-29")).toBe("2024-02-29");
    expect(parseDay("1970-01-02")).toBe(1);
  });

  it.each([
    "2026-02-29",
    "1900-02-29",
    "2026-06-31",
    "0000-01-01",
    "2026-1-1",
    "2026-01-01T00:00:00Z",
    "",
    20260101,
  ])("refuses %s", (text) => {
    expect(codeOf(() => parseDate(text))).toBe(InvalidDate.code);
  });
});

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
