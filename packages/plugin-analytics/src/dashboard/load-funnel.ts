import type { Context, MetricDefinition } from "@corm/core";
import { formatsOf } from "../charts/format.js";
import { queryFunnel } from "../query/funnel.js";
import type { LoadedPanel, Span } from "./load-panel.js";

/** A funnel with its numbers; null where nothing came to its first step. */
export async function loadFunnel(
  ctx: Context,
  metric: MetricDefinition,
  span: Span,
): Promise<LoadedPanel | null> {
  const { steps, label } = await queryFunnel(ctx, { metric: metric.name, ...(metric.time ? span : {}) });
  const [first] = steps;
  const last = steps[steps.length - 1];
  if (!first || !last || first.count === 0) return null;
  const counts = formatsOf("count", ctx.locale, ctx.currency);
  const shares = formatsOf("ratio", ctx.locale, ctx.currency);
  const share = (value: number | null): string => (value === null ? "–" : shares.full(value));
  return {
    kind: "chart",
    chart: {
      kind: "funnel",
      title: label,
      description: `${counts.full(last.count)} of ${counts.full(first.count)} came from ${first.label} to ${last.label}, ${share(last.overall)}.`,
      categories: steps.map((step) => step.label),
      series: [{ name: label, values: steps.map((step) => step.count) }],
      notes: steps.map((step) => `${counts.full(step.count)} · ${share(step.overall)}`),
      format: counts.full,
      short: counts.full,
    },
    columns: ["Step", "Records", "Of the step before", "Of all"],
    rows: steps.map((step) => [
      step.label,
      counts.full(step.count),
      share(step.conversion),
      share(step.overall),
    ]),
  };
}
