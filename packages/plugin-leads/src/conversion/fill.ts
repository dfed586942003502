import { isDeepStrictEqual } from "node:util";
import type { FieldChanges } from "../entities/lead-conversion.js";
import type { Pair } from "./mapping.js";

/** What becomes of a field of a record that is there and has a value: `fillEmpty` and `keep` leave it. */
export type Strategy = "fillEmpty" | "overwrite" | "keep";
export type Strategies = Readonly<Record<string, Strategy>>;

export interface Conflict {
  readonly field: string;
  /** What the record has. */
  readonly current: unknown;
  /** What the lead says. */
  readonly lead: unknown;
  readonly strategy: Strategy;
}

type Values = Readonly<Record<string, unknown>>;

/** Values of a new record. */
export function valuesOf(lead: Values, pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.flatMap(({ from, to }) => (lead[from] == null ? [] : [[to, lead[from]] as const])),
  );
}

/** What a lead changes in a record that is there, and where the two do not agree. */
export function fill(
  known: Values,
  values: Values,
  strategies: Strategies,
): { readonly changes: FieldChanges; readonly conflicts: Conflict[] } {
  const changes: FieldChanges = {};
  const conflicts: Conflict[] = [];
  for (const [field, value] of Object.entries(values)) {
    const current = known[field] ?? null;
    if (value == null || isDeepStrictEqual(current, value)) continue;
    const strategy = strategies[field] ?? "fillEmpty";
    if (current !== null) conflicts.push({ field, current, lead: value, strategy });
    if (strategy === "overwrite" || (strategy === "fillEmpty" && current === null))
      changes[field] = { before: current, after: value };
  }
  return { changes, conflicts };
}

export const patchOf = (changes: FieldChanges): Record<string, unknown> =>
  Object.fromEntries(Object.entries(changes).map(([field, { after }]) => [field, after]));
