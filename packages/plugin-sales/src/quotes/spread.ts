import { InvalidArgument } from "@corm/core";

/** An exact share: `numerator / denominator` of a unit. */
export interface Share {
  readonly numerator: bigint;
  /** By which shares with the same remainder are told apart, whatever their order. */
  readonly key: string;
}

/**
 * Whole numbers that add up to `total` and differ from their shares by less than one: each is rounded down, and what is left goes,
 * one each, to the largest remainders. The order of the shares makes no difference. Shares may be negative.
 *
 * @param denominator of all shares, above zero
 * @param total their sum, rounded to a whole number in whatever way
 */
export function spread(total: bigint, shares: readonly Share[], denominator: bigint): bigint[] {
  const parts = shares.map(({ numerator }) => floorDivide(numerator, denominator));
  const left = Number(total - parts.reduce((sum, part) => sum + part, 0n));
  if (left < 0 || left > shares.length)
    throw InvalidArgument({ argument: "total", reason: "it is not the sum of the shares" });
  const byRemainder = shares
    .map(({ numerator, key }, at) => ({ at, key, rest: numerator - (parts[at] as bigint) * denominator }))
    .sort((a, b) => (a.rest === b.rest ? (a.key < b.key ? -1 : 1) : a.rest > b.rest ? -1 : 1));
  for (const { at } of byRemainder.slice(0, left)) parts[at] = (parts[at] as bigint) + 1n;
  return parts;
}

function floorDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator % denominator < 0n ? quotient - 1n : quotient;
}
