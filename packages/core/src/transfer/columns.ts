import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Money } from "../util/money.js";
import { neutralised } from "./formula.js";

/** A column of a table file. Money takes two: `price` with the amount, so that sheets can add it, and `price.currency`. */
export interface TableColumn {
  readonly name: string;
  readonly field: FieldModel;
  readonly part: "value" | "amount" | "currency";
}

export function tableColumns(fields: readonly FieldModel[]): TableColumn[] {
  return fields.flatMap((field): TableColumn[] =>
    field.kind === "money"
      ? [
          { name: field.name, field, part: "amount" },
          { name: `${field.name}.currency`, field, part: "currency" },
        ]
      : [{ name: field.name, field, part: "value" }],
  );
}

export type Cell = string | number | boolean | null;

/** The value of a column as a sheet holds it: text that could be a formula is neutralised, null is no value. */
export function cellOf({ field, part }: TableColumn, record: RecordValues): Cell {
  const value = record[field.name] ?? null;
  if (value === null) return null;
  if (part !== "value" && typeof value === "object") {
    const { amount, currency } = value as Money;
    return part === "amount" ? amount : currency;
  }
  // A masked amount is no money, and stands in the first of its columns.
  if (part === "currency") return null;
  if (typeof value === "number" || typeof value === "boolean")
    return field.kind === "json" ? String(value) : value;
  return neutralised(typeof value === "string" && field.kind !== "json" ? value : JSON.stringify(value));
}
