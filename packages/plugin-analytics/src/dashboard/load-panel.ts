import type { Context, MetricDefinition } from "@corm/core";
import type { Chart } from "../charts/chart.js";
import { currencyOf, drawable, type Formats, formatsOf } from "../charts/format.js";
import { findMetric } from "../query/find-metric.js";
import { queryFunnel } from "../query/funnel.js";
import { type MetricAnswer, type MetricRow, queryMetrics } from "../query/metric-query.js";
import type { Panel } from "./panels.js";

export interface Span {
  readonly from?: string;
  readonly to?: string;
}

/** A panel with its numbers: one figure, or a picture with the table behind it. */
export type LoadedPanel =
  | { readonly kind: "value"; readonly title: string; readonly description: string; readonly value: string }
  | {
      readonly kind: "chart";
      readonly chart: Chart;
      readonly columns: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

/** Asks for a panel's numbers; null where there are none to show. */
export async function loadPanel(ctx: Context, panel: Panel, span: Span): Promise<LoadedPanel | null> {
  if (panel.kind === "funnel") return loadFunnel(ctx, panel.metric, span);
  const metric = findMetric(ctx, panel.metric);
  const dimensions = panel.kind === "ranking" ? [panel.dimension] : [];
  const answer = await queryMetrics(ctx, {
    measures: [metric.name],
    dimensions,
    ...(panel.kind === "series" ? { grain: panel.grain } : {}),
    ...(metric.time ? span : {}),
  });
  const values = answer.rows.map((row) => row.values[metric.name]);
  const formats = formatsOf(metric.unit, ctx.locale, currencyOf(values, ctx.currency));
  if (panel.kind === "value") {
    const value = drawable(values[0]);
    const text = value === null ? "–" : formats.full(value);
    return { kind: "value", title: metric.label, description: metric.description, value: text };
  }
  return panel.kind === "series"
    ? series(metric, answer, panel.chart, formats)
    : ranking(metric, answer.rows, panel, formats);
}

function series(
  metric: MetricDefinition,
  answer: MetricAnswer,
  kind: "bar" | "line",
  formats: Formats,
): LoadedPanel | null {
  if (answer.rows.length === 0) return null;
  const categories = answer.rows.map((row) => row.period as string);
  const values = answer.rows.map((row) => drawable(row.values[metric.name]));
  const known = values.filter((value) => value !== null);
  const peak = values.indexOf(Math.max(...known));
  const title = `${metric.label} by month`;
  const highest =
    known.length === 0 ? "" : ` Highest in ${categories[peak]}: ${formats.full(values[peak] as number)}.`;
  return {
    kind: "chart",
    chart: {
      kind,
      title,
      description: `${metric.label} from ${categories[0]} to ${categories[categories.length - 1]}.${highest}`,
      categories,
      series: [{ name: metric.label, values }],
      format: formats.full,
      short: formats.short,
    },
    columns: ["Month", metric.label],
    rows: categories.map((category, i) => [category, text(values[i] as number | null, formats)]),
  };
}

function ranking(
  metric: MetricDefinition,
  rows: readonly MetricRow[],
  panel: Extract<Panel, { kind: "ranking" }>,
  formats: Formats,
): LoadedPanel | null {
  const listed = rows
    .map((row) => ({
      label: row.labels[panel.dimension] as string,
      value: drawable(row.values[metric.name]) ?? 0,
    }))
    .filter((entry) => entry.value !== 0)
    .sort((a, b) => b.value - a.value || a.label.localeCompare(b.label))
    .slice(0, panel.limit);
  const [first] = listed;
  if (!first) return null;
  return {
    kind: "chart",
    chart: {
      kind: "ranking",
      title: `${metric.label}: top ${listed.length}`,
      description: `The ${listed.length} with most ${metric.label.toLowerCase()}, ${first.label} first with ${formats.full(first.value)}.`,
      categories: listed.map((entry) => entry.label),
      series: [{ name: metric.label, values: listed.map((entry) => entry.value) }],
      format: formats.full,
      short: formats.short,
    },
    columns: ["Name", metric.label],
    rows: listed.map((entry) => [entry.label, formats.full(entry.value)]),
  };
}

async function loadFunnel(ctx: Context, name: string, span: Span): Promise<LoadedPanel | null> {
  const metric = findMetric(ctx, name);
  const { steps, label } = await queryFunnel(ctx, { metric: name, ...(metric.time ? span : {}) });
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

const text = (value: number | null, formats: Formats): string => (value === null ? "–" : formats.full(value));
