import type { Context, MetricDefinition } from "@corm/core";
import { UnknownMetric } from "../errors.js";

/** A declared metric by its name. @throws unknown-metric */
export function findMetric(ctx: Context, name: string): MetricDefinition {
  const { metrics } = ctx.catalog;
  const metric = metrics.get(name);
  if (!metric) throw UnknownMetric({ metric: name, known: [...metrics.keys()] });
  return metric;
}
