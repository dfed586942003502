import { type Compared, type Kinds, levelsOf, probabilityOf } from "./evaluate.js";
import type { LevelledComparison, ProbabilityModel } from "./rule.js";

/** What a model is estimated for. */
export type SimilarityLevels = Pick<LevelledComparison, "field" | "as" | "levels">;

export interface EstimateOptions {
  readonly kinds: Kinds;
  /** Share of matches to begin with among the pairs of blocking. Default 0.3. */
  readonly prior?: number;
  /** Default 200; it stops before where nothing changes any more. */
  readonly rounds?: number;
}

const FLOOR = 1e-4;

/**
 * Estimates a Fellegi–Sunter model without knowing which pairs match: how often levels agree by chance from random pairs,
 * and among matches by expectation maximisation over the pairs that blocking proposes.
 *
 * @param random pairs taken by lot, few of which match
 * @param proposed pairs with a key in common
 */
export function estimateModel(
  comparisons: readonly SimilarityLevels[],
  random: Iterable<readonly [Compared, Compared]>,
  proposed: Iterable<readonly [Compared, Compared]>,
  { kinds, prior: first = 0.3, rounds = 200 }: EstimateOptions,
): ProbabilityModel {
  const chance = patterns(comparisons, random, kinds);
  const pairs = patterns(comparisons, proposed, kinds);
  let u = frequencies(
    comparisons,
    chance.map(({ levels, count }) => ({ levels, weight: count })),
  );
  // Matches agree mostly: 0.9 in the first level, the rest shared.
  let m = comparisons.map(({ levels }) =>
    levels.concat(0).map((_, i) => (i === 0 ? 0.9 : 0.1 / levels.length)),
  );
  let prior = first;
  const total = pairs.reduce((sum, { count }) => sum + count, 0);
  for (let round = 0; round < rounds && total > 0; round++) {
    const model: ProbabilityModel = {
      comparisons: comparisons.map((c, i) => ({ ...c, m: m[i] as number[], u: u[i] as number[] })),
      prior,
    };
    const weighted = pairs.map(({ levels, count }) => ({
      levels,
      weight: count * probabilityOf(levels, model),
    }));
    const matches = weighted.reduce((sum, { weight }) => sum + weight, 0);
    const next = Math.min(0.999, Math.max(1e-6, matches / total));
    m = frequencies(comparisons, weighted);
    // What shares a key agrees more often by chance than what is taken by lot.
    u = frequencies(
      comparisons,
      weighted.map(({ levels, weight }, i) => ({ levels, weight: (pairs[i] as Pattern).count - weight })),
    );
    const moved = Math.abs(next - prior);
    prior = next;
    if (moved < 1e-9) break;
  }
  return {
    comparisons: comparisons.map((c, i) => ({ ...c, m: m[i] as number[], u: u[i] as number[] })),
    prior,
  };
}

interface Pattern {
  readonly levels: readonly number[];
  count: number;
}

/** Pairs by what they agree in: there are few patterns, however many pairs. */
function patterns(
  comparisons: readonly SimilarityLevels[],
  pairs: Iterable<readonly [Compared, Compared]>,
  kinds: Kinds,
): Pattern[] {
  const found = new Map<string, Pattern>();
  for (const [a, b] of pairs) {
    const levels = levelsOf(a, b, comparisons, kinds);
    const key = levels.join();
    const known = found.get(key);
    if (known) known.count += 1;
    else found.set(key, { levels, count: 1 });
  }
  return [...found.values()];
}

/** How often each level occurs, smoothed so that none is impossible. */
function frequencies(
  comparisons: readonly SimilarityLevels[],
  weighted: readonly { readonly levels: readonly number[]; readonly weight: number }[],
): number[][] {
  return comparisons.map(({ levels }, i) => {
    const sums = levels.concat(0).map(() => FLOOR);
    for (const { levels: found, weight } of weighted) {
      const level = found[i] as number;
      if (level >= 0) (sums[level] as number) += weight;
    }
    const total = sums.reduce((sum, value) => sum + value, 0);
    return sums.map((value) => Math.max(FLOOR, value / total));
  });
}
