import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CurrencyMismatch, InvalidMoney } from "../errors/value-errors.js";
import { currencyCodes } from "./currency.js";
import {
  addMoney,
  allocate,
  compareMoney,
  formatMoney,
  fromMinor,
  MAX_MINOR,
  type Money,
  multiplyMoney,
  parseMoney,
  subtractMoney,
  sumMoney,
  toMinor,
} from "./money.js";

const eur = (amount: string): Money => ({ amount, currency: "EUR" });
const anyMinor = fc.bigInt({ min: -MAX_MINOR, max: MAX_MINOR });
const currency = fc.constantFrom(...currencyCodes());

function issueOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (InvalidMoney.is(error)) return `${error.issues[0]!.pointer} ${error.issues[0]!.code}`;
    throw error;
  }
  return "accepted";
}

describe("parseMoney", () => {
  it.each([
    ["12.5", "EUR", "12.50"],
    [12.5, "EUR", "12.50"],
    [0.1, "EUR", "0.10"],
    ["-0.01", "EUR", "-0.01"],
    ["-0", "EUR", "0.00"],
    [-0, "JPY", "0"],
    ["007", "JPY", "7"],
    ["1.2345", "CLF", "1.2345"],
    ["0.001", "KWD", "0.001"],
    [9_999_999_999_999.99, "EUR", "9999999999999.99"],
    [9_007_199_254_740_991, "JPY", "9007199254740991"],
    ["90071992547409.91", "EUR", "90071992547409.91"],
    ["-90071992547409.91", "EUR", "-90071992547409.91"],
  ])("reads %s %s", (amount, code, canonical) => {
    expect(parseMoney({ amount, currency: code })).toEqual({ amount: canonical, currency: code });
  });

  it.each([
    ["12.345", "EUR", "/amount too-many-decimals"],
    ["12.500", "EUR", "/amount too-many-decimals"],
    ["1.0", "JPY", "/amount too-many-decimals"],
    [0.1 + 0.2, "EUR", "/amount too-many-decimals"],
    [Number("90071992547409.91"), "EUR", "/amount not-exact"],
    [-10_000_000_000_000, "EUR", "/amount not-exact"],
    [2 ** 53, "JPY", "/amount out-of-range"],
    ["90071992547409.92", "EUR", "/amount out-of-range"],
    ["-90071992547409.92", "EUR", "/amount out-of-range"],
    [1e21, "EUR", "/amount not-a-decimal"],
    [1e-7, "EUR", "/amount not-a-decimal"],
    [Number.NaN, "EUR", "/amount not-a-decimal"],
    ["1,000", "EUR", "/amount not-a-decimal"],
    ["1e3", "EUR", "/amount not-a-decimal"],
    ["", "EUR", "/amount not-a-decimal"],
    [null, "EUR", "/amount not-a-decimal"],
    [["1"], "EUR", "/amount not-a-decimal"],
    [10n, "EUR", "/amount not-a-decimal"],
    ["1", "eur", "/currency unknown-currency"],
    ["1", ["EUR"], "/currency unknown-currency"],
  ])("refuses %s %s", (amount, code, issue) => {
    expect(issueOf(() => parseMoney({ amount, currency: code }))).toBe(issue);
  });

  it.each([null, "12 EUR", 12, [], undefined])("refuses %s, which is no object", (input) => {
    expect(issueOf(() => parseMoney(input))).toBe(" not-an-object");
  });

  it("names the currency and its decimals", () => {
    expect(() => parseMoney({ amount: "12.345", currency: "EUR" })).toThrow(
      '"12.345" has 3 decimals, EUR has 2',
    );
  });
});

it("takes a number below 10^15 minor units for what it was written as", () => {
  const minor = fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n });
  fc.assert(
    fc.property(minor, currency, (value, code) => {
      const money = fromMinor(value, code);
      expect(parseMoney({ amount: Number(money.amount), currency: code })).toEqual(money);
    }),
  );
});

describe("minor units", () => {
  it("go round, also as a JavaScript number", () => {
    fc.assert(
      fc.property(anyMinor, currency, (minor, code) => {
        const money = fromMinor(minor, code);
        expect(toMinor(money)).toBe(minor);
        expect(parseMoney(money)).toEqual(money);
        expect(BigInt(Number(minor))).toBe(minor);
      }),
    );
  });

  it("end where a number is no longer exact", () => {
    expect(issueOf(() => fromMinor(MAX_MINOR + 1n, "EUR"))).toBe("/amount out-of-range");
    expect(issueOf(() => addMoney(fromMinor(MAX_MINOR, "EUR"), eur("0.01")))).toBe("/amount out-of-range");
  });
});

