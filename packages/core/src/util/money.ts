import {
  CurrencyMismatch,
  InvalidArgument,
  InvalidLocale,
  InvalidMoney,
  shown,
} from "../errors/value-errors.js";
import { currencyDecimals } from "./currency.js";
import { divideRounded, parseDecimal, type Rounding } from "./decimal.js";
import { createLru } from "./lru.js";

/**
 * An exact amount of money. `amount` is decimal text with exactly the decimals of the currency: `"12.50"` EUR,
 * `"1250"` JPY. No function here passes an amount through a floating-point number.
 */
export interface Money {
  readonly amount: string;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

/**
 * Largest amount, in minor units, in either direction: 90 071 992 547 409.91 EUR. A row keeps minor units in a
 * 64-bit integer, and drivers hand that over as a JavaScript number, which is exact up to here.
 */
export const MAX_MINOR = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * A floating-point number tells any two decimals of up to 15 digits apart, and no more: 90071992547409.91 arrives
 * as 90071992547409.9.
 */
const EXACT_NUMBER_MINOR = 10n ** 15n;

/**
 * Reads money as a request carries it: `{ amount, currency }`. The amount is decimal text, or a number that is
 * certain to mean what was written: below 10^15 minor units, or a safe integer of a currency without decimals.
 *
 * @throws InvalidMoney, whose issue is `not-an-object`, `unknown-currency`, `not-a-decimal`, `not-exact`,
 * `too-many-decimals` (never rounded silently; `12.500` EUR has too many as well) or `out-of-range`.
 */
export function parseMoney(input: unknown): Money {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw InvalidMoney({
      pointer: "",
      issue: "not-an-object",
      detail: "Money is written { amount, currency }.",
    });
  }
  const { amount, currency } = input as { amount?: unknown; currency?: unknown };
  if (typeof amount !== "number") return fromMinor(minorOf(amount, currency), currency as string);
  const minor = minorOf(String(amount), currency);
  if (currencyDecimals(currency) > 0 && (minor >= EXACT_NUMBER_MINOR || minor <= -EXACT_NUMBER_MINOR)) {
    const detail = `The number ${amount} may not be exactly what was written. Send the amount as text.`;
    throw InvalidMoney({ pointer: "/amount", issue: "not-exact", detail });
  }
  return fromMinor(minor, currency as string);
}

/** Minor units, such as cents. @throws InvalidMoney as `parseMoney` does, for text amounts. */
export function toMinor(money: Money): bigint {
  return minorOf(money.amount, money.currency);
}

