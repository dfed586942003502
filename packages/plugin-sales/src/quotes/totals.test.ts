import { fromMinor, type Money, toMinor } from "@corm/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spread } from "./spread.js";
import { documentTotals, type PricedDocument, type PricedLine } from "./totals.js";

const eur = (amount: string): Money => ({ amount, currency: "EUR" });
const line = (
  id: string,
  quantity: string,
  unitPrice: Money,
  rest: Partial<PricedLine> = {},
): PricedLine => ({
  id,
  quantity,
  unitPrice,
  taxRate: "19",
  ...rest,
});

describe("a document", () => {
  it("adds up as on paper", () => {
    const totals = documentTotals({
      currency: "EUR",
      rounding: "line",
      discountPercent: "10",
      lines: [
        line("a", "3", eur("19.99"), { discountPercent: "5" }),
        line("b", "1.5", eur("80.00"), { taxRate: "7" }),
        line("c", "1", eur("-20.00")),
      ],
    });
    // 59.97 - 3.00; 120.00; -20.00. Discount 15.70, of the 176.97 above zero.
    expect(totals.lines.map(({ net }) => net.amount)).toEqual(["56.97", "120.00", "-20.00"]);
    expect(totals).toMatchObject({ subtotal: eur("156.97"), discountTotal: eur("15.70") });
    expect(totals.lines.map(({ documentDiscount }) => documentDiscount.amount)).toEqual([
      "5.05",
      "10.65",
      "0.00",
    ]);
    expect(totals.lines.map(({ tax }) => tax.amount)).toEqual(["9.86", "7.65", "-3.80"]);
    expect(totals.taxes).toEqual([
      { rate: "7", taxable: eur("109.35"), tax: eur("7.65") },
      { rate: "19", taxable: eur("31.92"), tax: eur("6.06") },
    ]);
    expect(totals.total).toEqual(eur("154.98"));
  });

  it("rounds tax in every line or once, as it says", () => {
    const lines = [1, 2, 3].map((n) => line(`l${n}`, "1", eur("0.03"), { taxRate: "19.00" }));
    const of = (rounding: "line" | "total") => documentTotals({ currency: "EUR", rounding, lines });
    // 0.0057 is 0.01 each; 0.0171 is 0.02 together.
    expect(of("line").taxTotal.amount).toBe("0.03");
    expect(of("total").taxTotal.amount).toBe("0.02");
    expect(of("total").lines.map(({ tax }) => tax.amount)).toEqual(["0.01", "0.01", "0.00"]);
  });

  it("counts lowered prices among the discounts", () => {
    const of = (rest: Partial<PricedLine>, document: Partial<PricedDocument> = {}) =>
      documentTotals({
        currency: "EUR",
        rounding: "line",
        lines: [line("a", "2", eur("80.00"), rest)],
        ...document,
      }).effectiveDiscount;
    expect(of({})).toBe(0);
    expect(of({ listPrice: eur("100.00") })).toBe(20);
    expect(of({ listPrice: eur("100.00"), discountAmount: eur("10.00") }, { discountPercent: "10" })).toBe(
      32.5,
    );
    expect(of({ listPrice: eur("70.00") })).toBe(0);
  });

  it("counts what it gives back among the discounts, whatever else is on it", () => {
    const of = (...lines: PricedLine[]) =>
      documentTotals({ currency: "EUR", rounding: "line", lines }).effectiveDiscount;
    const sold = line("a", "1", eur("1000.00"));
    expect(of(sold, line("b", "2", eur("-150.00")))).toBe(30);
    // A line and its own credit make no discount smaller.
    const lowered = line("a", "1", eur("500.00"), { listPrice: eur("1000.00") });
    const padding = [line("b", "1", eur("9000.00")), line("c", "1", eur("-9000.00"))];
    expect(of(lowered, ...padding)).toBe(95);
    // Nor does a discount of a credit, or a list price that is below zero itself.
    expect(of(sold, line("b", "1", eur("-100.00"), { discountAmount: eur("100.00") }))).toBe(20);
    const returned = line("b", "1", eur("-600.00"), { listPrice: eur("-600.00") });
    expect(of(lowered, returned)).toBe(50);
    expect(of(sold, returned)).toBe(0);
    expect(of(line("b", "1", eur("-1.00")))).toBe(100);
    expect(of(line("b", "1", eur("0.00")))).toBe(0);
  });
});

