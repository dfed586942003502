import type { JobQuery, JobRecord, JobState } from "../context/jobs.js";
import type { Page } from "../context/query.js";
import { InvalidCursor, NotFound } from "../errors/core-errors.js";
import { JobStateConflict } from "../jobs/errors.js";
import type { ReadyJob } from "../jobs/job-engine.js";
import { readLimit } from "../repository/read.js";
import type { Session } from "../runtime/session.js";
import type { Patch, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { isUuid } from "../util/uuid.js";
import {
  idIn,
  inState,
  is,
  ofTenant,
  READY_COLUMNS,
  RECORD_COLUMNS,
  readyOf,
  recordOf,
  TABLE,
  waiting,
} from "./job-row.js";

const PURPOSE = "jobs";
const MAX_IDS = 500;
const REPLAYABLE: readonly JobState[] = ["dead", "cancelled"];
const CANCELLABLE: readonly JobState[] = ["blocked", "delayed", "ready", "running", "dead"];

/** Newest first. */
export async function listJobs(session: Session, query: JobQuery): Promise<Page<JobRecord>> {
  const limit = readLimit(query.limit);
  const conditions = (["state", "name", "queue"] as const).flatMap((column): Filter[] => {
    const value = query[column];
    return value === undefined ? [] : [is(column, value)];
  });
  if (query.ids && query.ids.length > MAX_IDS)
    throw new TypeError(`jobs.list() takes at most ${MAX_IDS} "ids", not ${query.ids.length}`);
  // What is no id names no job, and no engine should be asked to read it as one.
  const named = query.ids ? [idIn(query.ids.map((id) => String(id).toLowerCase()).filter(isUuid))] : [];
  const rows = await session.operations().findMany({
    table: TABLE,
    columns: RECORD_COLUMNS,
    where: and(ofTenant(session.tenant), ...conditions, ...named),
    orderBy: [{ column: "id", direction: "desc" }],
    ...(query.after == null ? {} : { after: [placeOf(session, query.after)] }),
    limit: limit + 1,
  });
  const more = rows.length > limit;
  const items = rows.slice(0, limit).map(recordOf);
  const last = items[items.length - 1]?.id;
  return { items, next: more ? session.tokens.sign(PURPOSE, [session.tenant, last]) : null };
}

function placeOf(session: Session, cursor: string): string {
  const data = session.tokens.verify<[string, string]>(PURPOSE, cursor);
  if (data?.[0] !== session.tenant) throw InvalidCursor({ reason: "This cursor was not made for this list" });
  return data[1];
}

export async function findJob(session: Session, id: string): Promise<JobRecord | undefined> {
  const row = await read(session, id, RECORD_COLUMNS);
  return row && recordOf(row);
}

/** Where a job was that has just been changed. */
export interface Changed {
  readonly job: ReadyJob;
  readonly lane: string | null;
}

export async function replayJob(session: Session, id: string): Promise<Changed> {
  const row = await find(session, id);
  const now = session.now();
  // With a key it waits behind the others once more.
  const state = row["lane"] === null ? waiting(now, now) : "blocked";
  const patch = { state, run_at: now, attempts: 0, stalls: 0, finished_at: null, expires_at: null };
  if (row["input"] === null) throw conflict(row, "replay");
  return settle(session, row, REPLAYABLE, patch, "replay");
}

export async function cancelJob(session: Session, id: string, patch: Patch): Promise<Changed> {
  return settle(session, await find(session, id), CANCELLABLE, patch, "cancel");
}

type Row = StoredRow;

async function settle(
  session: Session,
  row: Row,
  from: readonly JobState[],
  patch: Patch,
  wanted: string,
): Promise<Changed> {
  const where = and(ofTenant(session.tenant), is("id", row["id"] as string), inState(...from));
  const { count } = await session.operations().updateWhere(TABLE, where, patch);
  if (count === 0) throw conflict(row, wanted);
  return { job: readyOf(row), lane: row["lane"] as string | null };
}

const conflict = (row: Row, wanted: string) =>
  JobStateConflict({ id: row["id"] as string, state: row["state"] as string, wanted });

async function find(session: Session, id: string): Promise<Row> {
  const row = await read(session, id, [...READY_COLUMNS, "lane", "state", "input"]);
  if (!row) throw NotFound({ entity: "job", id: String(id).slice(0, 64) });
  return row;
}

async function read(session: Session, id: string, columns: readonly string[]): Promise<Row | undefined> {
  const lower = String(id).toLowerCase();
  // What is no id names no job, and no engine should be asked to read it as one.
  if (!isUuid(lower)) return undefined;
  const [row] = await session.operations().findMany({
    table: TABLE,
    columns,
    where: and(ofTenant(session.tenant), is("id", lower)),
    orderBy: [],
    limit: 1,
  });
  return row;
}
