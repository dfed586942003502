import type { CatalogEntity, MetricDefinition, Money } from "@corm/core";
import type { MetricValue } from "./metric-query.js";

/** Dimension that every metric of money has: the currency of its amounts. */
export const CURRENCY = "currency";

/** The money field that a metric adds up, averages or compares; undefined for metrics of other numbers. */
export function moneyField(metric: MetricDefinition, entity: CatalogEntity): string | undefined {
  const { where: _, ...measure } = metric.measure as Readonly<Record<string, unknown>>;
  const [field] = Object.values(measure);
  return typeof field === "string" && entity.fields.get(field)?.kind === "money" ? field : undefined;
}

export function isMoney(value: unknown): value is Money {
  return typeof value === "object" && value !== null && "currency" in value;
}

/** A value as a number: for pictures and quotients, not for books. */
export function numberOf(value: MetricValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? value : Number(value.amount);
}