/** Money of a number of minor units. @throws InvalidMoney for an unknown currency, and out of range. */
export function fromMinor(minor: bigint, currency: string): Money {
  const decimals = currencyDecimals(currency);
  checkRange(minor, currency);
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const sign = minor < 0n ? "-" : "";
  return { amount: decimals === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-decimals)}`, currency };
}

/** @throws CurrencyMismatch, and InvalidMoney when the sum is out of range. */
export function addMoney(left: Money, right: Money): Money {
  checkSame(left, right);
  return fromMinor(toMinor(left) + toMinor(right), left.currency);
}

/** @throws CurrencyMismatch, and InvalidMoney when the difference is out of range. */
export function subtractMoney(left: Money, right: Money): Money {
  checkSame(left, right);
  return fromMinor(toMinor(left) - toMinor(right), left.currency);
}

/** The sum of a list, nothing for an empty one; only the sum has to be in range. @throws CurrencyMismatch */
export function sumMoney(amounts: Iterable<Money>, currency: string): Money {
  let sum = 0n;
  for (const money of amounts) {
    checkSame(money, { amount: "0", currency });
    sum += toMinor(money);
  }
  return fromMinor(sum, currency);
}

/** -1, 0 or 1, for sorting. @throws CurrencyMismatch */
export function compareMoney(left: Money, right: Money): -1 | 0 | 1 {
  checkSame(left, right);
  const difference = toMinor(left) - toMinor(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/**
 * Multiplies by an exact decimal and rounds once, to the decimals of the currency.
 *
 * @example multiplyMoney({ amount: "9.99", currency: "EUR" }, "0.19", "half-even"); // 1.90 EUR
 * @throws InvalidDecimal for the factor, and InvalidMoney when the product is out of range.
 */
export function multiplyMoney(money: Money, factor: string, rounding: Rounding = "half-even"): Money {
  const { digits, scale } = parseDecimal(factor);
  const minor = divideRounded(toMinor(money) * digits, 10n ** BigInt(scale), rounding);
  return fromMinor(minor, money.currency);
}

/**
 * So many per cent of an amount, rounded once to the decimals of the currency.
 *
 * @param percent plain decimal text; numbers are taken as they print
 * @example percentOf({ amount: "9.99", currency: "EUR" }, "19"); // 1.90 EUR
 * @throws InvalidDecimal, and InvalidMoney when the result is out of range.
 */
export function percentOf(money: Money, percent: string | number, rounding: Rounding = "half-even"): Money {
  const { digits, scale } = parseDecimal(String(percent));
  return fromMinor(
    divideRounded(toMinor(money) * digits, 100n * 10n ** BigInt(scale), rounding),
    money.currency,
  );
}

/**
 * Splits money by weights without losing or making a cent: each part is cut down to minor units, and what is left
 * goes, one unit each, to the largest remainders (the earlier one on a tie). Negative money mirrors positive.
 *
 * @param weights plain decimals of 0 or more, not all 0; numbers are taken as they print
 * @throws InvalidArgument for other weights.
 * @example allocate({ amount: "10.00", currency: "EUR" }, [1, 1, 1]); // 3.34, 3.33, 3.33
 */
export function allocate(money: Money, weights: readonly (number | string)[]): Money[] {
  const shares = wholeWeights(weights);
  const total = shares.reduce((sum, share) => sum + share, 0n);
  if (total === 0n) throw InvalidArgument({ argument: "weights", reason: "at least one must be above 0" });
  const minor = toMinor(money);
  const whole = minor < 0n ? -minor : minor;
  const parts = shares.map((share) => (whole * share) / total);
  const byRemainder = shares
    .map((share, index) => ({ index, remainder: (whole * share) % total }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder < b.remainder ? 1 : -1));
  const left = Number(whole - parts.reduce((sum, part) => sum + part, 0n));
  for (const { index } of byRemainder.slice(0, left)) parts[index]! += 1n;
  return parts.map((part) => fromMinor(minor < 0n ? -part : part, money.currency));
}

const formats = createLru<string, Intl.NumberFormat>(256);

/**
 * Money for people to read, with all decimals of the currency.
 *
 * @param locale BCP 47, such as `de-DE`
 * @example formatMoney({ amount: "1234.50", currency: "EUR" }, "en-GB"); // "€1,234.50"
 * @throws InvalidLocale, and InvalidMoney as `toMinor` does.
 */
export function formatMoney(money: Money, locale: string): string {
  const exact = fromMinor(toMinor(money), money.currency);
  // Given as text, the amount is formatted digit by digit (ECMA-402 2023).
  return formatOf(locale, money.currency).format(exact.amount as Intl.StringNumericLiteral);
}

function formatOf(locale: string, currency: string): Intl.NumberFormat {
  const key = `${currency} ${locale}`;
  const known = formats.get(key);
  if (known) return known;
  const decimals = currencyDecimals(currency);
  let format: Intl.NumberFormat;
  try {
    format = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  } catch (cause) {
    throw InvalidLocale({ value: shown(locale) }, { cause });
  }
  formats.set(key, format);
  return format;
}

function minorOf(amount: unknown, currency: unknown): bigint {
  const decimals = currencyDecimals(currency);
  const { digits, scale } = amountDecimal(amount);
  if (scale > decimals) {
    throw InvalidMoney({
      pointer: "/amount",
      issue: "too-many-decimals",
      detail: `${shown(amount)} has ${scale} decimals, ${currency} has ${decimals}. Round the amount first.`,
    });
  }
  const minor = digits * 10n ** BigInt(decimals - scale);
  checkRange(minor, currency);
  return minor;
}

function amountDecimal(amount: unknown): { readonly digits: bigint; readonly scale: number } {
  try {
    return parseDecimal(amount);
  } catch (cause) {
    const detail = `${shown(amount)} is not an amount. Write plain decimal text such as "1250.50".`;
    throw InvalidMoney({ pointer: "/amount", issue: "not-a-decimal", detail }, { cause });
  }
}

function checkRange(minor: bigint, currency: unknown): void {
  if (minor <= MAX_MINOR && minor >= -MAX_MINOR) return;
  throw InvalidMoney({
    pointer: "/amount",
    issue: "out-of-range",
    detail: `The amount exceeds ${MAX_MINOR} minor units of ${currency}, the largest that is stored exactly.`,
  });
}

function checkSame(left: Money, right: Money): void {
  if (left.currency !== right.currency) {
    throw CurrencyMismatch({ left: shown(left.currency), right: shown(right.currency) });
  }
}

function wholeWeights(weights: readonly (number | string)[]): bigint[] {
  const decimals = weights.map((weight) => {
    const text = typeof weight === "number" ? String(weight) : weight;
    if (/^\d{1,30}(?:\.\d{1,30})?$/.test(text)) return parseDecimal(text);
    throw InvalidArgument({
      argument: "weights",
      reason: `${shown(weight)} is not a plain decimal of 0 or more`,
    });
  });
  const scale = Math.max(0, ...decimals.map((decimal) => decimal.scale));
  return decimals.map((decimal) => decimal.digits * 10n ** BigInt(scale - decimal.scale));
}
