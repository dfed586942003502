import type { Sample } from "./interleave.js";
import { ratioOf, type Spread, spreadOf } from "./statistics.js";

/** One scenario's result. */
export interface Figure {
  /** `SQLite`, `PostgreSQL`, `Hooks`, ... */
  readonly group: string;
  readonly scenario: string;
  readonly unit: string;
  /** Per second, by contender. */
  readonly perSecond: Readonly<Record<string, Spread>>;
  /** Corm's speed as a share of the other's. */
  readonly toRaw: Spread | null;
  readonly toKnex: Spread | null;
  /** By processor time: the better figure where other programs load the machine. */
  readonly toRawByCpu: Spread | null;
}

export interface Measured {
  readonly name: string;
  /** What one operation counts as, where it is not one: rows of a bulk. */
  readonly unit?: { readonly name: string; readonly count: number };
}

export function figureOf(group: string, scenario: Measured, samples: readonly Sample[]): Figure {
  const { name: unit, count } = scenario.unit ?? { name: "ops/s", count: 1 };
  const find = (name: string) => samples.find((sample) => sample.name === name);
  const [corm, raw, knex] = [find("corm"), find("raw"), find("knex")];
  const perSecond: Record<string, Spread> = {};
  for (const sample of samples) {
    perSecond[sample.name] = spreadOf(sample.perSecond.map((figure) => figure * count));
  }
  return {
    group,
    scenario: scenario.name,
    unit,
    perSecond,
    toRaw: corm && raw ? ratioOf(corm, raw) : null,
    toKnex: corm && knex ? ratioOf(corm, knex) : null,
    toRawByCpu: corm && raw && raw.perCpuSecond.length > 0 ? ratioOf(corm, raw, "perCpuSecond") : null,
  };
}

/** Speeds of one group as a Markdown table: medians, the ratios with their quartiles. */
export function speedTable(group: string, figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.scenario,
    speed(figure.perSecond["raw"]),
    speed(figure.perSecond["knex"]),
    speed(figure.perSecond["corm"]),
    figure.unit,
    ratio(figure.toRaw),
    ratio(figure.toKnex),
    ratio(figure.toRawByCpu),
  ]);
  return table(
    [group, "raw", "Knex", "Corm", "unit", "Corm / raw", "Corm / Knex", "Corm / raw by CPU"],
    rows,
  );
}

/** Times of one call instead of speeds. */
export function timeTable(
  group: string,
  figures: readonly Figure[],
  unit: { readonly name: string; readonly perSecond: number },
): string {
  const time = (spread: Spread | undefined) =>
    spread ? `${number(unit.perSecond / spread.median)} ${unit.name}` : "";
  const rows = figures.map((figure) => [
    figure.scenario,
    time(figure.perSecond["raw"]),
    time(figure.perSecond["knex"]),
    time(figure.perSecond["corm"]),
    times(figure.toRaw),
    times(figure.toRawByCpu),
  ]);
  return table([group, "raw", "Knex", "Corm", "Corm / raw", "by CPU"], rows);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = columns.map((_, at) => at === 0 || rows.some((row) => row[at] !== ""));
  const visible = [columns, ...rows].map((row) => row.filter((_, at) => used[at]));
  const widths = (visible[0] as string[]).map((_, at) =>
    Math.max(...visible.map((row) => row[at]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] as number)).join(" | ")} |`;
  const [title, ...body] = visible as string[][];
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(title as string[]), rule, ...body.map(line)].join("\n");
}

function number(value: number): string {
  const maximumFractionDigits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString("en", { maximumFractionDigits });
}

const speed = (spread: Spread | undefined): string => (spread ? number(spread.median) : "");

function ratio(spread: Spread | null): string {
  if (!spread) return "";
  const text = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  return `**${text(spread.median)}** (${text(spread.low)} to ${text(spread.high)})`;
}

/** The ratio of times: above 1 where Corm takes longer. */
function times(spread: Spread | null): string {
  if (!spread) return "";
  return ratio({ median: 1 / spread.median, low: 1 / spread.high, high: 1 / spread.low });
}
