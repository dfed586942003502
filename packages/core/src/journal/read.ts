import { JOURNAL_HEAD_TABLE, JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { Session } from "../runtime/session.js";
import type { FindSpec, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { ENTRY_COLUMNS, genesis, UNORDERED } from "./entry.js";
import { hasUnordered, orderJournal, outside } from "./order.js";

/** Entries after a position, in order, with what is committed by now. Every entry, whoever may see it. */
export async function entriesAfter(session: Session, after: number, limit: number): Promise<StoredRow[]> {
  outside(session);
  const rows = await ordered(session, after, limit);
  if (rows.length === limit || !(await hasUnordered(session))) return rows;
  await orderJournal(session);
  return ordered(session, after, limit);
}

function ordered(session: Session, after: number, limit: number): Promise<StoredRow[]> {
  const order = { orderBy: [{ column: "position", direction: "asc" as const }], limit };
  return placed(session, [], order, after);
}

/**
 * Entries that have a place, up to the end of the trail. Somebody who puts one beyond it would have readers take it for the
 * next and miss all that is entered until then; `verifyAudit` tells of it.
 */
async function placed(
  session: Session,
  which: readonly Filter[],
  order: Pick<FindSpec, "orderBy" | "limit" | "after">,
  after: number = UNORDERED,
): Promise<StoredRow[]> {
  const { position: end } = await readHead(session);
  return session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(
      tenantIs(session.tenant),
      // One bound alone: of two, SQLite may walk the index from the wider one.
      { op: "gt", column: "position", value: after },
      { op: "lte", column: "position", value: end },
      ...which,
    ),
    ...order,
  });
}

const ofRecords = (entity: string, records: readonly string[]): Filter[] => [
  { op: "in", column: "record", values: records },
  { op: "eq", column: "entity", value: entity },
];

/** Entries of one record, newest first, before a position. */
export async function entriesOf(
  session: Session,
  entity: string,
  record: string,
  before: number | undefined,
  limit: number,
): Promise<StoredRow[]> {
  outside(session);
  if (await hasUnordered(session)) await orderJournal(session);
  const earlier: Filter[] = before === undefined ? [] : [{ op: "lt", column: "position", value: before }];
  return placed(session, [...ofRecords(entity, [record]), ...earlier], {
    orderBy: [{ column: "position", direction: "desc" }],
    limit,
  });
}

/** The place of an entry among those of several records. */
export type RecordPlace = readonly [record: string, position: number];

/** Entries of several records of an entity: one record after the other, of each the newest first. Not in a transaction. */
export async function entriesOfAll(
  session: Session,
  entity: string,
  records: readonly string[],
  after: RecordPlace | undefined,
  limit: number,
): Promise<StoredRow[]> {
  return placed(session, ofRecords(entity, records), {
    orderBy: [
      { column: "record", direction: "desc" },
      { column: "position", direction: "desc" },
    ],
    limit,
    ...(after === undefined ? {} : { after }),
  });
}

export interface Head {
  readonly position: number;
  readonly hash: string;
}

/** Whether anything was committed after a position: what has no position yet comes after all that have one. */
export async function hasAfter(session: Session, position: number): Promise<boolean> {
  return (await readHead(session)).position > position || hasUnordered(session);
}

/** Where the order of the session's tenant ends by now. */
export async function headOf(session: Session): Promise<Head> {
  outside(session);
  if (await hasUnordered(session)) await orderJournal(session);
  return readHead(session);
}

async function readHead(session: Session): Promise<Head> {
  const [row] = await session.operations().findMany({
    table: JOURNAL_HEAD_TABLE.name,
    columns: ["position", "hash"],
    where: tenantIs(session.tenant),
    orderBy: [],
    limit: 1,
  });
  if (!row) return { position: 0, hash: genesis(session.tenant) };
  return { position: row["position"] as number, hash: row["hash"] as string };
}

export const tenantIs = (tenant: string): Filter => ({ op: "eq", column: "tenant_id", value: tenant });
