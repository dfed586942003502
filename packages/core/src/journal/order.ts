import { TransactionMisuse } from "../errors/core-errors.js";
import { UniqueViolation } from "../errors/storage-errors.js";
import { JOURNAL_HEAD_TABLE, JOURNAL_TABLE } from "../migrations/journal-tables.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import type { RowUpdate, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { genesis, SEALED, sealOf, UNORDERED } from "./entry.js";

const BATCH = 500;

interface Turn {
  running: Promise<void> | undefined;
  waiting: Promise<void> | undefined;
}

const turns = new WeakMap<Runtime, Map<string, Turn>>();

/**
 * Gives every committed entry of the session's tenant its position, without gaps, and seals it into the chain. What
 * commits later gets a later position, so that whoever remembers a position misses nothing; writers never wait for it.
 * Any number of processes may do it at once: the head of the tenant is locked. Within this process those who ask
 * while one runs share the next.
 */
export function orderJournal(session: Session): Promise<void> {
  outside(session);
  const tenants = turns.get(session.runtime) ?? new Map<string, Turn>();
  turns.set(session.runtime, tenants);
  const turn = tenants.get(session.tenant) ?? { running: undefined, waiting: undefined };
  tenants.set(session.tenant, turn);
  if (turn.waiting) return turn.waiting;
  const start = (): Promise<void> => {
    turn.waiting = undefined;
    turn.running = orderAll(session).finally(() => {
      turn.running = undefined;
      if (!turn.waiting) tenants.delete(session.tenant);
    });
    return turn.running;
  };
  if (!turn.running) return start();
  turn.waiting = turn.running.then(start, start);
  return turn.waiting;
}

/** @throws transaction-misuse */
export function outside(session: Session): void {
  if (!session.inTransaction) return;
  throw TransactionMisuse({
    reason:
      "The journal is read outside of transactions: what a transaction wrote is in it after the commit.",
  });
}

/** Whether a committed entry waits for its position. */
export async function hasUnordered(session: Session): Promise<boolean> {
  const rows = await session.operations().findMany({
    table: JOURNAL_TABLE.name,
    columns: ["id"],
    where: unordered(session),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: 1,
  });
  return rows.length > 0;
}

async function orderAll(asked: Session): Promise<void> {
  // Without the caller's signal: others may wait for the same turn.
  const session = asked.outside();
  for (let size = BATCH; ; ) {
    const { found, ordered } = await orderBatch(session, size);
    if (found < size) return;
    // None could go, since earlier versions lie behind this batch: it has to be larger.
    size = ordered === 0 ? size * 2 : BATCH;
  }
}

const unordered = (session: Session): Filter =>
  and(
    { op: "eq", column: "tenant_id", value: session.tenant },
    { op: "eq", column: "position", value: UNORDERED },
  );

async function orderBatch(session: Session, size: number): Promise<{ found: number; ordered: number }> {
  const ofTenant: Filter = { op: "eq", column: "tenant_id", value: session.tenant };
  const done = await session.atomically(async (tx) => {
    const [head] = await tx.operations().findMany({
      table: JOURNAL_HEAD_TABLE.name,
      columns: ["position", "hash"],
      where: ofTenant,
      orderBy: [],
      limit: 1,
      lock: "update",
    });
    if (!head) return undefined;
    // After the lock: what the one before had ordered is seen as ordered.
    const rows = await tx.operations().findMany({
      table: JOURNAL_TABLE.name,
      columns: SEALED,
      where: unordered(tx),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: size,
    });
    const ready = byVersion(rows.length < size ? rows : await withoutFollowers(tx, rows));
    if (ready.length === 0) return { found: rows.length, ordered: 0 };
    let position = head["position"] as number;
    let hash = head["hash"] as string;
    const sealed = ready.map((row): RowUpdate => {
      position += 1;
      const placed = { ...row, position };
      hash = sealOf(hash, placed);
      const own: Filter = { op: "eq", column: "id", value: row["id"] as string };
      return { where: and(ofTenant, own), patch: { position, hash } };
    });
    await tx.operations().updateEach(JOURNAL_TABLE.name, sealed);
    await tx.operations().updateWhere(JOURNAL_HEAD_TABLE.name, ofTenant, { position, hash });
    return { found: rows.length, ordered: ready.length };
  });
  if (done) return done;
  await startHead(session);
  return orderBatch(session, size);
}

async function startHead(session: Session): Promise<void> {
  const { tenant } = session;
  try {
    await session
      .operations()
      .insertMany(JOURNAL_HEAD_TABLE.name, [{ tenant_id: tenant, position: 0, hash: genesis(tenant) }]);
  } catch (error) {
    // Another process came first.
    if (!UniqueViolation.is(error)) throw error;
  }
}

/**
 * Leaves out what follows on an entry that is not in the batch. Ids of several processes are in the order of their
 * clocks, which is not quite the order in which they wrote one record.
 */
async function withoutFollowers(session: Session, rows: readonly StoredRow[]): Promise<StoredRow[]> {
  const records = new Set<string>();
  for (const row of rows) if (isVersion(row)) records.add(row["record"] as string);
  if (records.size === 0) return [...rows];
  const last = rows[rows.length - 1]?.["id"] as string;
  const behind = await session.operations().aggregate({
    table: JOURNAL_TABLE.name,
    where: and(
      unordered(session),
      { op: "in", column: "record", values: [...records] },
      { op: "gt", column: "id", value: last },
    ),
    groupBy: [{ as: "record", column: "record" }],
    measures: [{ as: "version", fn: "min", column: "version" }],
    orderBy: [],
    limit: records.size,
  });
  const limits = new Map(behind.map((row) => [row["record"], row["version"] as number | null]));
  return rows.filter((row) => {
    const limit = limits.get(row["record"]);
    return limit == null || !isVersion(row) || (row["version"] as number) < limit;
  });
}

const isVersion = (row: StoredRow): boolean => row["record"] != null && row["version"] != null;

/** In order of ids, but entries of one record in order of its versions. */
function byVersion(rows: readonly StoredRow[]): StoredRow[] {
  const places = new Map<unknown, number[]>();
  rows.forEach((row, i) => {
    if (!isVersion(row)) return;
    const list = places.get(row["record"]);
    if (list) list.push(i);
    else places.set(row["record"], [i]);
  });
  const ordered = [...rows];
  for (const list of places.values()) {
    if (list.length < 2) continue;
    const versions = list
      .map((i) => rows[i] as StoredRow)
      .sort((a, b) => (a["version"] as number) - (b["version"] as number));
    list.forEach((place, n) => {
      ordered[place] = versions[n] as StoredRow;
    });
  }
  return ordered;
}
