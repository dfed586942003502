import type { FieldCipher } from "../encryption/field-cipher.js";
import type { StoredRow } from "../storage/adapter.js";
import { fromMinor, type Money, toMinor } from "../util/money.js";
import { searchText } from "../util/normalize-text.js";
import type { EntityModel } from "./entity-model.js";
import type { FieldModel } from "./field-model.js";
import { masked } from "./mask.js";
import { LIVE_COLUMN, SEARCH_COLUMN } from "./system-fields.js";

/** A record by field name. */
export type RecordValues = Record<string, unknown>;

/** Columns that hold the given fields. */
export function columnsOf(fields: Iterable<FieldModel>): string[] {
  const columns: string[] = [];
  for (const field of fields) for (const column of field.columns) columns.push(column.name);
  return columns;
}

/**
 * Writes one field's value into the columns of a row or patch. Absent and null are the same here. Encrypted fields
 * need the cipher of the tenant and the id of the record.
 */
export function writeField(
  row: StoredRow,
  field: FieldModel,
  value: unknown,
  cipher?: FieldCipher,
  id?: unknown,
): void {
  if (field.encrypted !== null) {
    writeSealed(row, field, value ?? null, cipher, id as string);
    return;
  }
  if (field.kind !== "money") {
    row[field.column] = value ?? null;
    return;
  }
  const currencyColumn = (field.columns[1] as { name: string }).name;
  const amount = value as Money | null | undefined;
  row[field.column] = amount ? Number(toMinor(amount)) : null;
  row[currencyColumn] = amount ? amount.currency : null;
}

function writeSealed(
  row: StoredRow,
  field: FieldModel,
  value: unknown,
  cipher: FieldCipher | undefined,
  id: string,
): void {
  const { place } = field.encrypted as NonNullable<FieldModel["encrypted"]>;
  if (value !== null && !cipher) throw new Error(`no cipher was given for ${place.entity}.${place.field}`);
  row[field.column] = value === null ? null : (cipher as FieldCipher).seal(place, id, value);
  if (field.keyColumn !== field.column)
    row[field.keyColumn] = value === null ? null : indexValue(field, value, cipher as FieldCipher);
}

/** The blind index of a value of a searchable encrypted field. */
export function indexValue(field: FieldModel, value: unknown, cipher: FieldCipher): string {
  const { place, index } = field.encrypted as NonNullable<FieldModel["encrypted"]>;
  return cipher.blindIndex(place, value, index ?? "exact");
}

function readSealed(row: StoredRow, field: FieldModel, cipher: FieldCipher | undefined): unknown {
  const text = row[field.column] ?? null;
  if (text === null) return null;
  const { place } = field.encrypted as NonNullable<FieldModel["encrypted"]>;
  // Not even by mistake is the stored form taken for the value.
  if (!cipher) throw new Error(`no cipher was given for ${place.entity}.${place.field}`);
  return cipher.open(place, row["id"] as string, text as string);
}

function readMoney(row: StoredRow, field: FieldModel): Money | null {
  const value = row[field.column] ?? null;
  if (value === null) return null;
  const currencyColumn = (field.columns[1] as { name: string }).name;
  return fromMinor(BigInt(value as number), row[currencyColumn] as string);
}

/** A whole row for an insert. */
export function encodeRecord(entity: EntityModel, values: RecordValues, cipher?: FieldCipher): StoredRow {
  const row: StoredRow = {};
  for (const field of entity.fields.values())
    writeField(row, field, values[field.name], cipher, values["id"]);
  row[LIVE_COLUMN] = values["deletedAt"] ? null : 1;
  if (entity.searchable.length > 0) row[SEARCH_COLUMN] = searchColumn(entity, values);
  return row;
}

/** The columns of what is stored as it is: enough to judge to whom a record belongs. */
export function plainColumns(entity: EntityModel, values: RecordValues): StoredRow {
  const row: StoredRow = {};
  for (const field of entity.fieldList)
    if (field.encrypted === null) writeField(row, field, values[field.name]);
  return row;
}

/** The columns that a patch changes. `merged` is the record as it will be. */
export function encodePatch(
  entity: EntityModel,
  patch: RecordValues,
  merged: RecordValues,
  cipher?: FieldCipher,
): StoredRow {
  const row: StoredRow = {};
  for (const name of Object.keys(patch))
    writeField(row, entity.fields.get(name) as FieldModel, patch[name], cipher, merged["id"]);
  if ("deletedAt" in patch) row[LIVE_COLUMN] = patch["deletedAt"] ? null : 1;
  if (entity.searchable.some((field) => field.name in patch))
    row[SEARCH_COLUMN] = searchColumn(entity, merged);
  return row;
}

/** A record by field name, of the given fields. Encrypted ones need the cipher, and the id in the row. */
export function decodeRecord(
  fields: readonly FieldModel[],
  row: StoredRow,
  cipher?: FieldCipher,
): RecordValues {
  const record: RecordValues = {};
  for (const field of fields) {
    const value =
      field.encrypted !== null
        ? readSealed(row, field, cipher)
        : field.kind === "money"
          ? readMoney(row, field)
          : (row[field.column] ?? null);
    record[field.name] = field.masked ? masked(field, value) : value;
  }
  return record;
}

/** The part of a whole record that a view shows. */
export function project(view: EntityModel, whole: RecordValues): RecordValues {
  const record: RecordValues = {};
  for (const field of view.fieldList)
    record[field.name] = field.masked ? masked(field, whole[field.name]) : whole[field.name];
  return record;
}

/** The normalised text of the searchable fields. */
export function searchColumn(entity: EntityModel, values: RecordValues): string | null {
  const words = entity.searchable
    .map((field) => values[field.name])
    .filter((value) => typeof value === "string");
  return words.length === 0 ? null : searchText(words.join(" "));
}

/** True where two values of a field are the same value. Names in JSON have no order: PostgreSQL keeps its own. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [left, right] = [a ?? null, b ?? null];
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
    return left === right;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [names, others] = [Object.keys(left), Object.keys(right)];
  return (
    names.length === others.length &&
    names.every(
      (name) =>
        Object.hasOwn(right, name) && sameValue((left as RecordValues)[name], (right as RecordValues)[name]),
    )
  );
}
