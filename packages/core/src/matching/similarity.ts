/** Letters that are compared: the work grows with the square of them, and what is longer is no name. */
const LONGEST = 500;

/** Jaro–Winkler similarity of two texts, 0 to 1: for short texts such as names, whose beginnings count more. */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1;
  const [m, n] = [Math.min(a.length, LONGEST), Math.min(b.length, LONGEST)];
  if (m === 0 || n === 0) return 0;
  const reach = Math.max(0, Math.floor(Math.max(m, n) / 2) - 1);
  const taken = new Uint8Array(n);
  const matched: number[] = [];
  for (let i = 0; i < m; i++) {
    const end = Math.min(n - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= end; j++) {
      if (taken[j] === 1 || a.charCodeAt(i) !== b.charCodeAt(j)) continue;
      taken[j] = 1;
      matched.push(i);
      break;
    }
  }
  const count = matched.length;
  if (count === 0) return 0;
  let swapped = 0;
  let j = 0;
  for (const i of matched) {
    while (taken[j] === 0) j += 1;
    if (a.charCodeAt(i) !== b.charCodeAt(j)) swapped += 1;
    j += 1;
  }
  const jaro = (count / m + count / n + (count - swapped / 2) / count) / 3;
  let prefix = 0;
  while (prefix < 4 && prefix < m && a.charCodeAt(prefix) === b.charCodeAt(prefix)) prefix += 1;
  return jaro + prefix * 0.1 * (1 - jaro);
}

/**
 * Edits that make one text of another: letters inserted, left out, replaced, or two neighbours swapped (optimal string
 * alignment). Stops at `most`, and answers `most + 1` then.
 */
export function edits(a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  const [m, n] = [a.length, b.length];
  if (Math.abs(m - n) > most) return most + 1;
  let before: number[] = [];
  let last: number[] = Array.from({ length: n + 1 }, (_, j) => j);
  for (let i = 1; i <= m; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= n; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped =
        i > 1 &&
        j > 1 &&
        a.charCodeAt(i - 1) === b.charCodeAt(j - 2) &&
        a.charCodeAt(i - 2) === b.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
      if (cost < least) least = cost;
    }
    if (least > most) return most + 1;
    before = last;
    last = row;
  }
  return Math.min(last[n] as number, most + 1);
}

/** 1 less the share of letters that must be edited. */
export function editSimilarity(left: string, right: string): number {
  const [a, b] = [left.slice(0, LONGEST), right.slice(0, LONGEST)];
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? 1 : 1 - edits(a, b) / longest;
}

/** Longer words than this are not compared further: nobody's name has them. */
const MAX_WORDS = 12;

export interface PairingOptions {
  /** What a word without partner counts, 0 to 1: 0 forgives it, 1 takes it for a whole mismatch. Default 0.4. */
  readonly leftover?: number;
  /** How much a word counts beside its length. */
  readonly tells?: (word: string) => number;
}

/** How well the words of two texts pair off, in whatever order: each word of the shorter text with its best partner. */
export function pairedWords(
  a: readonly string[],
  b: readonly string[],
  alike: (x: string, y: string) => number,
  { leftover = 0.4, tells = () => 1 }: PairingOptions = {},
): number {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  if (few.length === 0) return 0;
  const free = many.slice(0, MAX_WORDS);
  let [sum, weight] = [0, 0];
  for (const word of few.slice(0, MAX_WORDS)) {
    let [best, at] = [0, -1];
    for (let i = 0; i < free.length; i++) {
      const score = alike(word, free[i] as string);
      if (score > best) [best, at] = [score, i];
    }
    const [partner = ""] = at < 0 ? [] : free.splice(at, 1);
    const size = Math.max(word.length * tells(word), partner.length * tells(partner));
    sum += best * size;
    weight += size;
  }
  for (const word of free) weight += leftover * word.length * tells(word);
  return sum / weight;
}
