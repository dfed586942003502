import {
  type Context,
  exchange,
  fromMinor,
  type Money,
  RateMissing,
  type RateTable,
  type RateUsed,
  toMinor,
} from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { ReportTooLarge } from "../errors.js";
import { sellerDay } from "../services/today.js";

/** A field, or a date cut into months, quarters or years under a name of its own. */
export type SumGroup = string | { readonly field: string; readonly bucket: string; readonly as: string };

export interface SumQuestion {
  /** Conditions on opportunities, as in a query. */
  readonly where: object;
  /** Fields of opportunities by which sums are grouped. */
  readonly groupBy?: readonly SumGroup[];
  /** Default: the reporting currency. */
  readonly to?: string;
  readonly asOf?: string;
}

export interface SumRow {
  readonly groups: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly amount: Money;
  readonly weighted: Money;
}

export interface ReportingSums {
  readonly currency: string;
  readonly rows: readonly SumRow[];
  /** Every rate that was used. */
  readonly rates: readonly RateUsed[];
}

const MAX_GROUPS = 10_000;
/** Stretches of time with rates of their own that are asked for at once: three measures each. */
const SEGMENTS = 16;

/** A stretch of close dates over which the rates of a currency are the same. */
interface Segment {
  readonly where: object | null;
  /** A day of it, for its rate. */
  readonly day: string;
}

/**
 * Amounts and weighted amounts of opportunities in one currency, each at the rate of its close date (without one: of today). How many
 * queries it takes depends on the currencies and on how often their rates change, and not on the opportunities. Sums of one
 * currency, group and rate are converted as one.
 *
 * @throws rate-missing, sales-report-too-large
 */
export async function reportingSums(ctx: Context, question: SumQuestion): Promise<ReportingSums> {
  const { where, groupBy = [], asOf } = question;
  const repository = ctx.repo(opportunity);
  const moment = asOf === undefined ? {} : { asOf };
  const today = sellerDay(ctx, asOf);
  const overview = (by: readonly SumGroup[], amounts: object) =>
    repository.aggregate({
      where: where as never,
      groupBy: ["amount.currency", ...by] as never,
      measures: { ...SPAN, ...amounts } as never,
      limit: MAX_GROUPS,
      ...moment,
    }) as unknown as Promise<Overview[]>;
  // With the sums: where a currency has one rate in all that time, which is most often so, nothing else need be asked.
  const first = await overview(groupBy, AMOUNTS);
  const whole = first.length < MAX_GROUPS;
  const spans = spansOf(whole ? first : await overview([], {}));
  const currencies = spans.flatMap((span) => (span["amount.currency"] as string | null) ?? []);
  const days = [today, ...spans.flatMap((span) => [span.first ?? today, span.last ?? today])].sort();
  const table = await ctx.service(exchange).rates({
    currencies,
    from: days[0] as string,
    until: days.at(-1) as string,
    ...(question.to === undefined ? {} : { to: question.to }),
  });
  const sums = new Sums(table, groupBy);
  for (const span of spans) {
    const currency = span["amount.currency"];
    const segments = segmentsOf(table, currency, span, today);
    const [only] = segments;
    if (whole && only && segments.length === 1) {
      for (const row of first) if (row["amount.currency"] === currency) sums.add(row, [only]);
      continue;
    }
    for (let start = 0; start < segments.length; start += SEGMENTS) {
      const part = segments.slice(start, start + SEGMENTS);
      const rows = await repository.aggregate({
        where: { and: [where, currencyIs(currency)] } as never,
        groupBy: groupBy as never,
        measures: measuresOf(part, currency) as never,
        limit: MAX_GROUPS,
        ...moment,
      });
      if (rows.length === MAX_GROUPS) throw ReportTooLarge({ limit: MAX_GROUPS - 1 });
      for (const row of rows) sums.add(row as Readonly<Record<string, unknown>>, part);
    }
  }
  return { currency: table.to, rows: sums.rows(), rates: sums.used() };
}

/** When what is asked for closes. */
const SPAN = {
  first: { min: "closeDate" },
  last: { max: "closeDate" },
  all: { count: true },
  dated: { count: true, where: { closeDate: { isNull: false } } },
};
/** Those of a single segment, under the names that its query would give them. */
const AMOUNTS = { n0: { count: true }, a0: { sum: "amount" }, w0: { sum: "weightedAmount" } };

