import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { append } from "./append.js";
import { tenantIs } from "./read.js";

const BATCH = 500;

/**
 * Takes the values of some fields (or of all) out of every entry about the given records, and the payloads of events
 * about them, in the transaction of the session. What happened when, by whom and to which field stays, and so does the
 * chain, since it seals a digest of the values. That they were erased is an entry of its own; without one, changed
 * values are what `verifyAudit` is there to find.
 *
 * @returns how many entries lost values
 */
export async function eraseJournal(
  session: Session,
  entity: EntityModel,
  records: readonly string[],
  fields: ReadonlySet<string> | "all",
): Promise<number> {
  if (!session.inTransaction) return session.atomically((tx) => eraseJournal(tx, entity, records, fields));
  let erased = 0;
  if (!entity.journal) return erased;
  for (const record of records) {
    const at = session.now();
    const [entry] = await append(session, entity.name, "erase", [
      { record, version: null, at, changes: null },
    ]);
    erased += await eraseEntries(session, entity.name, record, fields, entry as string);
  }
  return erased;
}

async function eraseEntries(
  session: Session,
  entity: string,
  record: string,
  fields: ReadonlySet<string> | "all",
  erasure: string,
): Promise<number> {
  let count = 0;
  let last: string | undefined;
  for (;;) {
    const rows = await session.operations().findMany({
      table: JOURNAL_TABLE.name,
      columns: ["id", "operation", "changes"],
      where: and(
        tenantIs(session.tenant),
        { op: "eq", column: "record", value: record },
        { op: "eq", column: "entity", value: entity },
      ),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: BATCH,
      ...(last === undefined ? {} : { after: [last] }),
    });
    const updates = rows.flatMap((row) => {
      const changes = withoutValues(row, fields);
      if (changes === undefined) return [];
      const own = { op: "eq", column: "id", value: row["id"] as string } as const;
      return [{ where: and(tenantIs(session.tenant), own), patch: { changes, erased: erasure } }];
    });
    if (updates.length > 0) await session.operations().updateEach(JOURNAL_TABLE.name, updates);
    count += updates.length;
    if (rows.length < BATCH) return count;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}

/** The changes as they are kept; undefined where they hold none of the values. */
function withoutValues(row: StoredRow, fields: ReadonlySet<string> | "all"): string | null | undefined {
  const text = row["changes"] as string | null;
  if (text === null) return undefined;
  if (row["operation"] === "event") return null;
  const changes = JSON.parse(text) as Record<string, [unknown, unknown]>;
  let found = false;
  for (const [name, [before, after]] of Object.entries(changes)) {
    if ((fields !== "all" && !fields.has(name)) || (before === null && after === null)) continue;
    changes[name] = [null, null];
    found = true;
  }
  return found ? JSON.stringify(changes) : undefined;
}
