import { type Context, type MetricDefinition, type MetricUnit, type Money, parseMoney } from "@corm/core";
import { InvalidMetricQuery } from "../errors.js";
import { findMetric } from "./find-metric.js";
import { labelsOf } from "./labels.js";
import { type MetricSource, measureSources } from "./measure-sources.js";
import { CURRENCY, isMoney, moneyField, numberOf } from "./money.js";
import { type Grain, grains, periodOf, periodsBetween } from "./periods.js";

/** A question about metrics. Everything in it is by name, so that it can come from a request. */
export interface MetricQuery {
  /** Metric names, e.g. `sales.wonRevenue`. */
  readonly measures: readonly string[];
  /** Fields to split by, which every metric asked for must declare; and `currency`, which all of money have. */
  readonly dimensions?: readonly string[];
  readonly grain?: Grain;
  /** IANA zone in which days begin, for metrics placed by an instant. Default UTC. */
  readonly timeZone?: string;
  /** First day, `YYYY-MM-DD`. */
  readonly from?: string;
  /** Last day, included. */
  readonly to?: string;
  /** An instant: the values as they stood then, not those of today placed by a date. For entities that keep their states. */
  readonly asOf?: string;
  /** Condition in the query language, for metrics of one entity. */
  readonly where?: Readonly<Record<string, unknown>>;
}

export type MetricValue = number | Money | null;

export interface MetricRow {
  /** `2017-03`, `2017-Q1`, …; null without a grain. */
  readonly period: string | null;
  /** Values of the dimensions, by field. */
  readonly dimensions: Readonly<Record<string, unknown>>;
  /** What people call those values, by field. */
  readonly labels: Readonly<Record<string, string>>;
  /** By metric name. Counts and sums of nothing are zero; averages and ratios of nothing are null. */
  readonly values: Readonly<Record<string, MetricValue>>;
}

export interface MetricAnswer {
  readonly measures: readonly { readonly name: string; readonly label: string; readonly unit: MetricUnit }[];
  /** All periods in order, without gaps; null without a grain. */
  readonly periods: readonly string[] | null;
  /** By period, then by dimensions. With a grain there is a row for every period of every combination. */
  readonly rows: readonly MetricRow[];
}

/**
 * Answers a question about metrics: one statement per entity and time field, whatever the number of metrics, and one
 * per dimension for the names.
 *
 * A series begins and ends where a measure counts something, or at `from` and `to`.
 *
 * @throws unknown-metric, invalid-metric-query, several-currencies
 */
export async function queryMetrics(ctx: Context, query: MetricQuery): Promise<MetricAnswer> {
  const metrics = checkQuery(ctx, query);
  const sources = await measureSources(ctx, metrics, query);
  const cells = merge(sources, metrics, query);
  const periods = query.grain ? periodRange(cells, query as MetricQuery & { grain: Grain }) : null;
  const labels = await labelsOf(
    ctx,
    (metrics[0] as MetricDefinition).entity,
    query.dimensions ?? [],
    cells.combinations,
  );
  const zeros = new Map(metrics.map((metric) => [metric.name, zeroOf(metric, cells, ctx.currency)]));
  const nothing = (name: string, currency: unknown): MetricValue => {
    const zero = zeros.get(name) as MetricValue;
    return isMoney(zero) && typeof currency === "string" ? zeroMoney({ ...zero, currency }) : zero;
  };
  const rows: MetricRow[] = [];
  for (const period of periods ?? [null]) {
    for (const dimensions of cells.combinations) {
      const found = cells.values.get(cellKey(period, dimensions));
      const values: Record<string, MetricValue> = {};
      for (const { name } of metrics) values[name] = found?.get(name) ?? nothing(name, dimensions[CURRENCY]);
      rows.push({ period, dimensions, labels: labels(dimensions), values });
    }
  }
  return { measures: metrics.map(({ name, label, unit }) => ({ name, label, unit })), periods, rows };
}