describe("sums", () => {
  const small = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }).map((minor) => fromMinor(minor, "EUR"));

  it("do not depend on the order", () => {
    fc.assert(
      fc.property(fc.array(small), fc.integer(), (amounts, seed) => {
        const shuffled = [...amounts].sort((a, b) =>
          (toMinor(a) ^ BigInt(seed)) < (toMinor(b) ^ BigInt(seed)) ? -1 : 1,
        );
        const sum = sumMoney(amounts, "EUR");
        expect(sumMoney(shuffled, "EUR")).toEqual(sum);
        expect(shuffled.reduce(addMoney, eur("0.00"))).toEqual(sum);
        expect(toMinor(sum)).toBe(amounts.reduce((total, money) => total + toMinor(money), 0n));
      }),
    );
  });

  it("are undone by subtraction", () => {
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(subtractMoney(addMoney(a, b), b)).toEqual(a);
      }),
    );
  });

  it("may pass the limit on the way to a sum within it", () => {
    const most = fromMinor(MAX_MINOR, "EUR");
    expect(sumMoney([most, most, fromMinor(-MAX_MINOR, "EUR")], "EUR")).toEqual(most);
    expect(sumMoney([], "JPY")).toEqual({ amount: "0", currency: "JPY" });
  });

  it("never mix currencies", () => {
    const yen = { amount: "1", currency: "JPY" };
    for (const run of [
      () => addMoney(eur("1"), yen),
      () => subtractMoney(eur("1"), yen),
      () => compareMoney(eur("1"), yen),
      () => sumMoney([eur("1"), yen], "EUR"),
    ]) {
      try {
        run();
        expect.unreachable();
      } catch (error) {
        expect(CurrencyMismatch.is(error)).toBe(true);
      }
    }
  });
});

it("compareMoney orders by value, not by text", () => {
  const sorted = [eur("10.00"), eur("9.00"), eur("-1.00"), eur("-2.00")].sort(compareMoney);
  expect(sorted.map(({ amount }) => amount)).toEqual(["-2.00", "-1.00", "9.00", "10.00"]);
  expect(compareMoney(eur("1"), eur("1.00"))).toBe(0);
});

describe("multiplyMoney", () => {
  it("rounds once, as told", () => {
    expect(multiplyMoney(eur("9.99"), "0.19")).toEqual(eur("1.90"));
    expect(multiplyMoney(eur("0.25"), "0.1", "half-even")).toEqual(eur("0.02"));
    expect(multiplyMoney(eur("0.25"), "0.1", "half-up")).toEqual(eur("0.03"));
    expect(multiplyMoney(eur("-0.25"), "0.1", "half-up")).toEqual(eur("-0.03"));
    expect(multiplyMoney(eur("0.21"), "0.1", "up")).toEqual(eur("0.03"));
    expect(multiplyMoney(eur("0.29"), "0.1", "down")).toEqual(eur("0.02"));
    // Floating point gets 1.00 here: its 1.005 is a little less.
    expect(multiplyMoney(eur("1.00"), "1.005", "half-up")).toEqual(eur("1.01"));
  });

  it("refuses factors that are not plain decimals", () => {
    expect(() => multiplyMoney(eur("1"), "1e3")).toThrow("not a plain decimal number");
  });
});

describe("allocate", () => {
  it("gives what is left to the largest remainders, the earlier first", () => {
    const amounts = (money: Money, weights: (number | string)[]): string[] =>
      allocate(money, weights).map((part) => part.amount);
    expect(amounts(eur("10.00"), [1, 1, 1])).toEqual(["3.34", "3.33", "3.33"]);
    expect(amounts(eur("-10.00"), [1, 1, 1])).toEqual(["-3.34", "-3.33", "-3.33"]);
    expect(amounts(eur("1.00"), [0.5, "0.3", 0.2])).toEqual(["0.50", "0.30", "0.20"]);
    expect(amounts(eur("0.05"), [3, 7, 0])).toEqual(["0.02", "0.03", "0.00"]);
    expect(amounts({ amount: "100", currency: "JPY" }, [1, 2, 4])).toEqual(["14", "29", "57"]);
  });

  it("sums to the whole; each part is within one unit of its exact share; nothing for weight 0", () => {
    const weights = fc
      .array(fc.nat(1_000_000), { minLength: 1, maxLength: 30 })
      .filter((all) => all.some((weight) => weight > 0));
    fc.assert(
      fc.property(anyMinor, currency, weights, (minor, code, all) => {
        const parts = allocate(fromMinor(minor, code), all);
        expect(sumMoney(parts, code)).toEqual(fromMinor(minor, code));
        const total = BigInt(all.reduce((sum, weight) => sum + weight, 0));
        parts.forEach((part, index) => {
          const off = toMinor(part) * total - minor * BigInt(all[index]!);
          expect(off < total && off > -total).toBe(true);
          if (all[index] === 0) expect(toMinor(part)).toBe(0n);
        });
      }),
    );
  });

  it.each([[[]], [[0, 0]], [[-1, 2]], [[Number.NaN]], [["1e3"]], [[Number.POSITIVE_INFINITY]]])(
    "refuses the weights %j",
    (weights) => {
      expect(() => allocate(eur("1"), weights)).toThrow('"weights" is not usable');
    },
  );
});

describe("formatMoney", () => {
  it("shows all decimals of the currency, digit by digit", () => {
    expect(formatMoney(eur("1234.5"), "en-GB")).toBe("€1,234.50");
    expect(formatMoney(eur("90071992547409.91"), "de-DE")).toBe("90.071.992.547.409,91\u00a0€");
    expect(formatMoney({ amount: "1234", currency: "JPY" }, "en-US")).toBe("¥1,234");
    expect(formatMoney({ amount: "1.500", currency: "IQD" }, "en-US")).toBe("IQD\u00a01.500");
    expect(formatMoney({ amount: "-12.00", currency: "HUF" }, "en-US")).toBe("-HUF\u00a012.00");
  });

  it("refuses what is no locale", () => {
    expect(() => formatMoney(eur("1"), "not a locale")).toThrow("BCP 47");
  });
});
