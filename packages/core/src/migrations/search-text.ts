import type { EntityModel } from "../model/entity-model.js";
import { searchColumn } from "../model/record-codec.js";
import { SEARCH_COLUMN } from "../model/system-fields.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter, StoredRow } from "../storage/adapter.js";
import { always, and, type Filter, type Scalar } from "../storage/filter.js";
import { readMeta, writeMeta } from "./ledger.js";

const KEY = "searchable-fields";
const BATCH = 500;

/**
 * Fills the search column of records that were written when other fields were searchable: a search that misses old
 * records looks as if they were not there.
 */
export async function refreshSearchText(
  composition: Composition,
  storage: StorageAdapter,
  created: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const text = await readMeta(storage, KEY);
  const before = (text ? JSON.parse(text) : {}) as Record<string, string>;
  const after: Record<string, string> = { ...before };
  for (const entity of composition.entities.values()) {
    const names = entity.searchable.map((field) => field.name).join();
    if (names === (before[entity.table] ?? "")) continue;
    if (names !== "" && !created.has(entity.table)) await refresh(entity, storage);
    after[entity.table] = names;
  }
  const next = JSON.stringify(after);
  if (next !== JSON.stringify(before)) await writeMeta(storage, KEY, next, now);
}

async function refresh(entity: EntityModel, storage: StorageAdapter): Promise<void> {
  await refreshTable(entity, entity.table, ["id"], storage);
  if (entity.history) await refreshTable(entity, entity.history.name, ["id", "version"], storage);
}

async function refreshTable(
  entity: EntityModel,
  table: string,
  key: readonly string[],
  storage: StorageAdapter,
): Promise<void> {
  const everywhere = storage.acrossTenants("fill the search column of old records");
  let last: Scalar[] | undefined;
  for (;;) {
    const rows = await everywhere.findMany({
      table,
      columns: [...key, ...entity.searchable.map((field) => field.column)],
      where: always,
      orderBy: key.map((column) => ({ column, direction: "asc" })),
      limit: BATCH,
      ...(last === undefined ? {} : { after: last }),
    });
    if (rows.length === 0) return;
    const updates = rows.map((row) => {
      const values = Object.fromEntries(entity.searchable.map((field) => [field.name, row[field.column]]));
      const patch = { [SEARCH_COLUMN]: searchColumn(entity, values) };
      const own = key.map((column): Filter => ({ op: "eq", column, value: row[column] as string }));
      return { where: and(...own), patch };
    });
    await everywhere.updateEach(table, updates);
    const end = rows[rows.length - 1] as StoredRow;
    last = key.map((column) => end[column] as Scalar);
  }
}
