import { describe, expect, it } from "vitest";
import { InvalidInstant } from "../errors/value-errors.js";
import { fixedClock, systemClock, toInstant } from "./clock.js";

describe("fixedClock", () => {
  it("stands still, moves on, and jumps", () => {
    const clock = fixedClock("2026-03-01T09:00:00+01:00");
    expect(toInstant(clock.now())).toBe("2026-03-01T08:00:00.000Z");
    clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4 });
    expect(toInstant(clock.now())).toBe("2026-03-02T10:03:04.000Z");
    clock.advance(-4000);
    expect(toInstant(clock.now())).toBe("2026-03-02T10:03:00.000Z");
    clock.set("2025-01-01T00:00:00Z");
    expect(toInstant(clock.now())).toBe("2025-01-01T00:00:00.000Z");
    clock.set(0);
    expect(clock.now()).toBe(0);
  });

  it("refuses what is no time, and stays where it was", () => {
    const clock = fixedClock(1000);
    expect(() => clock.set("yesterday")).toThrow("not an instant");
    expect(() => clock.advance(Number.NaN)).toThrow("not an instant");
    expect(() => clock.advance({ weeks: 1 } as object)).toThrow('"weeks" is not usable');
    expect(() => fixedClock(Number.POSITIVE_INFINITY)).toThrow("not an instant");
    expect(clock.now()).toBe(1000);
  });
});

describe("toInstant", () => {
  it("writes the first and the last instant there are", () => {
    expect(toInstant(-62_135_596_800_000)).toBe("0001-01-01T00:00:00.000Z");
    expect(toInstant(253_402_300_799_999)).toBe("9999-12-31T23:59:59.999Z");
  });

  it.each([-62_135_596_800_001, 253_402_300_800_000, 1.5, Number.NaN])("refuses %d", (ms) => {
    expect(() => toInstant(ms)).toThrow("not an instant");
    try {
      toInstant(ms);
    } catch (error) {
      expect(InvalidInstant.is(error)).toBe(true);
    }
  });
});

it("systemClock tells whole milliseconds of today", () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  expect(Number.isInteger(systemClock.now())).toBe(true);
});
