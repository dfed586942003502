import type { JournalEntry } from "../context/journal.js";
import { readEntry } from "../journal/entry.js";
import { entriesOfAll, type RecordPlace } from "../journal/read.js";
import { STILL_VALID, VALID_FROM, VALID_TO } from "../model/history-table.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Subject } from "../privacy/define-personal-data.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import { visibleValues } from "../repository/history.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { comparable } from "../util/comparable.js";
import { ofTenant, PAGE } from "./rows.js";

/** A past state of a record, with the time in which it held. */
export interface PastState {
  readonly from: string;
  readonly until: string;
  readonly record: RecordValues;
}

/** The past states of an entity that satisfy a condition, a page at a time: of records, in the order of their versions. */
export async function* pastStates(
  session: Session,
  { entity }: PersonalModel,
  where: Filter,
): AsyncGenerator<PastState[]> {
  const { history } = entity;
  if (!history) return;
  let last: StoredRow | undefined;
  do {
    const rows: StoredRow[] = await session.operations().findMany({
      table: history.name,
      columns: [...entity.columns, VALID_FROM, VALID_TO],
      where: and(ofTenant(session), where, { op: "lt", column: VALID_TO, value: STILL_VALID }),
      orderBy: [
        { column: "id", direction: "asc" },
        { column: "version", direction: "asc" },
      ],
      limit: PAGE,
      ...(last ? { after: [last["id"] as string, last["version"] as number] } : {}),
    });
    const records = await decodeRows(session, entity.fieldList, rows);
    yield records.map((record, i) => ({
      from: rows[i]?.[VALID_FROM] as string,
      until: rows[i]?.[VALID_TO] as string,
      record,
    }));
    last = rows.length < PAGE ? undefined : rows[PAGE - 1];
  } while (last);
}

/** What an export says of an entry. Who of the host's people did it is about them. */
export type ExportedEntry = Pick<
  JournalEntry,
  "at" | "operation" | "version" | "cause" | "changes" | "event" | "payload" | "erased"
> & { readonly record: string; readonly by: string };

/**
 * The journal of records that are about the subject, newest first, a page at a time. Of a record that was about somebody
 * else before, the values of that time are left out.
 */
export async function* entriesAbout(
  session: Session,
  model: PersonalModel,
  records: readonly RecordValues[],
  subject: Subject,
): AsyncGenerator<ExportedEntry[]> {
  const { name, journal } = model.entity;
  if (!journal || records.length === 0) return;
  const current = new Map(records.map((record) => [record["id"] as string, record]));
  const fields = new Set(model.exported.map((field) => field.name));
  let walk: Walk | undefined;
  let after: RecordPlace | undefined;
  do {
    const rows = await entriesOfAll(session, name, [...current.keys()], after, PAGE);
    const entries = await visibleValues(session, session.entity(name), rows.map(readEntry));
    const told: ExportedEntry[] = [];
    for (const entry of entries) {
      const id = entry.record as string;
      if (walk?.id !== id) walk = walkFrom(model, current.get(id) as RecordValues, subject);
      const exported = walk.back(entry, fields);
      if (exported) told.push(exported);
    }
    yield told;
    const end = rows.length < PAGE ? undefined : rows[PAGE - 1];
    after = end && [end["record"] as string, end["position"] as number];
  } while (after);
}

interface Walk {
  readonly id: string;
  /** One entry further back; undefined where it is not about the subject. */
  back(entry: JournalEntry, fields: ReadonlySet<string>): ExportedEntry | undefined;
}

/** Goes back through the entries of one record, and knows at each whom it was about. */
function walkFrom(model: PersonalModel, record: RecordValues, subject: Subject): Walk {
  const telling = [...model.by, ...model.addresses.map(({ field }) => field)].map(({ name }) => name);
  const then: RecordValues = Object.fromEntries(telling.map((name) => [name, record[name]]));
  let about = true;
  return {
    id: record["id"] as string,
    back(entry, fields) {
      const { changes, payload, at, operation, version, cause, event, erased } = entry;
      const after = about;
      for (const name of telling) if (changes?.[name]) then[name] = changes[name][0];
      if (operation !== "create" && telling.some((name) => changes?.[name]))
        about = isAbout(model, then, record, subject);
      if (!after && !about) return undefined;
      const shown = Object.entries(changes ?? {})
        .filter(([name]) => fields.has(name))
        .map(([name, [old, now]]) => [name, [about ? old : null, after ? now : null]] as const);
      return {
        record: record["id"] as string,
        at,
        operation,
        version,
        by: entry.actor.kind,
        cause,
        changes: changes && Object.fromEntries(shown),
        event,
        payload: after ? payload : null,
        erased,
      };
    },
  };
}

/** Whether values that tell whom a record is about lead to the subject. */
function isAbout(model: PersonalModel, then: RecordValues, now: RecordValues, subject: Subject): boolean {
  if (model.person) return true;
  const { email, phone } = subject.addresses;
  const own = new Set([...email, ...phone].map(comparable));
  // Over another record, only what it leads to now is known.
  const leads = model.by.some(({ name, target }) => {
    const id = then[name];
    if (typeof id !== "string") return false;
    const ids = subject.persons.get(target as string);
    if (ids) return ids.includes(id);
    return id === now[name] || subject.also?.get(target as string)?.includes(id) === true;
  });
  return (
    leads ||
    model.addresses.some(({ field }) => {
      const address = then[field.name];
      return typeof address === "string" && own.has(comparable(address));
    }) ||
    (model.mentions.length > 0 && model.by.every(({ name }) => then[name] == null))
  );
}
