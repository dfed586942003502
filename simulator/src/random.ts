/** Chance that a seed repeats. */
export interface Chance {
  /** From 0 below `end`. */
  below(end: number): number;
  /** True so often: 0 to 1. */
  is(share: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function chanceOf(seed: number): Chance {
  let state = (seed ^ 0x5deece66) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (end) => Math.floor(next() * end),
    is: (share) => next() < share,
    pick: (list) => list[Math.floor(next() * list.length)] as never,
  };
}