/** The metrics of a question that can be asked. @throws unknown-metric, invalid-metric-query */
export function checkQuery(ctx: Context, query: MetricQuery): MetricDefinition[] {
  const metrics = [...new Set(query.measures)].map((name) => findMetric(ctx, name));
  const [first] = metrics;
  if (!first) throw InvalidMetricQuery({ reason: `"measures" needs at least one metric name.` });
  if (query.grain && !grains.includes(query.grain)) {
    throw InvalidMetricQuery({ reason: `"grain" is one of ${grains.join(", ")}.` });
  }
  for (const metric of metrics) {
    if (metric.kind === "funnel") {
      throw InvalidMetricQuery({
        reason: `"${metric.name}" is a funnel: ask for it with the funnel action.`,
      });
    }
    if ((query.grain || query.from || query.to) && !metric.time) {
      throw InvalidMetricQuery({
        reason: `"${metric.name}" has no place in time: leave out grain, from and to.`,
      });
    }
    const splits = dimensionsOf(ctx, metric);
    for (const name of query.dimensions ?? []) {
      if (!splits.includes(name)) {
        throw InvalidMetricQuery({
          reason: `"${metric.name}" cannot be split by "${name}". It has: ${splits.join(", ") || "no dimensions"}.`,
        });
      }
    }
    if (metric.entity !== first.entity && (query.where || query.dimensions?.length)) {
      throw InvalidMetricQuery({
        reason: `"${metric.name}" and "${first.name}" are about different entities: ask for them apart to use "where" or "dimensions".`,
      });
    }
  }
  return metrics;
}

/** Declared ones, and the currency of money. */
function dimensionsOf(ctx: Context, metric: MetricDefinition): string[] {
  const entity = ctx.catalog.entities.get(metric.entity);
  const money = entity && moneyField(metric, entity) !== undefined;
  return money ? [...metric.dimensions, CURRENCY] : [...metric.dimensions];
}

interface Cells {
  readonly values: ReadonlyMap<string, ReadonlyMap<string, MetricValue>>;
  readonly combinations: readonly Readonly<Record<string, unknown>>[];
  readonly periods: readonly string[];
}

function merge(
  sources: readonly MetricSource[],
  metrics: readonly MetricDefinition[],
  query: MetricQuery,
): Cells {
  const values = new Map<string, Map<string, MetricValue>>();
  const combinations = new Map<string, Record<string, unknown>>();
  const periods = new Set<string>();
  const rates = new Set(metrics.filter((metric) => metric.kind === "ratio").map((metric) => metric.name));
  if (!query.dimensions?.length) combinations.set("{}", {});
  for (const source of sources) {
    for (const cell of source.cells) {
      // Records without a date have no place in a series.
      if (query.grain && cell.period === null) continue;
      // Nor have those without an amount one among currencies.
      if (
        cell.dimensions[CURRENCY] === null &&
        [...cell.values.values()].every((value) => !numberOf(value))
      ) {
        continue;
      }
      if (cell.period !== null && tells(cell.values, rates)) periods.add(cell.period);
      combinations.set(JSON.stringify(cell.dimensions), cell.dimensions);
      const key = cellKey(cell.period, cell.dimensions);
      const found = values.get(key) ?? new Map<string, MetricValue>();
      for (const [name, value] of cell.values) found.set(name, value);
      values.set(key, found);
    }
  }
  return { values, combinations: [...combinations.values()], periods: [...periods].sort() };
}

/** Whether a measure counted something here: an expected sale adds no month to those of won ones. */
function tells(values: ReadonlyMap<string, MetricValue>, rates: ReadonlySet<string>): boolean {
  return [...values].some(([name, value]) => value !== null && (value !== 0 || rates.has(name)));
}

const cellKey = (period: string | null, dimensions: object): string =>
  `${period} ${JSON.stringify(dimensions)}`;

function periodRange(cells: Cells, query: MetricQuery & { readonly grain: Grain }): string[] {
  const first = query.from ? periodOf(query.from, query.grain) : cells.periods[0];
  const last = query.to ? periodOf(query.to, query.grain) : cells.periods[cells.periods.length - 1];
  return first === undefined || last === undefined ? [] : periodsBetween(first, last, query.grain);
}

/** What a metric is over no records: nothing was sold for zero, but there is no rate of nothing. */
function zeroOf(metric: MetricDefinition, cells: Cells, currency: string): MetricValue {
  if (
    metric.kind === "ratio" ||
    !("count" in metric.measure || "countDistinct" in metric.measure || "sum" in metric.measure)
  ) {
    return null;
  }
  if (metric.unit !== "money") return 0;
  for (const values of cells.values.values()) {
    const value = values.get(metric.name);
    if (isMoney(value)) return zeroMoney(value);
  }
  return zeroMoney({ amount: "0", currency });
}

const zeroMoney = ({ currency }: Money): Money => parseMoney({ amount: "0", currency });
