import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { comparatorOf, type Likeness } from "./comparators.js";
import type { Comparison, LevelledComparison, MatchExpression, ProbabilityModel } from "./rule.js";

/** What the fields of an entity hold. */
export type Kinds = (field: string) => Likeness;

/** What a field declares its values to be. */
export function likenessOf(field: Pick<FieldModel, "kind" | "standard"> | undefined): Likeness {
  if (field?.standard) return field.standard.as;
  switch (field?.kind) {
    case "date":
      return "date";
    case "integer":
    case "number":
    case "boolean":
    case "enum":
    case "reference":
    case "instant":
    case "money":
      return "number";
    default:
      return "text";
  }
}

/** A record with its values as they are compared, each worked out once. */
export interface Compared {
  readonly values: RecordValues;
  readonly country?: string | undefined;
  readonly texts: Map<string, string>;
  readonly keys: Map<string, string>;
  /** Of a field that holds several values: each by itself. */
  readonly parts: Map<string, readonly Compared[]>;
}

export const compared = (values: RecordValues, country?: string): Compared => ({
  values,
  country,
  texts: new Map(),
  keys: new Map(),
  parts: new Map(),
});

export const fieldsOf = ({ field }: Pick<Comparison, "field">): readonly string[] =>
  typeof field === "string" ? [field] : field;

const nameOf = (field: string | readonly string[]): string =>
  typeof field === "string" ? field : field.join("+");

/** A record that has several values in a field as one for each of them; undefined where it has one value, or none. */
export function partsOf(
  record: Compared,
  field: string | readonly string[],
): readonly Compared[] | undefined {
  if (typeof field !== "string") return undefined;
  const value = record.values[field];
  if (!Array.isArray(value)) return undefined;
  let parts = record.parts.get(field);
  if (!parts) {
    parts = value.map((one) => compared({ [field]: one }, record.country));
    record.parts.set(field, parts);
  }
  return parts;
}

/** The best of all pairs of values; undefined where a record has none. */
function bestOf(
  a: Compared,
  b: Compared,
  field: string | readonly string[],
  of: (x: Compared, y: Compared) => number | undefined,
): number | undefined {
  const [left, right] = [partsOf(a, field), partsOf(b, field)];
  if (!left && !right) return of(a, b);
  let best: number | undefined;
  for (const x of left ?? [a])
    for (const y of right ?? [b]) {
      const score = of(x, y);
      if (score !== undefined && score > (best ?? -1)) best = score;
      if (best === 1) return best;
    }
  return best;
}

/** The value of a field or of several as one text; empty for none. */
export function textOf(record: Compared, field: string | readonly string[]): string {
  const name = nameOf(field);
  let text = record.texts.get(name);
  if (text === undefined) {
    text = fieldsOf({ field })
      .map((one) => record.values[one])
      .filter((value) => value !== null && value !== undefined && value !== "")
      .map((value) => (typeof value === "object" ? JSON.stringify(value) : String(value)))
      .join(" ");
    record.texts.set(name, text);
  }
  return text;
}

/** What equal values have in common; empty for none. */
export function keyOf(record: Compared, field: string | readonly string[], as: Likeness): string {
  const name = `${as}:${nameOf(field)}`;
  let key = record.keys.get(name);
  if (key === undefined) {
    const text = textOf(record, field);
    key = text === "" ? "" : comparatorOf(as).key(text, record.country);
    record.keys.set(name, key);
  }
  return key;
}

export const kindOfComparison = (comparison: Pick<Comparison, "field" | "as">, kinds: Kinds): Likeness =>
  comparison.as ?? kinds(fieldsOf(comparison)[0] as string);

/** How alike two records are in one comparison, 0 to 1; undefined where one of them has no value. */
export function similarity(
  a: Compared,
  b: Compared,
  comparison: Pick<Comparison, "field" | "as">,
  kinds: Kinds,
): number | undefined {
  const as = kindOfComparison(comparison, kinds);
  const { field } = comparison;
  return bestOf(a, b, field, (one, other) => {
    const [x, y] = [textOf(one, field), textOf(other, field)];
    if (x === "" || y === "") return undefined;
    if (x === y) return 1;
    const [left, right] = [keyOf(one, field, as), keyOf(other, field, as)];
    return left !== "" && left === right ? 1 : comparatorOf(as).alike(x, y);
  });
}

/** The score of a comparison by itself: 0 where it does not hold; undefined where a value is missing. */
function leaf(a: Compared, b: Compared, comparison: Comparison, kinds: Kinds): number | undefined {
  if (comparison.by === "fuzzy") {
    const alike = similarity(a, b, comparison, kinds);
    return alike === undefined ? undefined : alike >= (comparison.score ?? 0.85) ? alike : 0;
  }
  const { field, by } = comparison;
  const as = kindOfComparison(comparison, kinds);
  return bestOf(a, b, field, (one, other) => {
    const [x, y] = [textOf(one, field), textOf(other, field)];
    if (x === "" || y === "") return undefined;
    if (by === "exact") return x === y ? 1 : 0;
    const key = keyOf(one, field, as);
    return key !== "" && key === keyOf(other, field, as) ? 1 : 0;
  });
}

/** How well two records match, 0 (not) to 1. */
export function scoreOf(a: Compared, b: Compared, when: MatchExpression, kinds: Kinds): number {
  if ("and" in when) {
    let [sum, least] = [0, 1];
    for (const part of when.and) {
      const score = scoreOf(a, b, part, kinds);
      if (score === 0) return 0;
      sum += score;
      least = Math.min(least, score);
    }
    return when.and.length === 0 ? 0 : sum / when.and.length;
  }
  if ("or" in when) {
    let best = 0;
    for (const part of when.or) {
      best = Math.max(best, scoreOf(a, b, part, kinds));
      if (best === 1) break;
    }
    return best;
  }
  if ("weigh" in when) {
    let [sum, weight] = [0, 0];
    for (const part of when.weigh) {
      const own = part.weight ?? 1;
      const score = leaf(a, b, part, kinds);
      if (score === undefined && part.blank !== "differ") continue;
      sum += own * (score ?? 0);
      weight += own;
    }
    const score = weight === 0 ? 0 : sum / weight;
    return score >= when.threshold ? score : 0;
  }
  if ("probability" in when) {
    const score = probabilityOf(levelsOf(a, b, when.probability.comparisons, kinds), when.probability);
    return score >= when.threshold ? score : 0;
  }
  return leaf(a, b, when, kinds) ?? 0;
}

/** The level of agreement in each comparison; -1 where a value is missing. */
export function levelsOf(
  a: Compared,
  b: Compared,
  comparisons: readonly Pick<LevelledComparison, "field" | "as" | "levels">[],
  kinds: Kinds,
): number[] {
  return comparisons.map((comparison) => {
    const alike = similarity(a, b, comparison, kinds);
    if (alike === undefined) return -1;
    const at = comparison.levels.findIndex((least) => alike >= least);
    return at < 0 ? comparison.levels.length : at;
  });
}

/** The probability that a pair with these levels is a match (Fellegi and Sunter 1969). */
export function probabilityOf(levels: readonly number[], { comparisons, prior }: ProbabilityModel): number {
  let odds = Math.log(prior / (1 - prior));
  levels.forEach((level, i) => {
    const { m, u } = comparisons[i] as LevelledComparison;
    if (level >= 0) odds += Math.log((m[level] as number) / (u[level] as number));
  });
  return 1 / (1 + Math.exp(-odds));
}
