import { ErasureMoved } from "../errors/privacy-errors.js";
import type { Subject } from "../privacy/define-personal-data.js";
import { ERASURE_TABLE } from "../privacy/erasure-table.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { ofTenant } from "./rows.js";
import { type StoredSubject, storedSubject, subjectOf } from "./subject.js";

/** What was done to the records of one entity. */
export interface ErasedCount {
  readonly anonymised: number;
  readonly deleted: number;
  /** Entries of the journal whose values were removed. */
  readonly journal: number;
}

/** What was done, and when, and by whom; nothing of it says who the person was. */
export interface ErasureCertificate {
  readonly id: string;
  readonly tenant: string;
  readonly state: "running" | "done";
  /** Ids of the records that were the person: they name nothing that is left. */
  readonly persons: Readonly<Record<string, readonly string[]>>;
  /** `user:…`, `apiKey:…` or `system:…` with the reason. */
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly finishedAt: string | null;
  readonly erased: Readonly<Record<string, ErasedCount>>;
}

/** Where an erasure stands. Written in the transaction of what it counts. */
export interface ErasureProgress {
  /** Entities that are finished. */
  readonly done: readonly string[];
  /** Id of the last record of the entity under way. */
  readonly after: string | null;
  readonly erased: Readonly<Record<string, ErasedCount>>;
}

export interface ErasureJob {
  readonly id: string;
  readonly tenant: string;
  readonly step: number;
  readonly subject: Subject;
  readonly progress: ErasureProgress;
  readonly certificate: ErasureCertificate;
}

const TABLE = ERASURE_TABLE.name;
const COLUMNS = ERASURE_TABLE.columns.map((column) => column.name);
const byId = (id: string): Filter => ({ op: "eq", column: "id", value: id });

export async function startJob(session: Session, subject: Subject, requestedBy: string): Promise<ErasureJob> {
  const progress: ErasureProgress = { done: [], after: null, erased: {} };
  const row: StoredRow = {
    id: session.newId(),
    tenant_id: session.tenant,
    state: "running",
    step: 1,
    subject: JSON.stringify(storedSubject(subject)),
    progress: JSON.stringify(progress),
    requested_by: requestedBy.slice(0, 255),
    requested_at: session.now(),
    finished_at: null,
  };
  await session.operations().insertMany(TABLE, [row]);
  return jobOf(row);
}

/** Moves a job on, in the transaction of its work. @throws erasure-moved where another run did */
export async function moveJob(
  session: Session,
  job: ErasureJob,
  progress: ErasureProgress,
): Promise<ErasureJob> {
  await change(session, job, { progress: JSON.stringify(progress) });
  return { ...job, step: job.step + 1, progress };
}

/** Ends a job: of the subject, only the ids are kept. */
export async function finishJob(session: Session, job: ErasureJob): Promise<ErasureCertificate> {
  const subject: StoredSubject = { persons: Object.fromEntries(job.subject.persons), email: [], phone: [] };
  const finishedAt = session.now();
  await change(session, job, { state: "done", subject: JSON.stringify(subject), finished_at: finishedAt });
  return { ...job.certificate, state: "done", finishedAt, erased: job.progress.erased };
}

async function change(session: Session, job: ErasureJob, patch: StoredRow): Promise<void> {
  const step: Filter = { op: "eq", column: "step", value: job.step };
  const { count } = await session
    .operations()
    .updateWhere(TABLE, and(ofTenant(session), byId(job.id), step), { ...patch, step: job.step + 1 });
  if (count === 0) throw ErasureMoved({ id: job.id });
}

export async function listJobs(
  session: Session,
  state: "running" | "done" | undefined,
  after: string | undefined,
): Promise<ErasureJob[]> {
  const where: Filter[] = state ? [{ op: "eq", column: "state", value: state }] : [];
  const rows = await session.operations().findMany({
    table: TABLE,
    columns: COLUMNS,
    where: and(ofTenant(session), ...where),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: 100,
    ...(after === undefined ? {} : { after: [after] }),
  });
  return rows.map(jobOf);
}

function jobOf(row: StoredRow): ErasureJob {
  const subject = subjectOf(JSON.parse(row["subject"] as string) as StoredSubject);
  const progress = JSON.parse(row["progress"] as string) as ErasureProgress;
  const id = row["id"] as string;
  const tenant = row["tenant_id"] as string;
  return {
    id,
    tenant,
    step: row["step"] as number,
    subject,
    progress,
    certificate: {
      id,
      tenant,
      state: row["state"] as "running" | "done",
      persons: Object.fromEntries(subject.persons),
      requestedBy: row["requested_by"] as string,
      requestedAt: row["requested_at"] as string,
      finishedAt: (row["finished_at"] ?? null) as string | null,
      erased: progress.erased,
    },
  };
}
