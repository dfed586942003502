import { formatMoney } from "@corm/core";
import { CURRENCY } from "../crm.js";
import type { Imported } from "../import/import-folder.js";
import type { RejectedRows } from "../import/rejected-rows.js";
import type { Figures } from "./figures.js";
import type { Comparison } from "./reference.js";

const count = (value: number): string => value.toLocaleString("en-US");
/** All amounts of a report alike: with cents where one of them has any. */
function moneyFormat({ wonRevenueByAgentQuarter }: Figures): (value: number) => string {
  const whole = Object.values(wonRevenueByAgentQuarter).every(Number.isInteger);
  return (value) => {
    const text = formatMoney({ amount: value.toFixed(2), currency: CURRENCY }, "en-US");
    return whole ? text.replace(/\.00$/, "") : text;
  };
}

/** What was imported. */
export function importText({ products, accounts, agents, pipeline }: Imported, seconds: number): string {
  return (
    `Imported ${count(products)} products, ${count(accounts)} accounts, ${count(agents)} sales agents and ` +
    `${count(pipeline.accepted)} opportunities in ${seconds.toFixed(1)} s.`
  );
}

/** The rows that were refused, or a word that none was. */
export function rejectedText({ first, total }: RejectedRows, file: string | null): string {
  if (total === 0) return "No row was rejected.";
  const lines = first.map(({ file, line, column, reason, kept }) => {
    const place = `${file}:${line}${column === null ? "" : ` ${column}`}`;
    return `  ${place}: ${reason}${kept ? " (kept)" : ""}`;
  });
  const more = total > first.length ? `\n  … and ${count(total - first.length)} more` : "";
  return `Rejected ${count(total)} ${total === 1 ? "row" : "rows"}; all are in ${file}:\n${lines.join("\n")}${more}`;
}

/** Pipeline, revenue by agent and quarter, and win rate. */
export function figuresText(figures: Figures): string {
  const stages = Object.entries(figures.byStage).map(([stage, n]) => [stage, count(n)]);
  const rate = figures.winRate === null ? "nothing decided yet" : `${(figures.winRate * 100).toFixed(1)} %`;
  const money = moneyFormat(figures);
  return [
    table([["Pipeline", "opportunities"], ...stages, ["Total", count(figures.opportunities)]]),
    table(revenueRows(figures, money)),
    table([
      ["Won revenue", money(figures.wonRevenue)],
      ["Win rate", rate],
    ]),
  ].join("\n\n");
}

function revenueRows(figures: Figures, money: (value: number) => string): string[][] {
  const { wonRevenueByQuarter, wonRevenueByAgentQuarter, wonRevenue } = figures;
  const quarters = Object.keys(wonRevenueByQuarter);
  const agents = new Map<string, Map<string, number>>();
  for (const [key, amount] of Object.entries(wonRevenueByAgentQuarter)) {
    const split = key.lastIndexOf("|");
    const agent = key.slice(0, split);
    const amounts = agents.get(agent) ?? new Map<string, number>();
    agents.set(agent, amounts.set(key.slice(split + 1), amount));
  }
  const row = (name: string, amounts: (quarter: string) => number | undefined, total: number) => [
    name,
    ...quarters.map((quarter) => {
      const amount = amounts(quarter);
      return amount === undefined ? "" : money(amount);
    }),
    money(total),
  ];
  const rows = [...agents].map(([agent, amounts]) => {
    const total = [...amounts.values()].reduce((sum, amount) => sum + amount, 0);
    return row(agent, (quarter) => amounts.get(quarter), total);
  });
  return [
    ["Won revenue by agent", ...quarters, "Total"],
    ...rows,
    row("Total", (quarter) => wonRevenueByQuarter[quarter], wonRevenue),
  ];
}

/** Whether the figures are those of the folder's reference. */
export function comparisonText(comparison: Comparison | null): string | null {
  if (!comparison) return null;
  const { compared, differences } = comparison;
  if (differences.length === 0) return `All ${count(compared)} figures match the reference in expected.json.`;
  const shown = differences.slice(0, 20).map((line) => `  ${line}`);
  const more = differences.length > shown.length ? [`  … and ${differences.length - shown.length} more`] : [];
  const head = `${count(differences.length)} of ${count(compared)} figures differ from expected.json:`;
  return [head, ...shown, ...more].join("\n");
}

/** Columns in line: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
        .join("  "),
    )
    .join("\n");
}
