import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { always } from "../storage/filter.js";

/** Every tenant that has entries, one by one: a step of an index for each. For operators; no session sees others. */
export async function* tenantsOf(storage: StorageAdapter): AsyncGenerator<string> {
  const everywhere = storage.acrossTenants("list the tenants of the journal");
  let last: string | undefined;
  for (;;) {
    const [row] = await everywhere.findMany({
      table: JOURNAL_TABLE.name,
      columns: ["tenant_id"],
      where: last === undefined ? always : { op: "gt", column: "tenant_id", value: last },
      orderBy: [{ column: "tenant_id", direction: "asc" }],
      limit: 1,
    });
    if (!row) return;
    last = row["tenant_id"] as string;
    yield last;
  }
}
