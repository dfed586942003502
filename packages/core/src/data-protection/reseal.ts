import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { STILL_VALID, VALID_TO } from "../model/history-table.js";
import type { Runtime } from "../runtime/runtime.js";
import type { RowUpdate, StoredRow } from "../storage/adapter.js";
import { and, type Filter, or, type Scalar } from "../storage/filter.js";

export interface Resealing {
  readonly runtime: Runtime;
  readonly tenant: string;
  readonly entity: EntityModel;
  /** Of the new key; it opens the old ones as well. */
  readonly cipher: FieldCipher;
  /** What values of the old keys begin with. */
  readonly prefixes: readonly string[];
  readonly batch: number;
  /** The records, or the states of a temporal entity. */
  readonly of: "records" | "states";
  /** Past values of the old keys are taken away instead. */
  readonly forgetsPast: boolean;
}

/**
 * Encrypts the records of an entity anew, also those in the recycle bin; yields after each batch how many it changed.
 * Nobody sees a change: versions, hooks and history stay as they are, and blind indexes do not depend on the data key.
 */
export async function* resealEntity(work: Resealing): AsyncGenerator<number> {
  const { runtime, tenant, entity, prefixes, batch } = work;
  const table = tableOf(work);
  const key = keyOf(work);
  const storage = runtime.storage.forTenant(tenant);
  const sealed = entity.encrypted;
  const old = or(
    ...sealed.flatMap(({ column }) =>
      prefixes.map((text): Filter => ({ op: "match", column, how: "starts", text, caseSensitive: true })),
    ),
  );
  const own: Filter = { op: "eq", column: "tenant_id", value: tenant };
  let last: Scalar[] | undefined;
  for (;;) {
    const rows = await storage.findMany({
      table,
      columns: [...key, ...(work.of === "states" ? [VALID_TO] : []), ...sealed.map(({ column }) => column)],
      where: and(own, old),
      orderBy: key.map((column) => ({ column, direction: "asc" })),
      limit: batch,
      ...(last === undefined ? {} : { after: last }),
    });
    if (rows.length === 0) return;
    const updates = rows.map((row) => resealRow(work, row));
    const counts = await storage.transaction((tx) => tx.updateEach(table, updates));
    yield counts.reduce((sum, count) => sum + count, 0);
    if (rows.length < batch) return;
    const end = rows[rows.length - 1] as StoredRow;
    last = key.map((column) => end[column] as Scalar);
  }
}

const tableOf = ({ of, entity }: Resealing): string =>
  of === "states" && entity.history ? entity.history.name : entity.table;

const keyOf = ({ of }: Resealing): readonly string[] => (of === "states" ? ["id", "version"] : ["id"]);

function resealRow(work: Resealing, row: StoredRow): RowUpdate {
  const { tenant, entity, cipher, prefixes } = work;
  const id = row["id"] as string;
  const isPast = work.of === "states" && row[VALID_TO] !== STILL_VALID;
  const guards: Filter[] = [
    { op: "eq", column: "tenant_id", value: tenant },
    ...keyOf(work).map((column): Filter => ({ op: "eq", column, value: row[column] as string })),
  ];
  const patch: Record<string, unknown> = {};
  for (const { column, keyColumn, encrypted } of entity.encrypted) {
    const text = row[column];
    if (typeof text !== "string" || !prefixes.some((prefix) => text.startsWith(prefix))) continue;
    const { place } = encrypted as NonNullable<FieldModel["encrypted"]>;
    if (isPast && work.forgetsPast) patch[column] = patch[keyColumn] = null;
    else patch[column] = cipher.seal(place, id, cipher.open(place, id, text));
    // Whoever changed the value since it was read has encrypted it with the new key.
    guards.push({ op: "eq", column, value: text });
  }
  return { where: and(...guards), patch };
}
