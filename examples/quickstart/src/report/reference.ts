import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../user-error.js";
import type { Figures } from "./figures.js";

/** Ratios in the reference are rounded to six decimals. */
const RATIO_TOLERANCE = 1e-6;

type Amounts = Readonly<Record<string, number>>;

/** The part of a folder's `expected.json` that the report answers; other entries are left alone. */
interface Reference {
  readonly rows?: number;
  readonly by_stage?: Amounts;
  readonly won_revenue?: number;
  readonly win_rate?: number;
  readonly won_revenue_by_close_quarter?: Amounts;
  readonly won_revenue_by_agent_quarter?: Amounts;
}

export interface Comparison {
  /** Figures that the reference has. */
  readonly compared: number;
  readonly differences: readonly string[];
}

/** Compares the report with the folder's `expected.json`; null where the folder has none. */
export async function compareWithReference(folder: string, figures: Figures): Promise<Comparison | null> {
  const text = await readFile(join(folder, "expected.json"), "utf8").catch((error) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  let reference: Reference;
  try {
    reference = JSON.parse(text);
  } catch (error) {
    throw new UserError(`expected.json of the data folder is no JSON: ${(error as Error).message}`);
  }
  const differences: string[] = [];
  let compared = 0;
  const check = (name: string, expected: number | undefined, actual: number | null, tolerance = 0) => {
    if (expected === undefined) return;
    compared += 1;
    if (actual !== null && Math.abs(actual - expected) <= tolerance) return;
    differences.push(`${name}: ${actual ?? "nothing"} here, ${expected} in the reference`);
  };
  const checkAll = (name: string, expected: Amounts | undefined, actual: Amounts) => {
    if (expected === undefined) return;
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      check(`${name} ${key}`, expected[key] ?? 0, actual[key] ?? 0);
    }
  };
  check("rows of the pipeline", reference.rows, figures.imported + figures.rejected);
  check("won revenue", reference.won_revenue, figures.wonRevenue);
  check("win rate", reference.win_rate, figures.winRate, RATIO_TOLERANCE);
  checkAll("stage", reference.by_stage, figures.byStage);
  checkAll("won revenue", reference.won_revenue_by_close_quarter, figures.wonRevenueByQuarter);
  checkAll("won revenue", reference.won_revenue_by_agent_quarter, figures.wonRevenueByAgentQuarter);
  return { compared, differences };
}
