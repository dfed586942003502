import type { Context } from "../context/context.js";
import { CURSOR_TABLE } from "../migrations/journal-tables.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { tenantIs } from "./read.js";

const NAME = 100;

/** Where a reader has come in the journal of the context's tenant: 0 before its first entry. */
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
  const before = await read(session, name);
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

async function read(session: Session, name: string): Promise<number | undefined> {
  const [row] = await session.operations().findMany({
    table: CURSOR_TABLE.name,
    columns: ["position"],
    where: own(session, name),
    orderBy: [],
    limit: 1,
    ...(session.inTransaction ? { lock: "update" as const } : {}),
  });
  return row?.["position"] as number | undefined;
}

const own = ({ tenant }: Session, name: string): Filter =>
  and(tenantIs(tenant), { op: "eq", column: "name", value: name });
