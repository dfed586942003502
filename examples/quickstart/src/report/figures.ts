import type { Money } from "@corm/core";
import type { SalesReport } from "@corm/plugin-sales";
import type { Imported } from "../import/import-folder.js";

/** The report as `--json` prints it. Money is a number in the file's currency. */
export interface Figures {
  /** Opportunities in the CRM after the run. */
  readonly opportunities: number;
  /** Rows of the pipeline file that the run took, and that it refused. */
  readonly imported: number;
  readonly rejected: number;
  readonly byStage: Readonly<Record<string, number>>;
  readonly wonRevenue: number;
  /** won / (won + lost); null where nothing was decided. */
  readonly winRate: number | null;
  readonly wonRevenueByQuarter: Readonly<Record<string, number>>;
  readonly wonRevenueByAgentQuarter: Readonly<Record<string, number>>;
}

export function figuresOf(report: SalesReport, { pipeline }: Imported): Figures {
  return {
    opportunities: report.opportunities,
    imported: pipeline.accepted,
    rejected: pipeline.rejected,
    byStage: report.byStage,
    wonRevenue: numberOf(report.wonRevenue),
    winRate: report.winRate,
    wonRevenueByQuarter: numbersOf(report.wonRevenueByQuarter),
    wonRevenueByAgentQuarter: numbersOf(report.wonRevenueByAgentQuarter),
  };
}

function numberOf({ amount }: Money): number {
  return Number(amount);
}

function numbersOf(amounts: Readonly<Record<string, Money>>): Record<string, number> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, numberOf(amount)]));
}
