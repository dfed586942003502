import type { FieldCipher } from "../encryption/field-cipher.js";
import type { FieldModel } from "../model/field-model.js";
import { decodeRecord, type RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";

/** Records of stored rows. Waits for keys only where one of the fields may be encrypted. */
export function decodeRows(
  session: Session,
  fields: readonly FieldModel[],
  rows: readonly StoredRow[],
): RecordValues[] | Promise<RecordValues[]> {
  return session.runtime.vault
    ? decodeSealed(session, fields, rows)
    : rows.map((row) => decodeRecord(fields, row));
}

async function decodeSealed(
  session: Session,
  fields: readonly FieldModel[],
  rows: readonly StoredRow[],
): Promise<RecordValues[]> {
  const cipher = await cipherFor(session, fields, rows);
  return rows.map((row) => decodeRecord(fields, row, cipher));
}

async function cipherFor(
  session: Session,
  fields: readonly FieldModel[],
  rows: readonly StoredRow[],
): Promise<FieldCipher | undefined> {
  const sealed = fields.filter((field) => field.encrypted);
  if (sealed.length === 0 || rows.length === 0) return undefined;
  const cipher = await session.reading();
  const unknown = rows.some((row) =>
    sealed.some(({ column }) => typeof row[column] === "string" && !cipher.knows(row[column])),
  );
  // Another process may have changed the keys since they were opened here.
  return unknown ? session.reading(true) : cipher;
}
