import type { Crm, PluginList } from "@corm/core";

/** Columns that say when a credential was used, and tables that count attempts: they change without anything being done. */
const BOOKKEEPING = new Set(["last_used_at", "last_seen_at"]);
const COUNTERS = new Set(["corm_rate_counter"]);

/** Everything that is stored, as text: equal before and after means that nothing was written. */
export async function stored<Ps extends PluginList>(crm: Crm<Ps>): Promise<string> {
  const { storage, composition } = crm.runtime;
  const tables: Record<string, unknown> = {};
  for (const entity of composition.entities.values()) {
    if (COUNTERS.has(entity.table)) continue;
    const rows = await storage.acrossTenants("compare before and after").findMany({
      table: entity.table,
      columns: entity.columns.filter((column) => !BOOKKEEPING.has(column)),
      where: { op: "const", value: true },
      orderBy: [{ column: "id", direction: "asc" }],
      limit: 5000,
    });
    if (rows.length > 0) tables[entity.name] = rows;
  }
  return JSON.stringify(tables, (_, value) => (typeof value === "bigint" ? String(value) : value));
}