interface Span {
  readonly "amount.currency": string | null;
  readonly first: string | null;
  readonly last: string | null;
  readonly all: number;
  readonly dated: number;
}

type Overview = Span & Readonly<Record<string, unknown>>;

/** By currency, of rows that may be of groups within one. */
function spansOf(rows: readonly Overview[]): Span[] {
  const spans = new Map<string | null, Span>();
  for (const row of rows) {
    const currency = row["amount.currency"];
    const known = spans.get(currency) ?? {
      "amount.currency": currency,
      first: null,
      last: null,
      all: 0,
      dated: 0,
    };
    const days = [known.first, known.last, row.first, row.last].filter((day) => day !== null).sort();
    spans.set(currency, {
      "amount.currency": currency,
      first: days[0] ?? null,
      last: days.at(-1) ?? null,
      all: known.all + row.all,
      dated: known.dated + row.dated,
    });
  }
  return [...spans.values()];
}

const currencyIs = (currency: string | null): object =>
  currency === null ? { amount: null } : { "amount.currency": currency };

function segmentsOf(table: RateTable, currency: string | null, span: Span, today: string): Segment[] {
  const { first, last, all, dated } = span;
  const undated: Segment[] = dated < all ? [{ where: { closeDate: null }, day: today }] : [];
  if (first === null || last === null) return undated;
  const changes =
    currency === null ? [] : table.changes(currency).filter((day) => day > first && day <= last);
  if (changes.length === 0 && undated.length === 0) return [{ where: null, day: last }];
  const starts = [first, ...changes];
  const stretches = starts.map((start, at): Segment => {
    const next = starts[at + 1];
    const closeDate = next === undefined ? { gte: start } : { gte: start, lt: next };
    return { where: { closeDate }, day: start };
  });
  return [...stretches, ...undated];
}

function measuresOf(segments: readonly Segment[], currency: string | null): Record<string, object> {
  const measures: Record<string, object> = {};
  segments.forEach(({ where }, at) => {
    const narrowed = where === null ? {} : { where };
    measures[`n${at}`] = { count: true, ...narrowed };
    if (currency === null) return;
    measures[`a${at}`] = { sum: "amount", ...narrowed };
    measures[`w${at}`] = { sum: "weightedAmount", ...narrowed };
  });
  return measures;
}

/** Sums by group, in minor units of the currency of the table. */
class Sums {
  readonly #table: RateTable;
  readonly #groupBy: readonly string[];
  readonly #rows = new Map<
    string,
    { groups: Record<string, unknown>; count: number; amount: bigint; weighted: bigint }
  >();
  readonly #used = new Map<string, RateUsed>();

  constructor(table: RateTable, groupBy: readonly SumGroup[]) {
    this.#table = table;
    this.#groupBy = groupBy.map((group) => (typeof group === "string" ? group : group.as));
  }

  add(row: Readonly<Record<string, unknown>>, segments: readonly Segment[]): void {
    const groups = Object.fromEntries(this.#groupBy.map((name) => [name, row[name]]));
    const key = JSON.stringify(Object.values(groups));
    const sum = this.#rows.get(key) ?? { groups, count: 0, amount: 0n, weighted: 0n };
    this.#rows.set(key, sum);
    segments.forEach(({ day }, at) => {
      sum.count += row[`n${at}`] as number;
      sum.amount += this.#convert(row[`a${at}`] as Money | null | undefined, day);
      sum.weighted += this.#convert(row[`w${at}`] as Money | null | undefined, day);
    });
  }

  #convert(money: Money | null | undefined, day: string): bigint {
    if (money == null) return 0n;
    const converted = this.#table.convert(money, day);
    if (!converted) throw RateMissing({ from: money.currency, to: this.#table.to, on: day });
    for (const rate of converted.rates) this.#used.set(rate.id, rate);
    return toMinor(converted.money);
  }

  rows(): SumRow[] {
    const { to } = this.#table;
    return [...this.#rows.values()]
      .filter(({ count }) => count > 0)
      .map(({ groups, count, amount, weighted }) => ({
        groups,
        count,
        amount: fromMinor(amount, to),
        weighted: fromMinor(weighted, to),
      }));
  }

  used(): RateUsed[] {
    return [...this.#used.values()];
  }
}
