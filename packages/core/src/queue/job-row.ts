import type { JobRecord, JobState } from "../context/jobs.js";
import type { ClaimedJob, JobSubject, NewJob, ReadyJob } from "../jobs/job-engine.js";
import { JOB_TABLE } from "../migrations/job-table.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { StoredRow } from "../storage/adapter.js";
import type { Filter } from "../storage/filter.js";
import { sha256Hex } from "../util/hash.js";

export const TABLE = JOB_TABLE.name;

export const is = (column: string, value: string | number): Filter => ({ op: "eq", column, value });
export const inState = (...states: JobState[]): Filter =>
  states.length === 1 ? is("state", states[0] as string) : { op: "in", column: "state", values: states };
export const idIn = (ids: readonly string[]): Filter => ({ op: "in", column: "id", values: ids });
export const ofTenant = (tenant: string): Filter => is(TENANT_COLUMN, tenant);

/** Of all tenants in one space: the column is unique over them. */
export const laneOf = (tenant: string, queue: string, key: string): string =>
  sha256Hex(JSON.stringify([tenant, queue, key]));

export const dedupeOf = (queue: string, dedupeId: string): string =>
  sha256Hex(JSON.stringify([queue, dedupeId]));

/** A job as it is kept at first. One with a key is blocked until it has a seat in its lane. */
export function rowOf(tenant: string, now: string, job: NewJob): StoredRow {
  return {
    id: job.id,
    [TENANT_COLUMN]: tenant,
    queue: job.queue,
    name: job.name,
    state: job.key ? "blocked" : waiting(job.runAt, now),
    rank: -job.priority,
    run_at: job.runAt,
    input: job.input,
    lane: job.key ? laneOf(tenant, job.queue, job.key.text) : null,
    key: job.key?.text ?? null,
    seats: job.key?.seats ?? 0,
    seat: null,
    dedupe: job.dedupeId === null ? null : dedupeOf(job.queue, job.dedupeId),
    attempts: 0,
    stalls: 0,
    token: null,
    worker: null,
    beats: 0,
    lease: job.lease,
    error: null,
    subject: JSON.stringify(job.subject),
    cause: job.cause.join(" "),
    request_id: job.requestId,
    enqueued_at: now,
    finished_at: null,
    expires_at: null,
  };
}

export const waiting = (runAt: string, now: string): JobState => (runAt <= now ? "ready" : "delayed");

export const CLAIM_COLUMNS: readonly string[] = Object.freeze([
  "id",
  TENANT_COLUMN,
  "queue",
  "name",
  "rank",
  "run_at",
  "input",
  "key",
  "seats",
  "attempts",
  "lease",
  "subject",
  "cause",
  "request_id",
]);

export const READY_COLUMNS: readonly string[] = Object.freeze(["id", TENANT_COLUMN, "queue", "rank"]);

export const readyOf = (row: StoredRow): ReadyJob => ({
  id: row["id"] as string,
  tenant: row[TENANT_COLUMN] as string,
  queue: row["queue"] as string,
  priority: -(row["rank"] as number) || 0,
});

export function claimedOf(row: StoredRow, token: string): ClaimedJob {
  const key = row["key"] as string | null;
  const cause = row["cause"] as string;
  return {
    id: row["id"] as string,
    tenant: row[TENANT_COLUMN] as string,
    queue: row["queue"] as string,
    name: row["name"] as string,
    priority: -(row["rank"] as number) || 0,
    runAt: row["run_at"] as string,
    input: row["input"] as string,
    key: key === null ? null : { text: key, seats: row["seats"] as number },
    attempts: row["attempts"] as number,
    lease: row["lease"] as number,
    subject: JSON.parse(row["subject"] as string) as JobSubject,
    cause: cause === "" ? [] : cause.split(" "),
    requestId: row["request_id"] as string | null,
    token,
  };
}

export const RECORD_COLUMNS: readonly string[] = Object.freeze([
  "id",
  "name",
  "queue",
  "state",
  "rank",
  "run_at",
  "input",
  "attempts",
  "stalls",
  "error",
  "subject",
  "enqueued_at",
  "finished_at",
]);

export function recordOf(row: StoredRow): JobRecord {
  const { actor } = JSON.parse(row["subject"] as string) as JobSubject;
  const input = row["input"] as string | null;
  return {
    id: row["id"] as string,
    name: row["name"] as string,
    queue: row["queue"] as string,
    state: row["state"] as JobState,
    priority: -(row["rank"] as number) || 0,
    runAt: row["run_at"] as string,
    input: input === null ? null : JSON.parse(input),
    attempts: row["attempts"] as number,
    stalls: row["stalls"] as number,
    error: row["error"] as string | null,
    actor: { kind: actor.kind, id: "id" in actor ? actor.id : null },
    enqueuedAt: row["enqueued_at"] as string,
    finishedAt: row["finished_at"] as string | null,
  };
}
