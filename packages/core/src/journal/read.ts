import { JOURNAL_HEAD_TABLE, JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
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

async function ordered(session: Session, after: number, limit: number): Promise<StoredRow[]> {
  const rows = await session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(tenantIs(session.tenant), {
      op: "gt",
      column: "position",
      value: Math.max(after, UNORDERED),
    }),
    orderBy: [{ column: "position", direction: "asc" }],
    limit,
  });
  return withinTrail(session, rows);
}

/**
 * Without what somebody has put beyond the end: a reader who takes it for the next would miss all that is entered until
 * then. `verifyAudit` tells of it.
 */
async function withinTrail(session: Session, rows: StoredRow[]): Promise<StoredRow[]> {
  if (rows.length === 0) return rows;
  const end = (await readHead(session)).position;
  const isWithin = (row: StoredRow) => (row["position"] as number) <= end;
  return rows.every(isWithin) ? rows : rows.filter(isWithin);
}

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
  const end = (await readHead(session)).position;
  return session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(
      tenantIs(session.tenant),
      { op: "lte", column: "position", value: end },
      { op: "eq", column: "record", value: record },
      { op: "eq", column: "entity", value: entity },
      { op: "gt", column: "position", value: UNORDERED },
      ...(before === undefined ? [] : [{ op: "lt", column: "position", value: before } as const]),
    ),
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
  const end = (await readHead(session)).position;
  return session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ENTRY_COLUMNS,
    where: and(
      tenantIs(session.tenant),
      { op: "lte", column: "position", value: end },
      { op: "in", column: "record", values: records },
      { op: "eq", column: "entity", value: entity },
      { op: "gt", column: "position", value: UNORDERED },
    ),
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
