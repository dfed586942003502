import type { FieldProvenance } from "../context/provenance.js";
import { authorColumns } from "../journal/append.js";
import { PROVENANCE_TABLE } from "../migrations/provenance-table.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";

/** A record that was written. */
export interface WrittenRecord {
  readonly row: RecordValues;
  /** Fields that have another value than before; left out, the record is new. */
  readonly changed?: Iterable<string>;
}

const { name: TABLE, primaryKey: KEY, columns } = PROVENANCE_TABLE;
const COLUMNS = columns.map(({ name }) => name);
const TOLD = COLUMNS.filter((name) => !KEY.includes(name));
const CHUNK = 500;

/**
 * Notes where the values of a batch are from, in the transaction of their write, in the fields that the app asks it for: one
 * statement. Does nothing for other entities.
 */
export function keepProvenance(
  session: Session,
  entity: EntityModel,
  batch: readonly WrittenRecord[],
): Promise<void> | void {
  const asked = session.runtime.provenance.get(entity.name);
  if (asked) return keep(session, asked, batch);
}

async function keep(
  session: Session,
  asked: ReadonlySet<string>,
  batch: readonly WrittenRecord[],
): Promise<void> {
  const { source = session.actor.kind, reference = null, confidence = null } = session.origin ?? {};
  const { actor_kind, actor_id, user_id, cause } = authorColumns(session);
  const now = session.now();
  const common = { source, reference, confidence, actor_kind, actor_id, user_id, cause };
  const rows: StoredRow[] = [];
  let isNew = true;
  for (const { row, changed } of batch) {
    if (changed) isNew = false;
    for (const field of changed ?? asked) {
      // Of what is empty there is nothing to say: what was known of it is not shown, and overwritten by the next value.
      if (!asked.has(field) || row[field] === null || row[field] === undefined) continue;
      rows.push({
        [TENANT_COLUMN]: session.tenant,
        record_id: row["id"],
        field,
        at: now < (row["updatedAt"] as string) ? row["updatedAt"] : now,
        ...common,
      });
    }
  }
  if (rows.length === 0) return;
  if (isNew) await session.operations().insertMany(TABLE, rows);
  else await session.operations().upsert(TABLE, rows, KEY, TOLD);
}

/** By record and field. */
export type KnownProvenance = ReadonlyMap<string, ReadonlyMap<string, StoredRow>>;

/** What is kept of records and their fields, by record and field; whoever asks, and also of what is empty by now. */
export async function provenanceOf(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<KnownProvenance> {
  const found = new Map<string, Map<string, StoredRow>>();
  const asked = session.runtime.provenance.get(entity.name);
  if (!asked) return found;
  for (let i = 0; i < ids.length; i += CHUNK) {
    const some = ids.slice(i, i + CHUNK);
    const rows = await session.operations().findMany({
      table: TABLE,
      columns: COLUMNS,
      where: and(ofRecords(session, some), { op: "in", column: "field", values: [...asked] }),
      orderBy: [],
      limit: some.length * asked.size,
    });
    for (const row of rows) {
      const id = row["record_id"] as string;
      const fields = found.get(id) ?? new Map<string, StoredRow>();
      found.set(id, fields.set(row["field"] as string, row));
    }
  }
  return found;
}

/** What is known of a value that a record has taken over, or got back. */
export interface HandedOn {
  readonly recordId: string;
  readonly field: string;
  /** Undefined where nothing was known of it. */
  readonly known: StoredRow | undefined;
}

/** Says of values what was known of them where they were before: of those of which nothing was, nothing is. */
export async function handOn(session: Session, values: readonly HandedOn[]): Promise<void> {
  const rows = values.flatMap(({ recordId, field, known }) =>
    known ? [{ ...known, [TENANT_COLUMN]: session.tenant, record_id: recordId, field }] : [],
  );
  if (rows.length > 0) await session.operations().upsert(TABLE, rows, KEY, TOLD);
  const unknown = new Map<string, string[]>();
  for (const { recordId, field, known } of values)
    if (!known) unknown.set(field, [...(unknown.get(field) ?? []), recordId]);
  for (const [field, ids] of unknown)
    await session
      .operations()
      .deleteWhere(TABLE, and(ofRecords(session, ids), { op: "eq", column: "field", value: field }));
}

/** Forgets what is known of records: they are gone for good. */
export async function dropProvenance(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await session.operations().deleteWhere(TABLE, ofRecords(session, ids));
}

function ofRecords(session: Session, ids: readonly string[]): Filter {
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: session.tenant };
  return and(own, { op: "in", column: "record_id", values: ids });
}

/** As readers get it. */
export function readProvenanceRow(row: StoredRow): FieldProvenance {
  const cause = row["cause"] as string;
  return {
    source: row["source"] as string,
    reference: row["reference"] as string | null,
    confidence: row["confidence"] as number | null,
    at: row["at"] as string,
    actor: {
      kind: row["actor_kind"] as string,
      id: row["actor_id"] as string | null,
      userId: row["user_id"] as string | null,
    },
    cause: cause === "" ? [] : cause.split(" "),
  };
}

/** What is known of the values of one record, in some fields. */
export function shownProvenance(
  fields: ReadonlyMap<string, StoredRow> | undefined,
  record: RecordValues,
  isShown: (field: string) => boolean,
): Record<string, FieldProvenance> {
  const shown: Record<string, FieldProvenance> = {};
  for (const [name, row] of fields ?? [])
    if (isShown(name) && record[name] !== null && record[name] !== undefined)
      shown[name] = readProvenanceRow(row);
  return shown;
}
