import { currencyDecimals } from "./currency.js";
import { divideRounded, parseDecimal } from "./decimal.js";
import { fromMinor, type Money, toMinor } from "./money.js";

/** A rate as it is kept: one unit of `base` is `rate` units of `quote`, from a day on. */
export interface DatedRate {
  readonly id: string;
  readonly base: string;
  readonly quote: string;
  /** `YYYY-MM-DD` */
  readonly validFrom: string;
  /** Decimal text above 0. */
  readonly rate: string;
}

/** A rate that a conversion has used. `inverse`: the amount was divided by it. */
export interface RateUsed extends DatedRate {
  readonly inverse: boolean;
}

export interface Conversion {
  readonly money: Money;
  /** One; two where it went over another currency; none where nothing had to be converted. */
  readonly rates: readonly RateUsed[];
}

/** The rates of some currencies into one, over some days. */
export interface RateTable {
  /** The currency that it converts into. */
  readonly to: string;
  /** The rates for a day, or undefined where there are none: the pair's own, else its inverse, else over a third currency. */
  ratesOn(from: string, day: string): readonly RateUsed[] | undefined;
  /** Rounds once, half to even. Undefined where no rate is known. */
  convert(money: Money, day: string): Conversion | undefined;
  /** The days, in order, on which the rates of a currency become others. */
  changes(from: string): readonly string[];
}

const pairOf = (base: string, quote: string): string => `${base}/${quote}`;

/** Conversions by rates that are at hand. Pure. */
export function rateTable(to: string, rates: Iterable<DatedRate>): RateTable {
  const pairs = new Map<string, DatedRate[]>();
  const currencies = new Set<string>();
  for (const rate of rates) {
    const pair = pairOf(rate.base, rate.quote);
    pairs.set(pair, [...(pairs.get(pair) ?? []), rate]);
    currencies.add(rate.base).add(rate.quote);
  }
  for (const list of pairs.values()) list.sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
  const between = [...currencies].sort();

  const direct = (from: string, into: string, day: string): RateUsed | undefined => {
    const own = latest(pairs.get(pairOf(from, into)), day);
    if (own) return { ...own, inverse: false };
    const other = latest(pairs.get(pairOf(into, from)), day);
    return other && { ...other, inverse: true };
  };
  const ratesOn = (from: string, day: string): readonly RateUsed[] | undefined => {
    if (from === to) return [];
    const one = direct(from, to, day);
    if (one) return [one];
    for (const third of between) {
      const first = direct(from, third, day);
      const second = first && direct(third, to, day);
      if (first && second) return [first, second];
    }
    return undefined;
  };
  return {
    to,
    ratesOn,
    convert(money, day) {
      const used = ratesOn(money.currency, day);
      return used && { money: applyRates(money, to, used), rates: used };
    },
    changes(from) {
      if (from === to) return [];
      const days = new Set<string>();
      for (const list of pairs.values()) for (const { validFrom } of list) days.add(validFrom);
      return [...days].sort();
    },
  };
}

function latest(rates: readonly DatedRate[] | undefined, day: string): DatedRate | undefined {
  return rates?.findLast(({ validFrom }) => validFrom <= day);
}

/** Through all rates at once, so that only the result is rounded. */
function applyRates(money: Money, to: string, rates: readonly RateUsed[]): Money {
  let numerator = toMinor(money) * 10n ** BigInt(currencyDecimals(to));
  let denominator = 10n ** BigInt(currencyDecimals(money.currency));
  for (const { rate, inverse } of rates) {
    const { digits, scale } = parseDecimal(rate);
    const unit = 10n ** BigInt(scale);
    numerator *= inverse ? unit : digits;
    denominator *= inverse ? digits : unit;
  }
  return fromMinor(divideRounded(numerator, denominator, "half-even"), to);
}
