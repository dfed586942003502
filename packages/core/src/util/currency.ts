import { InvalidMoney, shown } from "../errors/value-errors.js";

/**
 * Currencies and their minor units by ISO 4217 list one, published 2024-06-25, with XCG (amendment 176), and with
 * the codes withdrawn since 2020, so that older records stay readable. Funds and metals without a minor unit
 * (XAU, XDR, XXX, ...) are left out: nothing can be stored in their smallest unit.
 *
 * The table is our own and not that of `Intl`: that one is CLDR's, gives the digits in daily use (0 for IQD, HUF
 * and IDR, where ISO has 3, 2 and 2), and changes with the runtime, while stored minor units must never change.
 */
const CODES_BY_DECIMALS: Readonly<Record<number, string>> = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
    CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER
    ZAR ZMW ZWG ANG BGN CUC HRK SLL ZWL`,
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

const DECIMALS: ReadonlyMap<string, number> = new Map(
  Object.entries(CODES_BY_DECIMALS).flatMap(([decimals, codes]) =>
    codes.split(/\s+/).map((code): [string, number] => [code, Number(decimals)]),
  ),
);

/** All currencies by their decimals, for what cannot ask `currencyDecimals` of each. */
export function currenciesByDecimals(): readonly (readonly [decimals: number, codes: readonly string[]])[] {
  return Object.entries(CODES_BY_DECIMALS).map(([decimals, codes]) => [Number(decimals), codes.split(/\s+/)]);
}

/** Whether a value is the code of a currency that amounts can be kept in. Codes are upper case. */
export function isCurrency(code: unknown): code is string {
  return typeof code === "string" && DECIMALS.has(code);
}

/** All known currency codes, sorted. */
export function currencyCodes(): readonly string[] {
  return [...DECIMALS.keys()].sort();
}

/**
 * Decimal places of a currency: 0 for JPY, 2 for EUR, 3 for KWD, 4 for CLF.
 *
 * @throws InvalidMoney (`unknown-currency` at `/currency`).
 */
export function currencyDecimals(code: unknown): number {
  const decimals = typeof code === "string" ? DECIMALS.get(code) : undefined;
  if (decimals !== undefined) return decimals;
  throw InvalidMoney({
    pointer: "/currency",
    issue: "unknown-currency",
    detail: `${shown(code)} is not a currency. Use an ISO 4217 code in upper case, such as EUR.`,
  });
}
