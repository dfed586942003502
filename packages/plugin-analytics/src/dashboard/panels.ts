import { type Catalog, type MetricDefinition, oneOf, Type } from "@corm/core";
import { type Grain, grains } from "../query/periods.js";

/** One part of a dashboard, as data. */
export type Panel =
  | { readonly kind: "value"; readonly metric: string }
  | {
      readonly kind: "series";
      readonly metric: string;
      readonly grain: Grain;
      readonly chart: "bar" | "line";
    }
  | { readonly kind: "ranking"; readonly metric: string; readonly dimension: string; readonly limit: number }
  | { readonly kind: "funnel"; readonly metric: string };

const metric = Type.String({ minLength: 1, maxLength: 100 });
const closed = { additionalProperties: false };

/** A panel as requests and records hold it. */
export const panelSchema = Type.Unsafe<Panel>(
  Type.Union([
    Type.Object({ kind: Type.Literal("value"), metric }, closed),
    Type.Object(
      { kind: Type.Literal("series"), metric, grain: oneOf([...grains]), chart: oneOf(["bar", "line"]) },
      closed,
    ),
    Type.Object(
      {
        kind: Type.Literal("ranking"),
        metric,
        dimension: Type.String({ minLength: 1, maxLength: 50 }),
        limit: Type.Integer({ minimum: 1, maximum: 50 }),
      },
      closed,
    ),
    Type.Object({ kind: Type.Literal("funnel"), metric }, closed),
  ]),
);

const MAX_VALUES = 8;
const MAX_SERIES = 4;
const MAX_RANKINGS = 2;
const TOP = 10;

/**
 * A dashboard of whatever the app declares: a number for every metric, money and rates by month, the owners who
 * brought most, and the funnels.
 */
export function defaultPanels(catalog: Catalog): Panel[] {
  const metrics = [...catalog.metrics.values()];
  const numbers = metrics.filter((metric) => metric.kind !== "funnel");
  const timed = numbers.filter((metric) => metric.time !== null);
  const money = numbers.filter(isMoneySum);
  const series = [...timed.filter(isMoneySum), ...timed.filter((metric) => metric.kind === "ratio")];
  return [
    ...numbers.slice(0, MAX_VALUES).map((metric): Panel => ({ kind: "value", metric: metric.name })),
    ...series.slice(0, MAX_SERIES).map(
      (metric): Panel => ({
        kind: "series",
        metric: metric.name,
        grain: "month",
        chart: metric.kind === "ratio" ? "line" : "bar",
      }),
    ),
    ...metrics
      .filter((metric) => metric.kind === "funnel")
      .map((metric): Panel => ({ kind: "funnel", metric: metric.name })),
    ...money
      .filter((metric) => metric.dimensions.includes("ownerId"))
      .slice(0, MAX_RANKINGS)
      .map((metric): Panel => ({ kind: "ranking", metric: metric.name, dimension: "ownerId", limit: TOP })),
  ];
}

function isMoneySum(metric: MetricDefinition): boolean {
  return metric.unit === "money" && "sum" in metric.measure;
}
