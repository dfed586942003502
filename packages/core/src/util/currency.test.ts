import { expect, it } from "vitest";
import { InvalidMoney } from "../errors/value-errors.js";
import { currencyCodes, currencyDecimals, isCurrency } from "./currency.js";

it.each([
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [2, "EUR USD CNY GBP IDR HUF TWD RSD AFN MGA MRU LBP BGN"],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
])("%i decimals: %s", (decimals, codes) => {
  for (const code of codes.split(" ")) expect([code, currencyDecimals(code)]).toEqual([code, decimals]);
});

it("lists each code once, in three letters that Intl can format", () => {
  const codes = currencyCodes();
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.length).toBeGreaterThan(160);
  expect(codes.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
});

it.each(["eur", "EURO", "XXX", "XAU", "", "__proto__", 978, null, undefined])("refuses %s", (code) => {
  expect(isCurrency(code)).toBe(false);
  try {
    currencyDecimals(code);
    expect.unreachable();
  } catch (error) {
    expect(InvalidMoney.is(error) && error.issues[0]).toMatchObject({
      pointer: "/currency",
      code: "unknown-currency",
    });
  }
});
