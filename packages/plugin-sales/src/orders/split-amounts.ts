import { allocate, fromMinor, type Money, parseDecimal, toMinor } from "@corm/core";

/** Decimals of a quantity. */
const SCALE = 6;

/** A quantity as a whole number of millionths. */
export function micros(quantity: string): bigint {
  const { digits, scale } = parseDecimal(quantity);
  return digits * 10n ** BigInt(SCALE - scale);
}

/** The quantity again, without zeros that say nothing. */
export function quantityText(value: bigint): string {
  const digits = value.toString().padStart(SCALE + 1, "0");
  const fraction = digits.slice(-SCALE).replace(/0+$/, "");
  return fraction === "" ? digits.slice(0, -SCALE) : `${digits.slice(0, -SCALE)}.${fraction}`;
}

/**
 * The part of an amount that goes with a part of what is left, so that the last part takes exactly the rest. Pure.
 *
 * @param left money that is left of the line
 * @param quantity taken of `remaining`, both in millionths, above 0
 */
export function partOf(left: Money, quantity: bigint, remaining: bigint): Money {
  if (quantity === remaining) return left;
  if (toMinor(left) === 0n) return fromMinor(0n, left.currency);
  const [part] = allocate(left, [quantity.toString(), (remaining - quantity).toString()]);
  return part as Money;
}
