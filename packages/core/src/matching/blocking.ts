import { comparatorOf } from "./comparators.js";
import { type Compared, fieldsOf, type Kinds, keyOf, kindOfComparison, partsOf, textOf } from "./evaluate.js";
import { fullNames } from "./nicknames.js";
import type { Block, BlockPart, Comparison, MatchExpression, MatchRule } from "./rule.js";
import { latinWords, sounds } from "./sound.js";

/** Keys of one record in one block: several where a part has several values. */
const MAX_KEYS = 8;
/** The same where a part holds several values, such as all addresses of somebody. */
const MAX_PARTS = 20;

/** What a block's keys begin with, so that blocks of different rules over the same fields share them. */
export const blockName = (block: Block): string =>
  block
    .map(
      ({ field, as, by = "key", letters }) =>
        `${fieldsOf({ field }).join("+")}~${as ?? ""}~${by}${letters ?? ""}`,
    )
    .join("&");

/** The keys of a record in a block: records with none in common are not compared. None where a part has no value. */
export function blockKeys(record: Compared, block: Block, kinds: Kinds): string[] {
  let keys = [""];
  const most = block.some(({ field }) => partsOf(record, field)) ? MAX_PARTS : MAX_KEYS;
  for (const part of block) {
    const values = partValues(record, part, kinds);
    if (values.length === 0) return [];
    keys = keys.flatMap((key) => values.map((value) => `${key}|${value}`)).slice(0, most);
  }
  return [...new Set(keys)];
}

function partValues(record: Compared, part: BlockPart, kinds: Kinds): readonly string[] {
  const parts = partsOf(record, part.field);
  if (parts) return [...new Set(parts.flatMap((one) => partValues(one, part, kinds)))];
  const text = textOf(record, part.field);
  if (text === "") return [];
  const as = kindOfComparison(part, kinds);
  switch (part.by ?? "key") {
    case "key": {
      const key = keyOf(record, part.field, as);
      return key === "" ? [] : [key];
    }
    case "start": {
      const key = keyOf(record, part.field, as).replaceAll(" ", "");
      return key === "" ? [] : [key.slice(0, part.letters ?? 3)];
    }
    case "word":
      return [
        ...new Set(
          comparatorOf(as)
            .key(text, record.country)
            .split(" ")
            .filter((word) => word.length > 1),
        ),
      ].slice(0, MAX_KEYS);
    case "sound":
      return [...new Set(latinWords(text).flatMap((word) => fullNames(word).flatMap(sounds)))].slice(
        0,
        MAX_KEYS,
      );
  }
}

const isComparison = (when: MatchExpression): when is Comparison => "field" in when;

/** By what a comparison alone blocks: values that it takes for the same have a key in common, mostly. */
function partOf(
  comparison: Pick<Comparison, "field" | "as"> & { readonly by?: Comparison["by"] },
  kinds: Kinds,
): BlockPart {
  const { field, as } = comparison;
  const own = as === undefined ? { field } : { field, as };
  if (comparison.by === "exact" || comparison.by === "normalized") return own;
  switch (kindOfComparison(comparison, kinds)) {
    case "personName":
      return { ...own, by: "sound" };
    case "company":
    case "address":
    case "text":
      return { ...own, by: "word" };
    default:
      return own;
  }
}

/** Comparisons that a `weigh` or `probability` is blocked by: the first ones, two at a time. */
const MAX_PAIRED = 5;

/** Blocks that find nearly all pairs which satisfy an expression. */
export function blocksOf(when: MatchExpression, kinds: Kinds): readonly Block[] {
  if (isComparison(when)) return [[partOf(when, kinds)]];
  if ("or" in when) return unique(when.or.flatMap((part) => blocksOf(part, kinds)));
  if ("and" in when) {
    const certain = when.and.filter((part): part is Comparison => isComparison(part) && part.by !== "fuzzy");
    // What must be equal blocks without losing a pair.
    if (certain.length > 0) return [certain.map((part) => partOf(part, kinds))];
    const [first, ...rest] = when.and.map((part) => blocksOf(part, kinds));
    return rest.reduce<readonly Block[]>(
      (blocks, more) =>
        unique(blocks.flatMap((block) => more.map((other) => [...block, ...other]))).slice(0, MAX_KEYS),
      first ?? [],
    );
  }
  const comparisons =
    "weigh" in when
      ? [...when.weigh].sort((a, b) => (b.weight ?? 1) - (a.weight ?? 1))
      : when.probability.comparisons;
  const parts = comparisons.slice(0, MAX_PAIRED).map((part) => partOf(part, kinds));
  if (parts.length === 1) return [parts];
  return parts.flatMap((part, i) => parts.slice(i + 1).map((other): Block => [part, other]));
}

export const blocksOfRule = (
  { when, blocks }: Pick<MatchRule, "when" | "blocks">,
  kinds: Kinds,
): readonly Block[] => (blocks && blocks.length > 0 ? blocks : blocksOf(when, kinds));

function unique(blocks: readonly Block[]): readonly Block[] {
  return [...new Map(blocks.map((block) => [blockName(block), block])).values()];
}

/**
 * Alternatives of an expression that hold if and only if fields are equal: where a rule blocks, no two records may have the
 * same key of one of them.
 */
export function equalKeys(when: MatchExpression, kinds: Kinds): readonly Block[] {
  if (isComparison(when)) return when.by === "fuzzy" ? [] : [[partOf(when, kinds)]];
  if ("or" in when) return unique(when.or.flatMap((part) => equalKeys(part, kinds)));
  if (
    "and" in when &&
    when.and.length > 0 &&
    when.and.every((part) => isComparison(part) && part.by !== "fuzzy")
  )
    return [(when.and as readonly Comparison[]).map((part) => partOf(part, kinds))];
  return [];
}

/** Whether an expression holds only where one of its `equalKeys` is the same. */
export function isEquality(when: MatchExpression): boolean {
  if (isComparison(when)) return when.by !== "fuzzy";
  if ("or" in when) return when.or.every(isEquality);
  return (
    "and" in when &&
    when.and.length > 0 &&
    when.and.every((part) => isComparison(part) && part.by !== "fuzzy")
  );
}
