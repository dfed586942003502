import type { Context } from "../context/context.js";
import type { JournalEntry } from "../context/journal.js";
import { CURSOR_TABLE, JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { tenantIs } from "./read.js";

const NAME = 100;
const PAGE = 500;

/** What an entry is about, without what it says. */
export type EntrySubject = Pick<JournalEntry, "entity" | "record" | "event">;

/** Where a reader has come in the journal of the context's tenant: 0 before its first entry. Locks nothing. */
export async function cursorPosition(ctx: Context, name: string): Promise<number> {
  return (await read(ctx as Session, name)) ?? 0;
}

/**
 * Marks everything up to `position` as done by a reader whose entries come by another way than a subscriber. In a
 * transaction together with what was done, so that entries which come again are told from new ones: the cursor is locked
 * until the transaction ends, and never goes back.
 *
 * @returns where the cursor was before: entries up to there were done already
 * @throws unique-violation where two begin at the same moment: try again
 */
export async function passCursor(tx: Context, name: string, position: number): Promise<number> {
  if (!tx.inTransaction || name === "" || name.length > NAME)
    throw new TypeError(`passCursor() works inside transaction(), under a name of 1 to ${NAME} characters`);
  const session = tx as Session;
  const before = await read(session, name, "update");
  const operations = session.operations();
  if (before === undefined) {
    const row = { tenant_id: session.tenant, name, position, holder: null, held_until: null };
    await operations.insertMany(CURSOR_TABLE.name, [{ ...row, updated_at: session.now() }]);
    return 0;
  }
  if (position > before)
    await operations.updateWhere(CURSOR_TABLE.name, own(session, name), {
      position,
      updated_at: session.now(),
    });
  return before;
}

/**
 * What a subscriber has handled after `position`, in pages; for transactions that make something which it looks for. From
 * then on it waits for the end of the transaction: what is not told here, it handles when it can see what was made. So
 * nothing falls in between. Ask late in the transaction: it holds the subscriber up.
 *
 * @param name of a subscriber that starts at the beginning
 * @param position from `cursorPosition`, read before the transaction looked at anything
 */
export async function* handledSince(
  tx: Context,
  name: string,
  position: number,
): AsyncGenerator<readonly EntrySubject[]> {
  if (!tx.inTransaction) throw new TypeError("handledSince() works inside transaction()");
  const session = tx as Session;
  const operations = session.operations();
  let end = await read(session, name, "share");
  if (end === undefined) {
    // Without a row there is nothing to hold it up by.
    const row = { tenant_id: session.tenant, name, position: 0, holder: null, held_until: null };
    const key = ["tenant_id", "name"];
    await operations.upsert(CURSOR_TABLE.name, [{ ...row, updated_at: session.now() }], key, []);
    end = (await read(session, name, "share")) ?? 0;
  }
  for (let after = position; after < end; ) {
    const rows = await operations.findMany({
      table: JOURNAL_TABLE.name,
      columns: ["position", "entity", "record", "event"],
      where: and(
        tenantIs(session.tenant),
        { op: "gt", column: "position", value: after },
        { op: "lte", column: "position", value: end },
      ),
      orderBy: [{ column: "position", direction: "asc" }],
      limit: PAGE,
    });
    yield rows.map(({ entity, record, event }) => ({ entity, record, event }) as EntrySubject);
    if (rows.length < PAGE) return;
    after = rows[rows.length - 1]?.["position"] as number;
  }
}

/**
 * The position of the last event of one kind that was entered after `from` and not after `to`; undefined where there was
 * none. Locks nothing, and reads what was entered in between by the database alone.
 *
 * @param event its name, and where it has to be about one record, that one
 * @param to from `cursorPosition`
 */
export async function lastEvent(
  ctx: Context,
  { event, entity, record }: { readonly event: string; readonly entity?: string; readonly record?: string },
  from: number,
  to: number,
): Promise<number | undefined> {
  const session = ctx as Session;
  const about: Filter[] = [
    ...(record === undefined ? [] : [{ op: "eq" as const, column: "record", value: record }]),
    ...(entity === undefined ? [] : [{ op: "eq" as const, column: "entity", value: entity }]),
  ];
  const [row] = await session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ["position"],
    where: and(
      tenantIs(session.tenant),
      { op: "gt", column: "position", value: from },
      { op: "lte", column: "position", value: to },
      { op: "eq", column: "event", value: event },
      ...about,
    ),
    orderBy: [{ column: "position", direction: "desc" }],
    limit: 1,
  });
  return row?.["position"] as number | undefined;
}

async function read(session: Session, name: string, lock?: "update" | "share"): Promise<number | undefined> {
  const [row] = await session.operations().findMany({
    table: CURSOR_TABLE.name,
    columns: ["position"],
    where: own(session, name),
    orderBy: [],
    limit: 1,
    ...(lock ? { lock } : {}),
  });
  return row?.["position"] as number | undefined;
}

const own = ({ tenant }: Session, name: string): Filter =>
  and(tenantIs(tenant), { op: "eq", column: "name", value: name });
