/** A value as an adapter stores it. Instants and dates are ISO text, json columns take any JSON value. */
export type Scalar = string | number | bigint | boolean | null;

/** A set of ids: the `select` column of the rows of `table` that satisfy `where`. */
export interface Selection {
  readonly table: string;
  readonly select: string;
  readonly where: Filter;
}

/**
 * A condition over the columns of one table, in the form an adapter compiles.
 *
 * Core has already resolved every name, bound tenant and access, and removed what needs no SQL: an adapter
 * never sees user input in any position but `value`, `values` and `text`.
 *
 * Two-valued on purpose: `ne` and `not` include rows whose column is NULL, on every engine.
 */
export type Filter =
  | { readonly op: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly op: "not"; readonly of: Filter }
  | {
      readonly op: "eq" | "ne" | "lt" | "lte" | "gt" | "gte";
      readonly column: string;
      readonly value: Exclude<Scalar, null>;
    }
  | { readonly op: "in"; readonly column: string; readonly values: readonly Exclude<Scalar, null>[] }
  | {
      readonly op: "match";
      readonly column: string;
      readonly how: "contains" | "starts" | "ends";
      /** Literal text: the adapter escapes wildcards. */
      readonly text: string;
      readonly caseSensitive: boolean;
    }
  | { readonly op: "null"; readonly column: string; readonly is: boolean }
  | {
      /** Some row of `table` has `foreign` equal to this row's `local`, and satisfies `where`. */
      readonly op: "exists";
      readonly table: string;
      readonly local: string;
      readonly foreign: string;
      readonly where: Filter;
    }
  | {
      /**
       * The row's `column` is in the union of `of`. Each selection stands alone, so that an engine may begin with
       * it and reach the rows by their index. NULL is in no selection.
       */
      readonly op: "among";
      readonly column: string;
      readonly of: readonly Selection[];
    }
  | { readonly op: "const"; readonly value: boolean };

export const always: Filter = { op: "const", value: true };
export const never: Filter = { op: "const", value: false };

/** Conjunction that drops what is always true and collapses on what never is. */
export function and(...parts: readonly Filter[]): Filter {
  const of: Filter[] = [];
  for (const part of parts) {
    if (part.op === "const") {
      if (!part.value) return never;
    } else if (part.op === "and") of.push(...part.of);
    else of.push(part);
  }
  return of.length === 0 ? always : of.length === 1 ? (of[0] as Filter) : { op: "and", of };
}

/** Disjunction that drops what is never true and collapses on what always is. */
export function or(...parts: readonly Filter[]): Filter {
  const of: Filter[] = [];
  for (const part of parts) {
    if (part.op === "const") {
      if (part.value) return always;
    } else if (part.op === "or") of.push(...part.of);
    else of.push(part);
  }
  return of.length === 0 ? never : of.length === 1 ? (of[0] as Filter) : { op: "or", of };
}

export function not(part: Filter): Filter {
  if (part.op === "const") return part.value ? never : always;
  return part.op === "not" ? part.of : { op: "not", of: part };
}
