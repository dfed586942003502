import type { Context, Measure, MetricDefinition, Where } from "@corm/core";
import type { MetricQuery, MetricValue } from "./metric-query.js";
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
  const rows = await ctx.repo(entity.handle).aggregate({
    where: allOf(query.where, between),
    groupBy: [...period, ...dimensions],
    measures,
    limit: MAX_GROUPS,
  });
  return {
    cells: rows.map((row: Values) => ({
      period: query.grain ? ((row[PERIOD] as string | null) ?? null) : null,
      dimensions: Object.fromEntries(dimensions.map((dimension) => [dimension, row[dimension] ?? null])),
      values: new Map(metrics.map((metric, i) => [metric.name, metricValue(metric, row, i)])),
    })),
  };
}

function metricValue(metric: MetricDefinition, row: Values, i: number): MetricValue {
  const value = (row[`m${i}`] ?? null) as MetricValue;
  if (!metric.divisor) return value;
  const divisor = row[`d${i}`] as number | null;
  return typeof value !== "number" || !divisor ? null : value / divisor;
}

/** All of several conditions that are known by name only; the repository checks every name. */
export function allOf(...parts: readonly (Readonly<Values> | undefined)[]): Where<Values> {
  return { and: parts.filter((part) => part !== undefined) as Where<Values>[] };
}
