import type { Order, StoredRow } from "../../../src/storage/adapter.js";
import type { Filter, Scalar } from "../../../src/storage/filter.js";

export type Tables = Readonly<Record<string, readonly StoredRow[]>>;

/** What a filter means, in the plainest words: two-valued, NULL satisfies only `null`, `ne` and negations. */
export function satisfies(row: StoredRow, filter: Filter, tables: Tables): boolean {
  switch (filter.op) {
    case "and":
      return filter.of.every((part) => satisfies(row, part, tables));
    case "or":
      return filter.of.some((part) => satisfies(row, part, tables));
    case "not":
      return !satisfies(row, filter.of, tables);
    case "const":
      return filter.value;
    case "null":
      return (row[filter.column] === null) === filter.is;
    case "exists":
      return (tables[filter.table] ?? []).some(
        (other) =>
          row[filter.local] !== null &&
          other[filter.foreign] === row[filter.local] &&
          satisfies(other, filter.where, tables),
      );
    case "among":
      return (
        row[filter.column] !== null &&
        filter.of.some(({ table, select, where }) =>
          (tables[table] ?? []).some(
            (other) => other[select] === row[filter.column] && satisfies(other, where, tables),
          ),
        )
      );
    case "in":
      return filter.values.includes(row[filter.column] as Exclude<Scalar, null>);
    case "match":
      return matches(row[filter.column], filter);
    case "ne":
      return row[filter.column] !== filter.value;
    default: {
      const value = row[filter.column] as Scalar;
      if (value === null) return false;
      const order = compare(value, filter.value);
      return { eq: order === 0, lt: order < 0, lte: order <= 0, gt: order > 0, gte: order >= 0 }[filter.op];
    }
  }
}

function matches(value: unknown, filter: Extract<Filter, { op: "match" }>): boolean {
  if (typeof value !== "string") return false;
  const form = (text: string): string =>
    filter.caseSensitive ? text : text.toLowerCase().replaceAll("ς", "σ");
  const [text, wanted] = [form(value), form(filter.text)];
  if (filter.how === "contains") return text.includes(wanted);
  return filter.how === "starts" ? text.startsWith(wanted) : text.endsWith(wanted);
}

/** NULL is the least value; text goes by code point, which UTF-16 is not the order of. */
export function compare(one: Scalar, other: Scalar): number {
  if (one === other) return 0;
  if (one === null) return -1;
  if (other === null) return 1;
  if (typeof one === "string" && typeof other === "string") return byCodePoint(one, other);
  return Number(one) - Number(other);
}

function byCodePoint(one: string, other: string): number {
  const [left, right] = [Array.from(one), Array.from(other)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function inOrder(rows: readonly StoredRow[], orderBy: readonly Order[]): StoredRow[] {
  return rows.toSorted((one, other) => {
    for (const { column, direction } of orderBy) {
      const difference = compare(one[column] as Scalar, other[column] as Scalar);
      if (difference !== 0) return direction === "asc" ? difference : -difference;
    }
    return 0;
  });
}
