import type { Tokens } from "../context/tokens.js";
import { InvalidCursor, InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { Order, StoredRow } from "../storage/adapter.js";
import type { Scalar } from "../storage/filter.js";
import { nearest } from "../util/words.js";

const MAX_SORT = 8;

export interface SortPlan {
  readonly fields: readonly FieldModel[];
  readonly orderBy: readonly Order[];
  /** Names of the columns of the order: what a cursor is made of. */
  readonly columns: readonly string[];
  /** Identifies the order, so that a cursor cannot be used with another. */
  readonly key: string;
}

/** Reads `["-score", "name"]`; the id is appended, so that the order is total. */
export function parseSort(entity: EntityModel, sort: readonly unknown[] | undefined): SortPlan {
  const names = sort ?? [];
  if (!Array.isArray(names) || names.length > MAX_SORT) {
    throw InvalidQuery({ reason: `"orderBy" takes a list of at most ${MAX_SORT} fields.` });
  }
  const fields: FieldModel[] = [];
  const orderBy: Order[] = [];
  for (const entry of names) {
    if (typeof entry !== "string")
      throw InvalidQuery({ reason: `"orderBy" takes field names, not ${JSON.stringify(entry)}.` });
    const name = entry.startsWith("-") ? entry.slice(1) : entry;
    const field = entity.queryable.get(name);
    if (!field)
      throw UnknownField({
        entity: entity.name,
        field: name,
        nearest: nearest(name, entity.queryable.keys()),
      });
    if (field.encrypted)
      throw InvalidQuery({ reason: `"${entity.name}.${name}" is encrypted, and has no order.` });
    if (field.kind === "json" || field.kind === "text")
      throw InvalidQuery({ reason: `"${entity.name}.${name}" holds ${field.kind}, which has no order.` });
    if (fields.includes(field)) throw InvalidQuery({ reason: `"orderBy" names "${name}" twice.` });
    fields.push(field);
    orderBy.push({ column: field.column, direction: entry.startsWith("-") ? "desc" : "asc" });
  }
  const id = entity.fields.get("id") as FieldModel;
  if (!fields.includes(id)) {
    fields.push(id);
    orderBy.push({ column: id.column, direction: orderBy[0]?.direction ?? "asc" });
  }
  return {
    fields,
    orderBy,
    columns: orderBy.map(({ column }) => column),
    key: `${entity.name} ${orderBy.map((o) => `${o.column} ${o.direction}`).join(",")}`,
  };
}

/** Longest cursor that is looked at: one over eight texts of 500 characters has some 22,000. */
const MAX_CURSOR = 65_536;

/**
 * The place after a row, for the next page. Unreadable, since its values are those of a record, and good for one query
 * of one actor only: see `queryIdentity`.
 */
export function cursorOf(plan: SortPlan, row: StoredRow, tokens: Tokens, identity: string): string {
  const values = plan.orderBy.map((order) => row[order.column] ?? null);
  return tokens.seal("cursor", values, identity);
}

/** @throws invalid-cursor, whatever is wrong with it */
export function readCursor(cursor: unknown, tokens: Tokens, identity: string): readonly Scalar[] {
  const values =
    typeof cursor === "string" && cursor.length <= MAX_CURSOR
      ? tokens.open<Scalar[]>("cursor", cursor, identity)
      : undefined;
  if (!values)
    throw InvalidCursor({
      reason: "This cursor was not made for this query: same caller, conditions, search and order",
    });
  return values;
}
