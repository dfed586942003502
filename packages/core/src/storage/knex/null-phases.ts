import type { FindSpec } from "../adapter.js";
import type { Filter } from "../filter.js";
import { type Catalog, columnOf } from "./catalog.js";

/**
 * A page that begins among the values of its first column and may end among its NULLs (or the other way
 * round) is two questions: one condition for both would be an OR, for which no engine starts its index where
 * the page starts. Undefined where one question does.
 */
export function nullPhases(spec: FindSpec, catalog: Catalog): readonly [FindSpec, FindSpec] | undefined {
  const { after, orderBy, where } = spec;
  const [first, ...restOrder] = orderBy;
  if (after === undefined || first === undefined || after.length !== orderBy.length) return undefined;
  const column = columnOf(catalog.table(spec.table), first.column);
  const [value, ...restAfter] = after;
  // Ascending, no NULL comes after a value; descending, no value comes after a NULL.
  if (!column.nullable || (value === null) !== (first.direction === "asc")) return undefined;
  if (isNeverNull(where, first.column)) return undefined;
  const isNull = (is: boolean): Filter => ({
    op: "and",
    of: [where, { op: "null", column: first.column, is }],
  });
  const { after: _, ...fromStart } = spec;
  return value === null
    ? [
        { ...spec, where: isNull(true), orderBy: restOrder, after: restAfter },
        { ...fromStart, where: isNull(false) },
      ]
    : [
        { ...spec, where: isNull(false) },
        { ...fromStart, where: isNull(true), orderBy: restOrder },
      ];
}

/** Whether a filter itself says that a column has a value. */
export function isNeverNull(where: Filter, column: string): boolean {
  if (where.op === "and") return where.of.some((part) => isNeverNull(part, column));
  return where.op === "null" && !where.is && where.column === column;
}
