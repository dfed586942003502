import { InvalidDecimal, shown } from "../errors/value-errors.js";

/** An exact decimal number: `digits / 10 ** scale`. */
export interface Decimal {
  readonly digits: bigint;
  /** Decimal places, 0 or more. */
  readonly scale: number;
}

/**
 * How a result between two steps is settled. `half-even` takes the even one on a tie and is without drift over
 * many roundings; `half-up` takes the one further from zero on a tie; `up` and `down` always go away from zero
 * and towards it.
 */
export type Rounding = "half-even" | "half-up" | "up" | "down";

const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,30}))?$/;

/**
 * Reads plain decimal text such as `"-1250.50"`: up to 30 digits on either side of the point.
 *
 * @throws InvalidDecimal for anything else: exponents, separators, blanks, a leading plus.
 */
export function parseDecimal(text: unknown): Decimal {
  const match = typeof text === "string" ? DECIMAL.exec(text) : null;
  if (!match) throw InvalidDecimal({ value: shown(text) });
  const fraction = match[3] ?? "";
  return { digits: BigInt(`${match[1]}${match[2]}${fraction}`), scale: fraction.length };
}

/** `numerator / denominator` as a whole number. The denominator is above zero. */
export function divideRounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const quotient = numerator / denominator;
  const rest = numerator - quotient * denominator;
  if (rest === 0n) return quotient;
  const away = numerator < 0n ? quotient - 1n : quotient + 1n;
  if (rounding === "up") return away;
  if (rounding === "down") return quotient;
  const doubled = (rest < 0n ? -rest : rest) * 2n;
  if (doubled !== denominator) return doubled > denominator ? away : quotient;
  return rounding === "half-up" || quotient % 2n !== 0n ? away : quotient;
}
