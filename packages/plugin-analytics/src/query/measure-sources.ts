import {
  type CatalogEntity,
  type Context,
  type GroupBy,
  type Measure,
  type MetricDefinition,
  MixedCurrencies,
  type Where,
} from "@corm/core";
import { InvalidMetricQuery, SeveralCurrencies } from "../errors.js";
import type { MetricQuery, MetricValue } from "./metric-query.js";
import { CURRENCY, moneyField, numberOf } from "./money.js";
import { timeCondition } from "./time-condition.js";

type Values = Record<string, unknown>;
type Measures = Record<string, Measure<Values>>;

/** What one statement answered. */
export interface MetricSource {
  readonly cells: readonly {
    readonly period: string | null;
    readonly dimensions: Readonly<Values>;
    readonly values: ReadonlyMap<string, MetricValue>;
  }[];
}

const PERIOD = "period_";
const MAX_GROUPS = 10_000;

/** Runs one aggregate for all metrics that share an entity and a time field. */
export async function measureSources(
  ctx: Context,
  metrics: readonly MetricDefinition[],
  query: MetricQuery,
): Promise<MetricSource[]> {
  const groups = new Map<string, MetricDefinition[]>();
  for (const metric of metrics) {
    const key = `${metric.entity} ${metric.time}`;
    groups.set(key, [...(groups.get(key) ?? []), metric]);
  }
  const sources: MetricSource[] = [];
  for (const group of groups.values()) sources.push(await measure(ctx, group, query));
  return sources;
}

async function measure(
  ctx: Context,
  metrics: readonly MetricDefinition[],
  query: MetricQuery,
): Promise<MetricSource> {
  const { entity: name, time } = metrics[0] as MetricDefinition;
  const entity = ctx.catalog.entities.get(name);
  if (!entity) throw new Error(`metric on unknown entity ${name}`); // composition checks it
  const field = time ? entity.fields.get(time) : undefined;
  const dimensions = query.dimensions ?? [];
  const measures: Measures = {};
  metrics.forEach((metric, i) => {
    measures[`m${i}`] = metric.measure;
    if (metric.divisor) measures[`d${i}`] = metric.divisor;
  });
  const period =
    query.grain && field
      ? [
          {
            field: field.name,
            bucket: query.grain,
            as: PERIOD,
            ...(field.kind === "instant" && query.timeZone ? { timeZone: query.timeZone } : {}),
          },
        ]
      : [];
  const between = field ? timeCondition(field, query) : undefined;
  const rows = await groupsOf(ctx, entity, metrics, {
    // Where groups have names, those with nothing to count are shown as well.
    where: allOf(query.where, between, dimensions.length > 0 ? undefined : relevant(Object.values(measures))),
    groupBy: [...period, ...dimensions.map((name) => groupBy(name, metrics, entity))],
    measures,
    ...(query.asOf === undefined ? {} : { asOf: query.asOf }),
  });
  return {
    cells: rows.map((row) => ({
      period: query.grain ? ((row[PERIOD] as string | null) ?? null) : null,
      dimensions: Object.fromEntries(dimensions.map((dimension) => [dimension, row[dimension] ?? null])),
      values: new Map(metrics.map((metric, i) => [metric.name, metricValue(metric, row, i)])),
    })),
  };
}

/** @throws several-currencies, invalid-metric-query for more groups than one answer holds */
async function groupsOf(
  ctx: Context,
  entity: CatalogEntity,
  metrics: readonly MetricDefinition[],
  query: {
    readonly where: Where<Values>;
    readonly groupBy: GroupBy<Values>[];
    readonly measures: Measures;
    readonly asOf?: string;
  },
): Promise<Values[]> {
  const { name } = metrics[0] as MetricDefinition;
  let rows: Values[];
  try {
    rows = await ctx.repo(entity.handle).aggregate({ ...query, limit: MAX_GROUPS });
  } catch (error) {
    if (!MixedCurrencies.is(error)) throw error;
    const currencies = error.meta["currencies"] as readonly string[];
    throw SeveralCurrencies({ metric: name, currencies }, { cause: error });
  }
  // What is cut off would be missing from every sum over the answer.
  if (rows.length === MAX_GROUPS) {
    throw InvalidMetricQuery({
      reason: `"${name}" has more than ${MAX_GROUPS} groups here. Take fewer dimensions, a coarser grain or less time.`,
    });
  }
  return rows;
}

/** Records that some measure counts; undefined where one counts every record. Saves reading the others. */
function relevant(measures: readonly Measure<Values>[]): Values | undefined {
  const conditions = measures.map((measure) => measure.where);
  return conditions.every((where) => where !== undefined) ? { or: conditions } : undefined;
}

function groupBy(name: string, metrics: readonly MetricDefinition[], entity: CatalogEntity): GroupBy<Values> {
  const money = metrics.map((metric) => moneyField(metric, entity)).find((field) => field !== undefined);
  return name === CURRENCY && money ? { field: `${money}.currency`, as: CURRENCY } : name;
}

function metricValue(metric: MetricDefinition, row: Values, i: number): MetricValue {
  const value = (row[`m${i}`] ?? null) as MetricValue;
  if (!metric.divisor) return value;
  const divisor = numberOf((row[`d${i}`] ?? null) as MetricValue);
  return divisor ? (numberOf(value) ?? 0) / divisor : null;
}

/** All of several conditions that are known by name only; the repository checks every name. */
export function allOf(...parts: readonly (Readonly<Values> | undefined)[]): Where<Values> {
  return { and: parts.filter((part) => part !== undefined) as Where<Values>[] };
}
