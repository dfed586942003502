import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DatedRate, rateTable } from "./exchange.js";
import { fromMinor, toMinor } from "./money.js";

let count = 0;
const rate = (base: string, quote: string, validFrom: string, value: string): DatedRate => ({
  id: `r${count++}`,
  base,
  quote,
  validFrom,
  rate: value,
});
const usd = (amount: string) => ({ amount, currency: "USD" });

describe("a table of rates", () => {
  const january = rate("USD", "EUR", "2026-01-01", "0.9");
  const february = rate("USD", "EUR", "2026-02-01", "0.8");
  const yen = rate("EUR", "JPY", "2026-01-01", "160.5");
  const dinar = rate("KWD", "USD", "2026-01-01", "3.25");
  const eur = rateTable("EUR", [february, yen, january, dinar]);

  it("takes the rate that holds on the day, and names it", () => {
    expect(eur.convert(usd("10.05"), "2026-01-31")).toEqual({
      money: { amount: "9.04", currency: "EUR" },
      rates: [{ ...january, inverse: false }],
    });
    expect(eur.convert(usd("10.00"), "2026-02-01")?.money.amount).toBe("8.00");
    expect(eur.convert(usd("10.00"), "2099-01-01")?.rates[0]?.id).toBe(february.id);
    expect(eur.convert(usd("10.00"), "2025-12-31")).toBeUndefined();
    expect(eur.convert({ amount: "5.00", currency: "GBP" }, "2026-02-01")).toBeUndefined();
  });

  it("divides by the inverse and goes over a third currency, rounding once", () => {
    const back = eur.convert({ amount: "1000", currency: "JPY" }, "2026-01-05");
    expect(back).toMatchObject({ money: { amount: "6.23" }, rates: [{ id: yen.id, inverse: true }] });
    // 1.001 KWD * 3.25 = 3.25325 USD, * 0.9 = 2.927925 EUR
    const over = eur.convert({ amount: "1.001", currency: "KWD" }, "2026-01-05");
    expect(over?.money).toEqual({ amount: "2.93", currency: "EUR" });
    expect(over?.rates.map(({ id }) => id)).toEqual([dinar.id, january.id]);
  });

  it("leaves its own currency alone", () => {
    const own = { amount: "3.33", currency: "EUR" };
    expect(eur.convert(own, "1999-01-01")).toEqual({ money: own, rates: [] });
    expect(eur.changes("EUR")).toEqual([]);
    expect(eur.changes("USD")).toEqual(["2026-01-01", "2026-02-01"]);
  });
});

it("is off by half a unit at most, for currencies of 0, 2 and 3 decimals and either sign", () => {
  const decimals: Record<string, number> = { JPY: 0, EUR: 2, KWD: 3 };
  const currency = fc.constantFrom("JPY", "EUR", "KWD");
  const value = fc.integer({ min: 1, max: 999_999_999 }).map((n) => (n / 10_000).toFixed(4));
  fc.assert(
    fc.property(currency, currency, value, fc.integer({ min: -1e6, max: 1e6 }), (from, to, text, minor) => {
      fc.pre(from !== to);
      const table = rateTable(to, [rate(from, to, "2026-01-01", text)]);
      const converted = table.convert(fromMinor(BigInt(minor), from), "2026-01-01");
      // 2 * |got - exact| <= 1, in whole numbers.
      const unit = 10n ** BigInt(4 + (decimals[from] as number));
      const exact = BigInt(minor) * BigInt(text.replace(".", "")) * 10n ** BigInt(decimals[to] as number);
      const off = toMinor(converted!.money) * unit - exact;
      expect(2n * (off < 0n ? -off : off) <= unit).toBe(true);
    }),
    { seed: 41 },
  );
});
