import type { CatalogEntity, Context, MetricDefinition } from "@corm/core";
import type { Chart } from "../charts/chart.js";
import { type Formats, formatsOf, periodLabel } from "../charts/format.js";
import { findMetric } from "../query/find-metric.js";
import { type MetricRow, queryMetrics } from "../query/metric-query.js";
import { CURRENCY, moneyField, numberOf } from "../query/money.js";
import { loadFunnel } from "./load-funnel.js";
import type { Panel } from "./panels.js";

export interface Span {
  /** First day, `YYYY-MM-DD`. */
  readonly from?: string;
  /** Last day, included. */
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

/** What is drawn of one currency, or of a metric that is no money. */
interface Share {
  readonly metric: MetricDefinition;
  readonly rows: readonly MetricRow[];
  /** ` in EUR` where there are others. */
  readonly suffix: string;
  readonly formats: Formats;
}

/**
 * Asks for a panel's numbers. Money of several currencies makes a picture each, since it is never added; nothing to
 * show makes none.
 */
export async function loadPanel(ctx: Context, panel: Panel, span: Span): Promise<LoadedPanel[]> {
  const metric = findMetric(ctx, panel.metric);
  if (panel.kind === "funnel") {
    const funnel = await loadFunnel(ctx, metric, span);
    return funnel ? [funnel] : [];
  }
  const entity = ctx.catalog.entities.get(metric.entity) as CatalogEntity;
  const money = moneyField(metric, entity) !== undefined;
  const dimension = panel.kind === "ranking" ? [panel.dimension] : [];
  const { rows } = await queryMetrics(ctx, {
    measures: [metric.name],
    dimensions: money ? [...dimension, CURRENCY] : dimension,
    ...(panel.kind === "series" ? { grain: panel.grain } : {}),
    ...(metric.time ? span : {}),
  });
  const shares = sharesOf(ctx, metric, rows, money);
  if (panel.kind === "value") return [figure(metric, shares)];
  const by = entity.fields.get(dimension[0] ?? "")?.label.replace(/ id$/, "") ?? "";
  const loaded = shares.map((share) =>
    panel.kind === "series" ? series(share, panel, ctx.locale) : ranking(share, panel, by),
  );
  return loaded.filter((chart) => chart !== null);
}

function sharesOf(
  ctx: Context,
  metric: MetricDefinition,
  rows: readonly MetricRow[],
  money: boolean,
): Share[] {
  if (!money) {
    return [{ metric, rows, suffix: "", formats: formatsOf(metric.unit, ctx.locale, ctx.currency) }];
  }
  const currencies = new Map<string, MetricRow[]>();
  for (const row of rows) {
    // Records without an amount are of no currency, and add nothing.
    const currency = row.dimensions[CURRENCY];
    if (typeof currency === "string") currencies.set(currency, [...(currencies.get(currency) ?? []), row]);
  }
  return [...currencies].map(([currency, own]) => ({
    metric,
    rows: own,
    suffix: currencies.size > 1 ? ` in ${currency}` : "",
    formats: formatsOf(metric.unit, ctx.locale, currency),
  }));
}

function figure(metric: MetricDefinition, shares: readonly Share[]): LoadedPanel {
  const values = shares.flatMap(({ rows, formats }) =>
    rows.map((row) => numberOf(row.values[metric.name])).map((value) => written(value, formats.brief)),
  );
  const value = values.length > 0 ? values.join(" · ") : "–";
  return { kind: "value", title: metric.label, description: metric.description, value };
}

function series(
  { metric, rows, suffix, formats }: Share,
  panel: Extract<Panel, { kind: "series" }>,
  locale: string,
): LoadedPanel | null {
  const values = rows.map((row) => numberOf(row.values[metric.name]));
  const known = values.filter((value) => value !== null);
  if (known.every((value) => value === 0) && metric.kind !== "ratio") return null;
  if (known.length === 0) return null;
  const categories = rows.map((row) => periodLabel(row.period as string, panel.grain, locale));
  const peak = values.indexOf(Math.max(...known));
  const title = `${metric.label} by ${panel.grain}${suffix}`;
  const span = `${metric.label} from ${categories[0]} to ${categories[categories.length - 1]}`;
  return {
    kind: "chart",
    chart: {
      kind: panel.chart,
      title,
      description: `${span}. Highest in ${categories[peak]}: ${formats.brief(values[peak] as number)}.`,
      categories,
      series: [{ name: metric.label, values }],
      format: formats.full,
      short: formats.short,
    },
    columns: [panel.grain.charAt(0).toUpperCase() + panel.grain.slice(1), metric.label],
    rows: categories.map((category, i) => [category, written(values[i] ?? null, formats.full)]),
  };
}

function ranking(
  { metric, rows, suffix, formats }: Share,
  panel: Extract<Panel, { kind: "ranking" }>,
  by: string,
): LoadedPanel | null {
  const entries = rows
    .map((row) => ({
      label: row.labels[panel.dimension] as string,
      value: numberOf(row.values[metric.name]) ?? 0,
    }))
    .filter((entry) => entry.value !== 0)
    .sort((a, b) => b.value - a.value || a.label.localeCompare(b.label));
  const listed = entries.slice(0, panel.limit);
  const [first] = listed;
  if (!first) return null;
  const cut = entries.length > listed.length ? `, top ${listed.length} of ${entries.length}` : "";
  return {
    kind: "chart",
    chart: {
      kind: "ranking",
      title: `${metric.label} by ${by.toLowerCase()}${suffix}${cut}`,
      description: `${first.label} comes first with ${formats.brief(first.value)}.`,
      categories: listed.map((entry) => entry.label),
      series: [{ name: metric.label, values: listed.map((entry) => entry.value) }],
      notes: listed.map((entry) => formats.brief(entry.value)),
      format: formats.full,
      short: formats.short,
    },
    columns: [by, metric.label],
    rows: listed.map((entry) => [entry.label, formats.full(entry.value)]),
  };
}

const written = (value: number | null, format: (value: number) => string): string =>
  value === null ? "–" : format(value);
