import type { FieldModel } from "../model/field-model.js";
import type { JsonColumn, JsonField } from "../storage/adapter.js";

/** The column of rows that the database has made JSON of. No column of an entity has a name with a colon. */
export const JSON_COLUMN = "corm:json";

/** By list of fields; null where a row has to be looked at. */
const known = new WeakMap<readonly FieldModel[], JsonColumn | null>();

/**
 * What makes JSON text of these fields in the database: undefined where it would not be what `JSON.stringify` makes of the
 * record. Masked and encrypted values are made here, and floats are written differently everywhere.
 */
export function jsonColumnOf(fields: readonly FieldModel[]): JsonColumn | undefined {
  let column = known.get(fields);
  if (column === undefined) {
    column = fields.some(needsRow) ? null : { as: JSON_COLUMN, fields: Object.freeze(fields.map(jsonField)) };
    known.set(fields, column);
  }
  return column ?? undefined;
}

function needsRow({ encrypted, kind, masked }: FieldModel): boolean {
  return encrypted !== null || kind === "number" || masked === true;
}

function jsonField({ name, kind, column, columns }: FieldModel): JsonField {
  return kind === "money"
    ? { name, amount: column, currency: (columns[1] as FieldModel["columns"][number]).name }
    : { name, column };
}
