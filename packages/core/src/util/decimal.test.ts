import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideRounded, parseDecimal, type Rounding } from "./decimal.js";

describe("divideRounded", () => {
  it.each<[Rounding, readonly number[]]>([
    ["half-even", [-2, -2, -1, 0, 0, 0, 1, 2, 2]],
    ["half-up", [-3, -2, -1, -1, 0, 1, 1, 2, 3]],
    ["up", [-3, -2, -2, -1, 0, 1, 2, 2, 3]],
    ["down", [-2, -1, -1, 0, 0, 0, 1, 1, 2]],
  ])("rounds %s", (rounding, expected) => {
    const tenths = [-25, -15 - 1, -11, -5, 0, 5, 11, 16, 25];
    expect(tenths.map((value) => Number(divideRounded(BigInt(value), 10n, rounding)))).toEqual(expected);
  });

  it("is off by less than one step, and by at most half of one when rounding to the nearest", () => {
    const rounding = fc.constantFrom<Rounding>("half-even", "half-up", "up", "down");
    fc.assert(
      fc.property(
        fc.bigInt(),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        rounding,
        (numerator, denominator, how) => {
          const error = divideRounded(numerator, denominator, how) * denominator - numerator;
          const size = error < 0n ? -error : error;
          expect(how === "up" || how === "down" ? size < denominator : size * 2n <= denominator).toBe(true);
        },
      ),
    );
  });
});

describe("parseDecimal", () => {
  it("keeps digits and scale", () => {
    expect(parseDecimal("-1250.50")).toEqual({ digits: -125_050n, scale: 2 });
    expect(parseDecimal("0.000000000000000000000000000001")).toEqual({ digits: 1n, scale: 30 });
  });

  it.each(["", "-", "+1", "1.", ".5", "1e3", "1,5", " 1", "1\n", "0x1", "NaN", "١", "1".repeat(31), 1, null])(
    "refuses %s",
    (text) => {
      expect(() => parseDecimal(text)).toThrow("not a plain decimal number");
    },
  );
});
