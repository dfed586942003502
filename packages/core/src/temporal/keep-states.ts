import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";
import { STATE_KEY, STILL_VALID, secretColumns, VALID_FROM, VALID_TO } from "../model/history-table.js";
import { encodeRecord, type RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";

/** One write of one record: `before` is absent where it is new. */
export interface StateChange {
  readonly before?: RecordValues;
  readonly row: RecordValues;
}

/**
 * Keeps the new state of each record and ends the one before, in the transaction of the write: one statement for the
 * batch. The write has already replaced that one version of the record, so no other writer can make the same next one:
 * states of a record never overlap, and leave no gap. Two writes in one millisecond leave a state that held for no time.
 */
export async function keepStates(
  session: Session,
  entity: EntityModel,
  changes: readonly StateChange[],
): Promise<void> {
  const { history } = entity;
  if (!history || changes.length === 0) return;
  const cipher = entity.encrypted.length > 0 ? await session.sealing() : undefined;
  const ended: StoredRow[] = [];
  const begun: StoredRow[] = [];
  for (const { before, row } of changes) {
    const at = row["updatedAt"] as string;
    begun.push(stateOf(entity, row, at, STILL_VALID, cipher));
    if (before) ended.push(stateOf(entity, before, before["updatedAt"] as string, at, cipher));
  }
  if (ended.length === 0) await session.operations().insertMany(history.name, begun);
  else await session.operations().upsert(history.name, [...ended, ...begun], STATE_KEY, [VALID_TO]);
}

function stateOf(
  entity: EntityModel,
  record: RecordValues,
  from: string,
  to: string,
  cipher: FieldCipher | undefined,
): StoredRow {
  const row = encodeRecord(entity, record, cipher);
  for (const column of secretColumns(entity)) row[column] = null;
  row[VALID_FROM] = from;
  row[VALID_TO] = to;
  return row;
}
