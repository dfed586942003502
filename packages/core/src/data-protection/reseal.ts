import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { Runtime } from "../runtime/runtime.js";
import type { RowUpdate, StoredRow } from "../storage/adapter.js";
import { and, type Filter, or } from "../storage/filter.js";

export interface Resealing {
  readonly runtime: Runtime;
  readonly tenant: string;
  readonly entity: EntityModel;
  /** Of the new key; it opens the old ones as well. */
  readonly cipher: FieldCipher;
  /** What values of the old keys begin with. */
  readonly prefixes: readonly string[];
  readonly batch: number;
}

/**
 * Encrypts the records of an entity anew, also those in the recycle bin; yields after each batch how many it changed.
 * Nobody sees a change: versions, hooks and history stay as they are, and blind indexes do not depend on the data key.
 */
export async function* resealEntity(work: Resealing): AsyncGenerator<number> {
  const { runtime, tenant, entity, prefixes, batch } = work;
  const storage = runtime.storage.forTenant(tenant);
  const sealed = entity.encrypted;
  const old = or(
    ...sealed.flatMap(({ column }) =>
      prefixes.map((text): Filter => ({ op: "match", column, how: "starts", text, caseSensitive: true })),
    ),
  );
  const own: Filter = { op: "eq", column: "tenant_id", value: tenant };
  let last: string | undefined;
  for (;;) {
    const rows = await storage.findMany({
      table: entity.table,
      columns: ["id", ...sealed.map(({ column }) => column)],
      where: and(own, old),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: batch,
      ...(last === undefined ? {} : { after: [last] }),
    });
    if (rows.length === 0) return;
    const updates = rows.map((row) => resealRow(work, row));
    const counts = await storage.transaction((tx) => tx.updateEach(entity.table, updates));
    yield counts.reduce((sum, count) => sum + count, 0);
    if (rows.length < batch) return;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}

function resealRow({ tenant, entity, cipher, prefixes }: Resealing, row: StoredRow): RowUpdate {
  const id = row["id"] as string;
  const guards: Filter[] = [
    { op: "eq", column: "id", value: id },
    { op: "eq", column: "tenant_id", value: tenant },
  ];
  const patch: Record<string, unknown> = {};
  for (const { column, encrypted } of entity.encrypted) {
    const text = row[column];
    if (typeof text !== "string" || !prefixes.some((prefix) => text.startsWith(prefix))) continue;
    const { place } = encrypted as NonNullable<FieldModel["encrypted"]>;
    patch[column] = cipher.seal(place, id, cipher.open(place, id, text));
    // Whoever changed the value since it was read has encrypted it with the new key.
    guards.push({ op: "eq", column, value: text });
  }
  return { where: and(...guards), patch };
}
