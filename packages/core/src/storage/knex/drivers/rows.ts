import type { StoredRow } from "../../adapter.js";
import type { Statement } from "../statement.js";

/** Objects from rows in column order. */
export function buildRows(statement: Statement, raw: readonly (readonly unknown[])[]): StoredRow[] {
  const { columns, decoders, decodes } = statement;
  const rows = new Array<StoredRow>(raw.length);
  for (let index = 0; index < raw.length; index += 1) {
    const cells = raw[index] as readonly unknown[];
    const row: StoredRow = {};
    for (let position = 0; position < columns.length; position += 1) {
      const value = cells[position];
      const decode = decodes && value !== null ? decoders[position] : undefined;
      row[columns[position] as string] = decode === undefined ? value : decode(value);
    }
    rows[index] = row;
  }
  return rows;
}
