import type { HistoryPage, HistoryQuery, JournalEntry } from "../context/journal.js";
import type { Tokens } from "../context/tokens.js";
import { InvalidCursor, NotFound } from "../errors/core-errors.js";
import { readEntry } from "../journal/entry.js";
import { entriesOf } from "../journal/read.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { masked } from "../model/mask.js";
import type { Session } from "../runtime/session.js";
import { loadById, readLimit } from "./read.js";

const PURPOSE = "history";

/** What happened to a record that the actor may see, newest first, in the fields that he may see. */
export async function readHistory(
  session: Session,
  entity: EntityModel,
  id: string,
  query: HistoryQuery = {},
): Promise<HistoryPage> {
  const limit = readLimit(query.limit);
  const record = String(id).toLowerCase();
  const before = query.after == null ? undefined : placeOf(session, record, query.after);
  if (!(await loadById(session, entity, record, { withDeleted: true })))
    throw NotFound({ entity: entity.name, id: record.slice(0, 64) });
  // Whatever the actor sees of it: the values are narrowed below.
  const rows = await entriesOf(session, entity.name, record, before, limit + 1);
  const more = rows.length > limit;
  if (more) rows.length = limit;
  const last = rows[rows.length - 1]?.["position"] as number;
  return {
    items: await visibleValues(session, entity, rows.map(readEntry)),
    next: more ? session.tokens.sign(PURPOSE, [session.tenant, record, last]) : null,
  };
}

function placeOf(session: Session, record: string, cursor: unknown): number {
  const data = verified<[string, string, number]>(session.tokens, PURPOSE, cursor);
  if (!data || data[0] !== session.tenant || data[1] !== record)
    throw InvalidCursor({ reason: "This cursor was not made by this CRM for this record" });
  return data[2];
}

export function verified<T>(tokens: Tokens, purpose: string, cursor: unknown): T | undefined {
  return typeof cursor === "string" ? tokens.verify<T>(purpose, cursor) : undefined;
}

/** Entries of one entity with the fields only that the actor may see, encrypted ones opened. */
export async function visibleValues(
  session: Session,
  view: EntityModel,
  entries: readonly JournalEntry[],
): Promise<JournalEntry[]> {
  const open = await opener(session, view, entries);
  const whole = view.full.fieldList.every(
    ({ name, sensitivity }) => sensitivity === "secret" || view.fields.get(name)?.masked === false,
  );
  return entries.map((entry) => {
    // What a plugin put into an event is of no field: only who sees all of the record (but secrets, which nobody sees) sees that.
    if (entry.operation === "event" && !whole) return { ...entry, payload: null };
    if (entry.changes === null) return entry;
    const changes: Record<string, readonly [unknown, unknown]> = {};
    for (const [name, [before, after]] of Object.entries(entry.changes)) {
      const field = view.fields.get(name);
      if (field)
        changes[name] = [shown(field, open(field, entry, before)), shown(field, open(field, entry, after))];
    }
    return { ...entry, changes };
  });
}

const shown = (field: FieldModel, value: unknown): unknown =>
  field.masked && value !== null ? masked(field, value) : value;

type Opener = (field: FieldModel, entry: JournalEntry, value: unknown) => unknown;

const asItIs: Opener = (_field, _entry, value) => value;

async function opener(
  session: Session,
  view: EntityModel,
  entries: readonly JournalEntry[],
): Promise<Opener> {
  const sealed = view.fieldList.filter((field) => field.encrypted && field.sensitivity !== "secret");
  const texts = entries.flatMap(({ changes }) =>
    sealed.flatMap(({ name }) => (changes?.[name] ?? []).filter((value) => typeof value === "string")),
  ) as string[];
  if (texts.length === 0) return asItIs;
  let cipher = await session.reading();
  // Another process may have changed the keys since they were opened here.
  if (texts.some((text) => !cipher.knows(text))) cipher = await session.reading(true);
  return (field, entry, value) => {
    if (!sealed.includes(field) || typeof value !== "string" || !field.encrypted) return value;
    // A key that was destroyed took its values along.
    return cipher.knows(value) ? cipher.open(field.encrypted.place, entry.record as string, value) : null;
  };
}
