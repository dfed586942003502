import type { EntityModel } from "../model/entity-model.js";
import { STATE_KEY, STILL_VALID, secretColumns, VALID_FROM, VALID_TO } from "../model/history-table.js";
import type { Composition } from "../plugin/compose.js";
import type { BoundStorage, StorageAdapter } from "../storage/adapter.js";
import { always } from "../storage/filter.js";
import type { PhysicalTable } from "../storage/physical-schema.js";
import { toInstant } from "../util/clock.js";
import { readMeta, writeMeta } from "./ledger.js";

const KEY = "history-since";
const BATCH = 500;

/** By table: since when states are kept; null where there was no record before that. */
type Since = Record<string, string | null>;

async function readSince(storage: StorageAdapter): Promise<Since> {
  const text = await readMeta(storage, KEY);
  return text ? (JSON.parse(text) as Since) : {};
}

/** Since when temporal entities that had records before have been keeping states, by entity. */
export async function historiesSince(
  composition: Composition,
  storage: StorageAdapter,
): Promise<ReadonlyMap<string, string>> {
  const temporal = [...composition.entities.values()].filter((entity) => entity.history !== null);
  if (temporal.length === 0) return new Map();
  const since = await readSince(storage);
  return new Map(
    temporal.flatMap(({ name, table }): [string, string][] => {
      const at = since[table];
      return typeof at === "string" ? [[name, at]] : [];
    }),
  );
}

/**
 * Begins the histories of entities that have become temporal: records that are there already get one state, from now
 * on. What they were before is not known, and is not guessed at.
 */
export async function beginHistories(
  composition: Composition,
  storage: StorageAdapter,
  created: ReadonlySet<string>,
  now: number,
): Promise<void> {
  const before = await readSince(storage);
  const after: Since = { ...before };
  for (const entity of composition.entities.values()) {
    const { table, history } = entity;
    if (!history) delete after[table];
    else if (after[table] === undefined) {
      after[table] = created.has(table) ? null : toInstant(now);
      if (!created.has(table)) await fill(entity, history, storage, toInstant(now));
    }
  }
  const next = JSON.stringify(after);
  if (next !== JSON.stringify(before)) await writeMeta(storage, KEY, next, now);
}

/** Can be begun again: a start that broke off half-way has not noted that it is done. */
async function fill(
  entity: EntityModel,
  history: PhysicalTable,
  storage: StorageAdapter,
  now: string,
): Promise<void> {
  const everywhere: BoundStorage = storage.acrossTenants("begin the history of existing records");
  // Left from a time when the entity was temporal before.
  const open = { op: "eq", column: VALID_TO, value: STILL_VALID } as const;
  await everywhere.updateWhere(history.name, open, { [VALID_TO]: now });
  const columns = entity.physical.columns.map((column) => column.name);
  const added = {
    ...Object.fromEntries(secretColumns(entity).map((name) => [name, null])),
    [VALID_FROM]: now,
    [VALID_TO]: STILL_VALID,
  };
  let last: string | undefined;
  for (;;) {
    const rows = await everywhere.findMany({
      table: entity.table,
      columns,
      where: always,
      orderBy: [{ column: "id", direction: "asc" }],
      limit: BATCH,
      ...(last === undefined ? {} : { after: [last] }),
    });
    if (rows.length > 0) {
      const states = rows.map((row) => ({ ...row, ...added }));
      await everywhere.upsert(history.name, states, STATE_KEY, [VALID_FROM, VALID_TO]);
    }
    if (rows.length < BATCH) return;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}
