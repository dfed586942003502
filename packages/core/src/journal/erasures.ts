import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { append } from "./append.js";
import { digestOf } from "./entry.js";
import { tenantIs } from "./read.js";

const BATCH = 500;

/**
 * Takes the values of some fields (or of all) out of every entry about the given records, and the payloads of events
 * about them, in the transaction of the session. What happened when, by whom and to which field stays, and so does the
 * chain, since it seals a digest of the values. That they were erased is an entry of its own, which seals what is left;
 * without one, changed values are what `verifyAudit` is there to find.
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
  for (const record of records) erased += await eraseEntries(session, entity.name, record, fields);
  return erased;
}

/** Batch by batch, each with the entry that says so; one at least, since somebody asked for it. */
async function eraseEntries(
  session: Session,
  entity: string,
  record: string,
  fields: ReadonlySet<string> | "all",
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
    const left = rows.flatMap((row) => {
      const changes = withoutValues(row, fields);
      return changes === undefined ? [] : [{ id: row["id"] as string, changes }];
    });
    if (left.length > 0 || last === undefined) {
      const changes = JSON.stringify(Object.fromEntries(left.map((one) => [one.id, digestOf(one.changes)])));
      const at = session.now();
      const [erasure] = await append(session, entity, "erase", [{ record, version: null, at, changes }]);
      const updates = left.map(({ id, changes: rest }) => ({
        where: and(tenantIs(session.tenant), { op: "eq", column: "id", value: id } as const),
        patch: { changes: rest, erased: erasure as string },
      }));
      if (updates.length > 0) await session.operations().updateEach(JOURNAL_TABLE.name, updates);
    }
    count += left.length;
    if (rows.length < BATCH) return count;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}

/** The changes as they are kept; undefined where they hold none of the values. */
function withoutValues(row: StoredRow, fields: ReadonlySet<string> | "all"): string | null | undefined {
  const text = row["changes"] as string | null;
  // What an erasure has sealed is no value of the record.
  if (text === null || row["operation"] === "erase") return undefined;
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
