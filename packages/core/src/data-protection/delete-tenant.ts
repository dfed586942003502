import { fileFolder } from "../files/file-store.js";
import { physicalSchema } from "../migrations/physical-schema.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Runtime } from "../runtime/runtime.js";
import type { BoundStorage } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import type { PhysicalTable } from "../storage/physical-schema.js";

export interface TenantDeletionOptions {
  /** Rows of one statement. Default 500. */
  readonly batch?: number;
  /** Stops between two batches; the next call goes on. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly table: string; readonly deleted: number }) => void;
}

/** Rows deleted by table. */
export type TenantDeletion = Readonly<Record<string, number>>;

/**
 * Deletes a tenant: every row of every table that has tenants, its keys among them, and nothing of any other tenant.
 * In batches; a run that was stopped or killed is taken up by the next. Shut the tenant out first: what is written
 * while this runs may come after its table.
 */
export async function deleteTenant(
  crm: { readonly runtime: Runtime },
  tenant: string,
  options: TenantDeletionOptions = {},
): Promise<TenantDeletion> {
  const { runtime } = crm;
  const storage = runtime.storage.forTenant(tenant);
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: tenant };
  const deleted: Record<string, number> = {};
  const tables = tenantTables(runtime);
  // Records that refer to one another in a circle are let go first.
  for (const table of tables) await clearReferences(storage, table, own);
  for (const table of tables) {
    deleted[table.name] = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const count = await deleteBatch(storage, table, own, options.batch ?? 500);
      if (count === 0) break;
      deleted[table.name] = (deleted[table.name] ?? 0) + count;
      options.onProgress?.({ table: table.name, deleted: deleted[table.name] as number });
    }
  }
  await deleteFiles(runtime, tenant, options.signal);
  runtime.vault?.close(tenant);
  await runtime.storage.scrub?.();
  return deleted;
}

/** Whatever the store has of the tenant, also what no attachment knew of. */
async function deleteFiles({ files }: Runtime, tenant: string, signal?: AbortSignal): Promise<void> {
  let keys: string[] = [];
  for await (const { key } of files.list(fileFolder(tenant), { signal })) {
    keys.push(key);
    if (keys.length < 500) continue;
    await files.remove(keys, { signal });
    keys = [];
  }
  await files.remove(keys, { signal });
}

/** Tables with tenants, those that refer to others first. */
function tenantTables({ composition }: Runtime): PhysicalTable[] {
  const left = new Map(
    physicalSchema(composition)
      .tables.filter((table) => table.columns.some(({ name }) => name === TENANT_COLUMN))
      .map((table) => [table.name, table]),
  );
  const order: PhysicalTable[] = [];
  while (left.size > 0) {
    const free = [...left.values()].filter(
      (table) =>
        ![...left.values()].some((other) =>
          other.columns.some(
            (column) => other !== table && !column.nullable && column.references?.table === table.name,
          ),
        ),
    );
    // Required references in a circle: the database will cascade, or refuse.
    for (const table of free.length > 0 ? free : left.values()) {
      order.push(table);
      left.delete(table.name);
    }
  }
  return order;
}

/** Optional references would make the order a circle, and are of no use any more. */
async function clearReferences(storage: BoundStorage, table: PhysicalTable, own: Filter): Promise<void> {
  const columns = table.columns.filter(({ references, nullable }) => references && nullable);
  for (const { name } of columns) {
    const set: Filter = { op: "null", column: name, is: false };
    for (;;) {
      const rows = await storage.findMany({
        table: table.name,
        columns: ["id"],
        where: and(own, set),
        orderBy: [],
        limit: 500,
      });
      if (rows.length === 0) break;
      const ids = rows.map((row) => row["id"] as string);
      await storage.updateWhere(table.name, and(own, { op: "in", column: "id", values: ids }), {
        [name]: null,
      });
    }
  }
}

async function deleteBatch(
  storage: BoundStorage,
  table: PhysicalTable,
  own: Filter,
  limit: number,
): Promise<number> {
  const [key] = table.primaryKey.filter((name) => name !== TENANT_COLUMN);
  // A table of one row per tenant.
  if (key === undefined) return (await storage.deleteWhere(table.name, own)).count;
  const rows = await storage.findMany({
    table: table.name,
    columns: [key],
    where: own,
    orderBy: [{ column: key, direction: "asc" }],
    limit,
  });
  if (rows.length === 0) return 0;
  const values = rows.map((row) => row[key] as string);
  await storage.deleteWhere(table.name, and(own, { op: "in", column: key, values }));
  return rows.length;
}
