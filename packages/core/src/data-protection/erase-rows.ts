import { dropMatchKeys } from "../duplicates/keys.js";
import type { EntityModel } from "../model/entity-model.js";
import { encodePatch, type RecordValues } from "../model/record-codec.js";
import { DELETED_COLUMN, LIVE_COLUMN } from "../model/system-fields.js";
import type { Replacement } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { dropProvenance } from "../provenance/keep.js";
import { decodeRows } from "../repository/decode-rows.js";
import { later } from "../repository/write/update.js";
import type { Session } from "../runtime/session.js";
import type { RowUpdate, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { keepStates, type StateChange } from "../temporal/keep-states.js";
import { clearStates, forgetLinks } from "./erase-states.js";
import { ofTenant } from "./rows.js";

const byIds = (rows: readonly StoredRow[]): Filter => ({
  op: "in",
  column: "id",
  values: rows.map((row) => row["id"] as string),
});

/**
 * Clears or deletes records, in the session's transaction, past the hooks: no plugin may keep what a person has a right
 * to have erased. What still refers to a deleted record is treated as its `onDelete` says, by the database.
 */
export async function eraseRows(
  session: Session,
  model: PersonalModel,
  rows: readonly StoredRow[],
): Promise<{ anonymised: number; deleted: number }> {
  const { entity } = model;
  const ids = rows.map((row) => row["id"] as string);
  await dropMatchKeys(session, ids);
  await dropProvenance(session, ids);
  if (model.erase === "delete") {
    await removeFiles(session, model, rows);
    await forgetLinks(session, entity, ids);
    const { count } = await session
      .operations()
      .deleteWhere(entity.table, and(ofTenant(session), byIds(rows)));
    return { anonymised: 0, deleted: count };
  }
  if (model.erase !== "anonymise") return { anonymised: 0, deleted: 0 };
  const records = await decodeRows(session, entity.fieldList, rows);
  const sealed = model.cleared.some(({ field, value }) => field.encrypted && value !== null);
  const cipher = sealed ? await session.sealing() : undefined;
  const now = session.now();
  const cleared: StateChange[] = [];
  const updates = records.map((record): RowUpdate => {
    const patch: RecordValues = {
      updatedAt: later(record, now),
      version: (record["version"] as number) + 1,
    };
    for (const { field, value } of model.cleared)
      patch[field.name] = replaced(value, record[field.name], session);
    const merged = { ...record, ...patch };
    const { version, updatedAt } = record;
    cleared.push({ before: { ...merged, version, updatedAt }, row: merged });
    return {
      where: and(ofTenant(session), { op: "eq", column: "id", value: record["id"] as string }),
      patch: encodePatch(entity, patch, merged, cipher),
    };
  });
  const counts = await session.operations().updateEach(entity.table, updates);
  if (entity.history) {
    const patches = updates.map(({ patch }, i) => ({ id: records[i]?.["id"] as string, patch }));
    await clearStates(session, entity, patches);
    await keepStates(session, entity, cleared);
  }
  return { anonymised: counts.reduce((sum, count) => sum + count, 0), deleted: 0 };
}

/**
 * Removes the bytes first, and without a way back: what says that they are gone is true whenever it is committed. After a
 * crash between the two the record is still there, and its erasure is taken up again.
 */
async function removeFiles(session: Session, { files }: PersonalModel, rows: readonly StoredRow[]) {
  const keys = files.flatMap(({ column }) => rows.map((row) => row[column]));
  const given = keys.filter((key): key is string => typeof key === "string");
  if (given.length > 0) await session.runtime.files.remove(given);
}

function replaced(value: unknown, before: unknown, session: Session): unknown {
  if (typeof value !== "function") return value;
  return before === null ? null : (value as Replacement)(before, session);
}

/** Puts people into the recycle bin, so that nothing new is tied to them while the rest is erased. */
export async function hideRows(session: Session, entity: EntityModel, ids: readonly string[]): Promise<void> {
  const live: Filter = { op: "eq", column: LIVE_COLUMN, value: 1 };
  const where = and(ofTenant(session), { op: "in", column: "id", values: ids }, live);
  const deletedAt = session.now();
  const before = entity.history ? await lockedRows(session, entity, where, ids.length) : [];
  await session.operations().updateWhere(entity.table, where, {
    [LIVE_COLUMN]: null,
    [DELETED_COLUMN]: deletedAt,
    version: { add: 1 },
  });
  const changes = before.map((record): StateChange => {
    const version = (record["version"] as number) + 1;
    return { before: record, row: { ...record, deletedAt, updatedAt: later(record, deletedAt), version } };
  });
  await keepStates(session, entity, changes);
}

async function lockedRows(
  session: Session,
  entity: EntityModel,
  where: Filter,
  limit: number,
): Promise<RecordValues[]> {
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: entity.columns,
    where,
    orderBy: [{ column: "id", direction: "asc" }],
    limit,
    lock: "update",
  });
  return decodeRows(session, entity.fieldList, rows);
}
