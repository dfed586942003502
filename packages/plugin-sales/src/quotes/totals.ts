import {
  divideRounded,
  fromMinor,
  type Money,
  multiplyMoney,
  parseDecimal,
  percentOf,
  toMinor,
} from "@corm/core";
import { spread } from "./spread.js";

/** One line as it is offered. Money is in the currency of the document. */
export interface PricedLine {
  /** Tells lines apart, also those that are alike. */
  readonly id: string;
  /** Decimal text. */
  readonly quantity: string;
  /** Of one, without tax; negative for a credit. */
  readonly unitPrice: Money;
  /** What it would cost without a change by hand; counts as discount where it is more. */
  readonly listPrice?: Money | null;
  /** Decimal text, per cent. */
  readonly discountPercent?: string | null;
  readonly discountAmount?: Money | null;
  /** Decimal text, per cent. */
  readonly taxRate: string;
}

export interface PricedDocument {
  readonly currency: string;
  /** Where tax is rounded: in every line, or once per rate. */
  readonly rounding: "line" | "total";
  readonly discountPercent?: string | null;
  readonly discountAmount?: Money | null;
  readonly lines: readonly PricedLine[];
}

export interface LineTotals {
  /** After the discount of the line, before that of the document. */
  readonly net: Money;
  /** The line's part of the discount of the document. */
  readonly documentDiscount: Money;
  readonly tax: Money;
  /** With tax. */
  readonly total: Money;
}

export interface DocumentTotals {
  /** In the order of the lines. */
  readonly lines: readonly LineTotals[];
  /** Sum of the lines' `net`. */
  readonly subtotal: Money;
  readonly discountTotal: Money;
  readonly taxTotal: Money;
  readonly total: Money;
  /** Tax by rate, in the order of the rates. */
  readonly taxes: readonly { readonly rate: string; readonly taxable: Money; readonly tax: Money }[];
  /**
   * All discounts together, in per cent of the list prices, rounded to two decimals; 0 where nothing costs anything. What a line gives
   * back without a list price is a discount, and lowers no list price: 100 where a document only gives back.
   */
  readonly effectiveDiscount: number;
}

/**
 * What a document comes to, exact in minor units: the totals of the lines add up to those of the document, whatever their order.
 * Amounts are rounded half up, away from zero. The discount of the document is split among the lines with a price above zero,
 * by largest remainder. Pure.
 */
export function documentTotals(document: PricedDocument): DocumentTotals {
  const { currency, rounding, lines } = document;
  const money = (minor: bigint): Money => fromMinor(minor, currency);
  const nets = lines.map(netOf);
  const subtotal = sum(nets);
  const discount = documentDiscount(document, nets);
  const discounts = splitDiscount(lines, nets, discount);
  const taxables = nets.map((net, at) => net - (discounts[at] as bigint));
  const taxes = new Array<bigint>(lines.length).fill(0n);
  const byRate = new Map<string, number[]>();
  lines.forEach(({ taxRate }, at) => {
    const rate = plainRate(taxRate);
    byRate.set(rate, [...(byRate.get(rate) ?? []), at]);
  });
  const rates = [...byRate].map(([rate, members]) => {
    const { digits, scale } = parseDecimal(rate);
    const denominator = 100n * 10n ** BigInt(scale);
    const shares = members.map((at) => ({
      numerator: (taxables[at] as bigint) * digits,
      key: (lines[at] as PricedLine).id,
    }));
    const exact = shares.reduce((total, { numerator }) => total + numerator, 0n);
    const parts =
      rounding === "line"
        ? shares.map(({ numerator }) => divideRounded(numerator, denominator, "half-up"))
        : spread(divideRounded(exact, denominator, "half-up"), shares, denominator);
    members.forEach((at, n) => {
      taxes[at] = parts[n] as bigint;
    });
    return { rate, taxable: money(sum(members.map((at) => taxables[at] as bigint))), tax: money(sum(parts)) };
  });
  const taxTotal = sum(taxes);
  return {
    lines: lines.map((_, at) => ({
      net: money(nets[at] as bigint),
      documentDiscount: money(discounts[at] as bigint),
      tax: money(taxes[at] as bigint),
      total: money((taxables[at] as bigint) + (taxes[at] as bigint)),
    })),
    subtotal: money(subtotal),
    discountTotal: money(discount),
    taxTotal: money(taxTotal),
    total: money(subtotal - discount + taxTotal),
    taxes: rates.sort((a, b) => Number(a.rate) - Number(b.rate)),
    effectiveDiscount: effectiveDiscount(lines, subtotal - discount),
  };
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n);

/** `19` for `19.00`, so that lines of one rate are taken together. */
function plainRate(rate: string): string {
  return rate.includes(".") ? rate.replace(/\.?0+$/, "") : rate;
}

function netOf({ quantity, unitPrice, discountPercent, discountAmount }: PricedLine): bigint {
  const gross = multiplyMoney(unitPrice, quantity, "half-up");
  const percent = discountPercent ? toMinor(percentOf(gross, discountPercent, "half-up")) : 0n;
  return toMinor(gross) - percent - (discountAmount ? toMinor(discountAmount) : 0n);
}

function documentDiscount(
  { currency, discountPercent, discountAmount }: PricedDocument,
  nets: readonly bigint[],
): bigint {
  // Where nothing costs anything there is nothing to take a discount from.
  if (!nets.some((net) => net > 0n)) return 0n;
  const subtotal = sum(nets);
  const percent =
    discountPercent && subtotal > 0n
      ? toMinor(percentOf(fromMinor(subtotal, currency), discountPercent, "half-up"))
      : 0n;
  return percent + (discountAmount ? toMinor(discountAmount) : 0n);
}

function splitDiscount(lines: readonly PricedLine[], nets: readonly bigint[], discount: bigint): bigint[] {
  const weights = nets.map((net) => (net > 0n ? net : 0n));
  const total = sum(weights);
  if (total === 0n || discount === 0n) return nets.map(() => 0n);
  const shares = weights.map((weight, at) => ({
    numerator: discount * weight,
    key: (lines[at] as PricedLine).id,
  }));
  return spread(discount, shares, total);
}

function effectiveDiscount(lines: readonly PricedLine[], net: bigint): number {
  let undiscounted = 0n;
  // Without those below zero: with them a line and its own credit would stretch the measure of every other discount.
  let list = 0n;
  for (const { quantity, unitPrice, listPrice } of lines) {
    const unit = [toMinor(unitPrice), listPrice ? toMinor(listPrice) : 0n].reduce((a, b) => (a > b ? a : b));
    const amount = toMinor(multiplyMoney(fromMinor(unit, unitPrice.currency), quantity, "half-up"));
    undiscounted += amount;
    if (amount > 0n) list += amount;
  }
  if (undiscounted <= net) return 0;
  return list === 0n ? 100 : Number(divideRounded((undiscounted - net) * 10_000n, list, "half-up")) / 100;
}
