import type { Context } from "../context/context.js";
import type { Change, ChangesPage, ChangesQuery, JournalEntry } from "../context/journal.js";
import { InvalidCursor } from "../errors/core-errors.js";
import { readEntry } from "../journal/entry.js";
import { entriesAfter, headOf } from "../journal/read.js";
import type { Session } from "../runtime/session.js";
import { verified, visibleValues } from "./history.js";
import { loadByIds, readLimit } from "./read.js";

const PURPOSE = "changes";

/** What happened in the tenant after a cursor, as the actor may see it now. */
export async function readChanges(session: Session, query: ChangesQuery = {}): Promise<ChangesPage> {
  const limit = readLimit(query.limit);
  if (query.after === "now") {
    const { position } = await headOf(session);
    return { items: [], next: cursorAt(session, position), more: false };
  }
  const after = query.after == null ? 0 : placeOf(session, query.after);
  const rows = await entriesAfter(session, after, limit);
  const last = (rows[rows.length - 1]?.["position"] as number | undefined) ?? after;
  const entries = rows.map(
    (row): Change => ({ ...readEntry(row), cursor: cursorAt(session, row["position"] as number) }),
  );
  return {
    items: await visibleEntries(session, entries),
    next: cursorAt(session, last),
    more: rows.length === limit,
  };
}

export function cursorAt(session: Session, position: number): string {
  return session.tokens.sign(PURPOSE, [session.tenant, position]);
}

function placeOf(session: Session, cursor: unknown): number {
  const data = verified<[string, number]>(session.tokens, PURPOSE, cursor);
  if (!data || data[0] !== session.tenant)
    throw InvalidCursor({ reason: "This cursor was not made by this CRM for this tenant" });
  return data[1];
}

/**
 * Of entries of the journal those of records that the actor may see now, those in the recycle bin among them, each with
 * the fields only that he may see: one query per entity. For code that hands out what a subscriber has been given.
 */
export async function visibleEntries<E extends JournalEntry>(
  ctx: Context,
  entries: readonly E[],
): Promise<E[]> {
  const session = ctx as Session;
  const byEntity = new Map<string, Set<string>>();
  for (const { entity, record } of entries) {
    if (entity === null || record === null || !isServed(session, entity)) continue;
    const ids = byEntity.get(entity) ?? new Set();
    byEntity.set(entity, ids.add(record));
  }
  const seen = new Map<string, ReadonlySet<string>>();
  for (const [name, ids] of byEntity) {
    const found = await loadByIds(session, session.entity(name), [...ids], { withDeleted: true });
    seen.set(name, new Set(found.keys()));
  }
  const visible = new Map<JournalEntry, E>();
  for (const [name, ids] of seen) {
    const own = entries.filter(({ entity, record }) => entity === name && record !== null && ids.has(record));
    const values = await visibleValues(session, session.entity(name), own);
    own.forEach((entry, i) => {
      visible.set(entry, values[i] as E);
    });
  }
  return entries.flatMap((entry) => visible.get(entry) ?? []);
}

function isServed(session: Session, entity: string): boolean {
  return session.runtime.composition.entities.get(entity)?.internal === false;
}