const DECIMALS = { JPY: 0, EUR: 2, KWD: 3 } as const;
type Code = keyof typeof DECIMALS;
const percent = fc.option(
  fc.integer({ min: 0, max: 1000 }).map((n) => (n / 10).toFixed(1)),
  { nil: null },
);
const document: fc.Arbitrary<PricedDocument> = fc
  .constantFrom<Code>("JPY", "EUR", "KWD")
  .chain((currency) => {
    const money = (min: number, max: number) =>
      fc.integer({ min, max }).map((minor) => fromMinor(BigInt(minor), currency));
    return fc.record({
      currency: fc.constant(currency as string),
      rounding: fc.constantFrom("line" as const, "total" as const),
      discountPercent: percent,
      discountAmount: fc.option(money(0, 500), { nil: null }),
      lines: fc
        .array(
          fc.record({
            quantity: fc.integer({ min: 1, max: 50_000 }).map((n) => (n / 1000).toFixed(3)),
            unitPrice: money(-50_000, 200_000),
            discountPercent: percent,
            discountAmount: fc.option(money(0, 300), { nil: null }),
            taxRate: fc.constantFrom("0", "5.5", "7", "7.0", "19", "20.25"),
          }),
          { maxLength: 12 },
        )
        .map((lines) => lines.map((rest, n) => ({ ...rest, id: `line-${n}` }))),
    });
  });
const sum = (amounts: readonly Money[]): bigint => amounts.reduce((all, one) => all + toMinor(one), 0n);

it("has lines that add up to it, in whatever order they stand", () => {
  fc.assert(
    fc.property(document, fc.integer(), (given, seed) => {
      const totals = documentTotals(given);
      const column = (name: "net" | "documentDiscount" | "tax" | "total") =>
        sum(totals.lines.map((part) => part[name]));
      expect(column("net")).toBe(toMinor(totals.subtotal));
      expect(column("documentDiscount")).toBe(toMinor(totals.discountTotal));
      expect(column("tax")).toBe(toMinor(totals.taxTotal));
      expect(column("total")).toBe(toMinor(totals.total));
      expect(sum(totals.taxes.map(({ tax }) => tax))).toBe(toMinor(totals.taxTotal));
      expect(toMinor(totals.subtotal) - toMinor(totals.discountTotal) + toMinor(totals.taxTotal)).toBe(
        toMinor(totals.total),
      );
      // Another order: the same document, and the same figures for every line.
      const order = given.lines
        .map((_, at) => at)
        .sort((a, b) => ((a * 7919 + seed) % 13) - ((b * 7919 + seed) % 13));
      const turned = documentTotals({ ...given, lines: order.map((at) => given.lines[at] as PricedLine) });
      expect({ ...turned, lines: null }).toEqual({ ...totals, lines: null });
      order.forEach((at, place) => {
        expect(turned.lines[place]).toEqual(totals.lines[at]);
      });
    }),
    { seed: 43, numRuns: 1500 },
  );
});

it("splits by largest remainder: whole, and nobody off by a unit", () => {
  const shares = fc.array(fc.bigInt({ min: -1000n, max: 1000n }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(shares, fc.bigInt({ min: 1n, max: 97n }), (numerators, denominator) => {
      const all = numerators.reduce((a, b) => a + b, 0n);
      const total =
        all >= 0n
          ? (2n * all + denominator) / (2n * denominator)
          : -((-2n * all + denominator) / (2n * denominator));
      const parts = spread(
        total,
        numerators.map((numerator, n) => ({ numerator, key: `k${n}` })),
        denominator,
      );
      expect(parts.reduce((a, b) => a + b, 0n)).toBe(total);
      parts.forEach((part, n) => {
        const off = part * denominator - (numerators[n] as bigint);
        expect(off < denominator && off > -denominator).toBe(true);
      });
    }),
    { seed: 44 },
  );
});
