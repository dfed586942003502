import type { Sample } from "./interleave.js";

/** The middle of some figures, with the quarter of them that is below and above the spread. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

/** How fast one contender was beside another: the ratios of slices of the same round. */
export function ratioOf(one: Sample, other: Sample, by: "perSecond" | "perCpuSecond" = "perSecond"): Spread {
  return spreadOf(one[by].map((figure, round) => figure / (other[by][round] as number)));
}
