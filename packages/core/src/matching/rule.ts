import type { Likeness } from "./comparators.js";

/** One comparison of a field, or of several fields as one text. */
export interface Comparison {
  readonly field: string | readonly string[];
  /** `exact` compares values as they are kept; `normalized` what spellings have in common; `fuzzy` how alike they are. */
  readonly by: "exact" | "normalized" | "fuzzy";
  /** Of `fuzzy`: less alike counts as different. 0 to 1, default 0.85. */
  readonly score?: number;
  /** In `weigh`: how much it counts. Default 1. */
  readonly weight?: number;
  /** What the values are; default what the field declares. */
  readonly as?: Likeness;
  /** In `weigh`: what a missing value counts as. Default `ignore`: the other fields decide. */
  readonly blank?: "ignore" | "differ";
}

/**
 * When two records match. `and` needs all of its parts, `or` one; `weigh` the weighted mean of what can be compared; in
 * `probability` the fields count by how much more often they agree in records of one person than by chance.
 */
export type MatchExpression =
  | Comparison
  | { readonly and: readonly MatchExpression[] }
  | { readonly or: readonly MatchExpression[] }
  | { readonly weigh: readonly Comparison[]; readonly threshold: number }
  | { readonly probability: ProbabilityModel; readonly threshold: number };

/** A Fellegi–Sunter model: what it is made of, and by how much each level of agreement counts. */
export interface ProbabilityModel {
  readonly comparisons: readonly LevelledComparison[];
  /** Share of matches among the pairs that blocking proposes. */
  readonly prior: number;
}

export interface LevelledComparison extends Pick<Comparison, "field" | "as"> {
  /** Similarities from which on a level begins, descending: `[1, 0.92, 0.8]` makes four levels. */
  readonly levels: readonly number[];
  /** Probability of each level, the last being "less than all", among matches and among others. */
  readonly m: readonly number[];
  readonly u: readonly number[];
}

/** What records have in common that are compared at all: parts of one key. */
export type Block = readonly BlockPart[];

export interface BlockPart {
  readonly field: string | readonly string[];
  readonly as?: Likeness;
  /** `key` what equal values share; `sound` how a word sounds; `word` each word; `start` the first letters. Default `key`. */
  readonly by?: "key" | "sound" | "word" | "start";
  /** Of `start`: how many. Default 3. */
  readonly letters?: number;
}

export type MatchPolicy = "allow" | "block" | "report";

/** A rule by which duplicates of an entity are found. */
export interface MatchRule {
  readonly name: string;
  readonly entity: string;
  /** `allow` writes and warns, `block` refuses with 409, `report` writes and notes the pair. Default `allow`. */
  readonly policy?: MatchPolicy;
  readonly when: MatchExpression;
  /** Which records are compared; default taken from `when`. */
  readonly blocks?: readonly Block[];
}
