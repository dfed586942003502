import type { Context } from "@corm/core";
import { isCormError } from "@corm/core";
import { InvalidDashboard, InvalidMetricQuery } from "../errors.js";
import { findMetric } from "../query/find-metric.js";
import { checkQuery } from "../query/metric-query.js";
import type { Panel } from "./panels.js";

/**
 * Refuses panels that could never be drawn in this app: metrics that no plugin declares, funnels as numbers,
 * dimensions that a metric cannot be split by.
 *
 * @throws invalid-dashboard, naming the panel and what is wrong with it
 */
export function checkPanels(ctx: Context, name: string, panels: readonly Panel[]): void {
  for (const [i, panel] of panels.entries()) {
    try {
      checkPanel(ctx, panel);
    } catch (error) {
      if (!isCormError(error)) throw error;
      const pointer = `/panels/${i}`;
      throw InvalidDashboard({ dashboard: name, pointer, problem: error.message }, { cause: error });
    }
  }
}

function checkPanel(ctx: Context, panel: Panel): void {
  if (panel.kind === "funnel") {
    if (findMetric(ctx, panel.metric).kind === "funnel") return;
    throw InvalidMetricQuery({
      reason: `"${panel.metric}" is a number and no funnel: show it as a value or series.`,
    });
  }
  checkQuery(ctx, {
    measures: [panel.metric],
    ...(panel.kind === "series" ? { grain: panel.grain } : {}),
    ...(panel.kind === "ranking" ? { dimensions: [panel.dimension] } : {}),
  });
}
