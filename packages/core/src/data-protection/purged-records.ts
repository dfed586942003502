import { ENTRY_COLUMNS, readEntry } from "../journal/entry.js";
import { JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { RecordValues } from "../model/record-codec.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { visibleValues } from "../repository/history.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter, or } from "../storage/filter.js";
import { ofTenant, PAGE } from "./rows.js";

/** What the journal says of a record at the end, where its table no longer does. */
export interface Trace {
  readonly entity: string;
  readonly id: string;
  /** `purge`: what it held when it was purged. `unlink`: the references that a purge took away from it. */
  readonly by: "purge" | "unlink";
  readonly values: RecordValues;
}

/** Looks up records that were purged, by their ids. Those whose values were erased are not among them. */
export async function purgedAmong(
  session: Session,
  { entity }: PersonalModel,
  ids: readonly string[],
): Promise<Trace[]> {
  const found: Trace[] = [];
  if (ids.length === 0) return found;
  const where = and({ op: "in", column: "record", values: ids }, isPurge);
  for await (const page of traces(session, [entity.name], where)) found.push(...page);
  return found;
}

/**
 * Everything that was purged of some entities, a page at a time; and what lost its reference to one of the records
 * `unlinkedFrom` by their purge. Walks the tenant's journal: nothing points from a person to what is gone.
 */
export function purgedOf(
  session: Session,
  entities: readonly string[],
  unlinkedFrom: readonly string[] = [],
): AsyncGenerator<Trace[]> {
  const named = unlinkedFrom.map(
    (id): Filter => ({
      op: "match",
      column: "changes",
      how: "contains",
      text: `["${id}",null]`,
      caseSensitive: true,
    }),
  );
  return traces(session, entities, or(isPurge, and(isUpdate, or(...named))));
}

const isPurge: Filter = { op: "eq", column: "operation", value: "purge" };
const isUpdate: Filter = { op: "eq", column: "operation", value: "update" };

async function* traces(
  session: Session,
  entities: readonly string[],
  where: Filter,
): AsyncGenerator<Trace[]> {
  let last: StoredRow | undefined;
  do {
    const rows: StoredRow[] = await session.operations().findMany({
      table: JOURNAL_TABLE.name,
      columns: ENTRY_COLUMNS,
      where: and(ofTenant(session), { op: "in", column: "entity", values: entities }, where),
      orderBy: [
        { column: "position", direction: "asc" },
        { column: "id", direction: "asc" },
      ],
      limit: PAGE,
      ...(last ? { after: [last["position"] as number, last["id"] as string] } : {}),
    });
    yield await tracesOf(session, entities, rows);
    last = rows.length < PAGE ? undefined : rows[PAGE - 1];
  } while (last);
}

async function tracesOf(
  session: Session,
  entities: readonly string[],
  rows: readonly StoredRow[],
): Promise<Trace[]> {
  const found: Trace[] = [];
  for (const name of entities) {
    const own = rows.filter((row) => row["entity"] === name && row["changes"] != null).map(readEntry);
    for (const { record, operation, changes } of await visibleValues(session, session.entity(name), own)) {
      const by = operation === "purge" ? "purge" : "unlink";
      const told = Object.entries(changes ?? {}).filter(
        ([, [before, after]]) => before !== null && after === null,
      );
      const values = Object.fromEntries(told.map(([field, [before]]) => [field, before]));
      if (told.length > 0) found.push({ entity: name, id: record as string, by, values });
    }
  }
  return found;
}
