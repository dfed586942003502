import type { Context } from "../../context/context.js";
import { cached } from "../../runtime/cached.js";
import { defineService } from "../../services/define-service.js";
import { type Conversion, type DatedRate, type RateTable, rateTable } from "../../util/exchange.js";
import type { Money } from "../../util/money.js";
import { currencyRate, currencySetting } from "../entities/currency-rate.js";
import { RateMissing } from "../errors.js";

export interface RatesQuestion {
  /** What is to be converted. Rates over a third currency are found as well. */
  readonly currencies: Iterable<string>;
  /** Default: the reporting currency. */
  readonly to?: string;
  /** First and last day that will be asked for, `YYYY-MM-DD`. */
  readonly from: string;
  readonly until: string;
}

/** Money of one currency in another, at the rates that the tenant keeps. */
export interface Exchange {
  /** The tenant's, else the app's currency. */
  reportingCurrency(): Promise<string>;
  /** All rates of some days, in two queries, for many conversions. */
  rates(question: RatesQuestion): Promise<RateTable>;
  /**
   * At the rate of a day (default: today, UTC), into the reporting currency unless told otherwise; says which rates it used.
   *
   * @throws rate-missing
   */
  convert(money: Money, options?: { readonly to?: string; readonly on?: string }): Promise<Conversion>;
}

export const exchange = defineService<Exchange>("crm.exchange");

const PAGE = 500;
/** The group of what is kept of rates. */
export const RATES = "crm.rates";
const KEPT_MS = 60_000;

export function exchangeOf(ctx: Context): Exchange {
  // Rates are no secret: whoever may see an amount may see it in another currency.
  const system = ctx.asSystem({ capability: "crm.currencies", reason: "rates of currencies" });
  const kept = <T>(key: readonly unknown[], load: () => Promise<T>): Promise<T> =>
    cached(ctx, { group: RATES, key, ttl: KEPT_MS }, load);
  const reportingCurrency = async () => {
    const first = () => system.repo(currencySetting).first({ select: ["reportingCurrency"] });
    const chosen = await kept(["currency"], async () => (await first())?.reportingCurrency ?? null);
    return chosen ?? ctx.currency;
  };

  async function rates({ currencies, to, from, until }: RatesQuestion): Promise<RateTable> {
    const target = to ?? (await reportingCurrency());
    if ([...currencies].every((currency) => currency === target)) return rateTable(target, []);
    return rateTable(target, await kept(["rates", from, until], () => ratesBetween(from, until)));
  }

  async function ratesBetween(from: string, until: string): Promise<DatedRate[]> {
    // Of each pair the last one before the first day, and all that came after it.
    const before = await system.repo(currencyRate).aggregate({
      where: { validFrom: { lte: from } },
      groupBy: ["base", "quote"],
      measures: { last: { max: "validFrom" } },
      limit: 10_000,
    });
    const [first = from] = [from, ...before.flatMap(({ last }) => last ?? [])].sort();
    const found: DatedRate[] = [];
    for await (const { id, base, quote, validFrom, rate } of system
      .repo(currencyRate)
      .stream({ where: { validFrom: { gte: first, lte: until } }, limit: PAGE }))
      found.push({ id, base, quote, validFrom, rate });
    return found;
  }

  return {
    reportingCurrency,
    rates,
    async convert(money, { to, on = ctx.now().slice(0, 10) } = {}) {
      const table = await rates({
        currencies: [money.currency],
        ...(to === undefined ? {} : { to }),
        from: on,
        until: on,
      });
      const converted = table.convert(money, on);
      if (!converted) throw RateMissing({ from: money.currency, to: table.to, on });
      return converted;
    },
  };
}
