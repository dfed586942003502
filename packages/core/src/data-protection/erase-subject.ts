import type { Context } from "../context/context.js";
import { forgetAnswers } from "../idempotency/forget.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import { decodeRows } from "../repository/decode-rows.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { belongs, erasureOrder, mentions, unattached } from "./belongs.js";
import { eraseJobs } from "./erase-jobs.js";
import { eraseRows, hideRows } from "./erase-rows.js";
import { erasePastStates } from "./erase-states.js";
import {
  type ErasedCount,
  type ErasureCertificate,
  type ErasureJob,
  finishJob,
  listJobs,
  moveJob,
  startJob,
} from "./erasure-job.js";
import { eraseHistory } from "./history.js";
import { idsOf, missing } from "./left-behind.js";
import { purgedAmong } from "./purged-records.js";
import { asSystem, permitted, seen } from "./require-permission.js";
import { PAGE, pageOf } from "./rows.js";
import { findSubject, type Person, type PersonRef } from "./subject.js";

export interface ErasureOptions {
  /** Stops between two batches; `resumeErasures` takes it up again. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly entity: string; readonly done: number }) => void;
}

/**
 * Erases a person: his records, what hangs on them, their history. In batches, each a transaction with the note of how
 * far it has come, so that a run that dies is taken up where it stood.
 *
 * @param ctx of an actor with the permission `privacy.erase`, who may see the records
 * @param person a record, also one that was purged and is in the journal alone; or an address: whatever is tied to it
 * @returns what was done, without anything personal; kept in the database
 * @throws forbidden, not-found, subject-unknown, erasure-moved
 */
export async function eraseSubject(
  ctx: Context,
  person: Person | readonly Person[],
  options: ErasureOptions = {},
): Promise<ErasureCertificate> {
  const session = permitted(ctx, "privacy.erase");
  const named = Array.isArray(person) ? (person as readonly Person[]) : [person as Person];
  await seen(session, named);
  const system = asSystem(session, "erasure of a person");
  const subject = await findSubject(system, named);
  const job = await startJob(system, subject, requester(session));
  return carryOut(system, job, options);
}

/** Goes on with the tenant's erasures that were interrupted. */
export async function resumeErasures(
  ctx: Context,
  options: ErasureOptions = {},
): Promise<ErasureCertificate[]> {
  const system = asSystem(permitted(ctx, "privacy.erase"), "erasure of a person");
  const finished: ErasureCertificate[] = [];
  for (let jobs = await listJobs(system, "running", undefined); jobs.length > 0; ) {
    for (const job of jobs) finished.push(await carryOut(system, job, options));
    jobs = await listJobs(system, "running", jobs[jobs.length - 1]?.id);
  }
  return finished;
}

/** What was erased in the tenant, oldest first. Keep it apart from the backups: `reapplyErasures` takes it. */
export async function* listErasures(ctx: Context): AsyncGenerator<ErasureCertificate> {
  const system = asSystem(permitted(ctx, "privacy.erase"), "list of erasures");
  let after: string | undefined;
  for (;;) {
    const jobs = await listJobs(system, undefined, after);
    for (const job of jobs) yield job.certificate;
    after = jobs[jobs.length - 1]?.id;
    if (after === undefined) return;
  }
}

/**
 * Erases again whom a restored backup has brought back. Takes the certificates of `listErasures`, of this tenant, as they
 * were kept outside of the database.
 */
export async function reapplyErasures(
  ctx: Context,
  certificates: Iterable<ErasureCertificate> | AsyncIterable<ErasureCertificate>,
  options: ErasureOptions = {},
): Promise<ErasureCertificate[]> {
  const session = permitted(ctx, "privacy.erase");
  const system = asSystem(session, "erasure after a restore");
  const again: ErasureCertificate[] = [];
  for await (const { tenant, persons } of certificates) {
    if (tenant !== session.tenant) continue;
    for (const [entity, ids] of Object.entries(persons)) {
      const model = system.runtime.composition.personal.get(entity);
      if (!model) continue;
      const rows = await pageOf(system, model.entity, { op: "in", column: "id", values: ids }, undefined);
      const there = rows.map((row) => row["id"] as string);
      const purged = await purgedAmong(
        system,
        model,
        ids.filter((id) => !there.includes(id)),
      );
      const named = [...there, ...purged.map(({ id }) => id)].map((id): PersonRef => ({ entity, id }));
      if (named.length === 0) continue;
      const job = await startJob(system, await findSubject(system, named), requester(session));
      again.push(await carryOut(system, job, options));
    }
  }
  return again;
}

function requester({ actor }: Session): string {
  if (actor.kind === "system") return `system:${actor.reason}`;
  return actor.kind === "public" ? `public:${actor.route}` : `${actor.kind}:${actor.id}`;
}

const none: ErasedCount = { anonymised: 0, deleted: 0, journal: 0 };
/** Goes before the entities: nothing that it does can be done twice. */
const PREPARED = "*";
/** Jobs: what they were given may be personal, whatever their plugins declare. */
const JOBS = "@";
/** Goes before the entities as well, while it can be told what was gone before. */
const GONE = "!";

async function carryOut(
  system: Session,
  begun: ErasureJob,
  options: ErasureOptions,
): Promise<ErasureCertificate> {
  const { personal } = system.runtime.composition;
  let job = begun;
  if (!job.progress.done.includes(PREPARED)) job = await system.atomically((tx) => prepare(tx, job));
  while (!job.progress.done.includes(GONE) && (job.progress.after ?? GONE).startsWith(GONE)) {
    options.signal?.throwIfAborted();
    job = await system.atomically((tx) => eraseGone(tx, job));
  }
  const hasAddress = job.subject.addresses.email.length + job.subject.addresses.phone.length > 0;
  while (hasAddress && !job.progress.done.includes(JOBS)) {
    options.signal?.throwIfAborted();
    job = await system.atomically((tx) => eraseJobPage(tx, job));
  }
  for (const model of erasureOrder(personal)) {
    const { name } = model.entity;
    while (!job.progress.done.includes(name)) {
      options.signal?.throwIfAborted();
      job = await system.atomically((tx) => eraseBatch(tx, model, job));
      const counts = job.progress.erased[name] ?? none;
      options.onProgress?.({ entity: name, done: counts.anonymised + counts.deleted });
    }
  }
  const done = await system.atomically(async (tx) => {
    // At the end, so that what was answered meanwhile goes as well.
    await forgetAnswers(tx);
    return finishJob(tx, job);
  });
  await system.runtime.storage.scrub?.();
  return done;
}

async function prepare(tx: Session, job: ErasureJob): Promise<ErasureJob> {
  const { personal } = tx.runtime.composition;
  for (const model of personal.values()) for (const run of model.onErase) await run(job.subject, tx);
  for (const [entity, ids] of job.subject.persons)
    await hideRows(tx, (personal.get(entity) as PersonalModel).entity, ids);
  return moveJob(tx, job, { ...job.progress, done: [PREPARED] });
}

async function eraseJobPage(tx: Session, job: ErasureJob): Promise<ErasureJob> {
  const { done, after, erased } = job.progress;
  const from = after?.startsWith(JOBS) ? after.slice(JOBS.length) : undefined;
  const { cleared, cancelled, next } = await eraseJobs(tx, job.subject, from);
  const before = erased["@jobs"] ?? none;
  const counts = {
    ...{
      anonymised: before.anonymised + cleared - cancelled,
      deleted: before.deleted + cancelled,
      journal: 0,
    },
  };
  return moveJob(tx, job, {
    done: next === null ? [...done, JOBS] : done,
    after: next === null ? null : `${JOBS}${next}`,
    erased: cleared > 0 ? { ...erased, "@jobs": counts } : erased,
  });
}

/** The journal of some records that are in no table any more. */
async function eraseGone(tx: Session, job: ErasureJob): Promise<ErasureJob> {
  const { done, after, erased } = job.progress;
  const all = erasureOrder(tx.runtime.composition.personal).flatMap((model) =>
    typeof model.erase === "object" ? [] : idsOf(job.subject, model.entity.name).map((id) => ({ model, id })),
  );
  const start = Number((after ?? GONE).slice(GONE.length));
  const batch = all.slice(start, start + PAGE);
  const counts = { ...erased };
  for (const model of new Set(batch.map((one) => one.model))) {
    const ids = batch.filter((one) => one.model === model).map(({ id }) => id);
    const gone = await missing(tx, model, ids);
    if (gone.length === 0) continue;
    const before = counts[model.entity.name] ?? none;
    const journal = before.journal + (await eraseHistory(tx, model, gone));
    counts[model.entity.name] = { ...before, journal };
  }
  const next = start + PAGE;
  const more = next < all.length;
  return moveJob(tx, job, {
    done: more ? done : [...done, GONE],
    after: more ? `${GONE}${next}` : null,
    erased: counts,
  });
}

/** One page of one entity: its records, their history, and the note of both. */
async function eraseBatch(tx: Session, model: PersonalModel, job: ErasureJob): Promise<ErasureJob> {
  const { progress } = job;
  const { name } = model.entity;
  const { rows, last } = await nextPage(tx, model, job);
  const before = progress.erased[name] ?? none;
  let counts = before;
  if (rows.length > 0) {
    const ids = rows.map((row) => row["id"] as string);
    const { anonymised, deleted } = await eraseRows(tx, model, rows);
    const journal = typeof model.erase === "object" ? 0 : await eraseHistory(tx, model, ids);
    counts = {
      anonymised: before.anonymised + anonymised,
      deleted: before.deleted + deleted,
      journal: before.journal + journal,
    };
  }
  if (last === null && model.entity.history)
    await erasePastStates(tx, model, await belongs(tx, model, job.subject));
  return moveJob(tx, job, {
    done: last === null ? [...progress.done, name] : progress.done,
    after: last,
    erased: counts === none ? progress.erased : { ...progress.erased, [name]: counts },
  });
}

/** In front of the cursor while records that only mention an address are looked through. */
const LOOKING = "?";

async function nextPage(
  tx: Session,
  model: PersonalModel,
  { subject, progress: { after } }: ErasureJob,
): Promise<{ rows: StoredRow[]; last: string | null }> {
  const looks =
    model.mentions.length > 0 && subject.addresses.email.length + subject.addresses.phone.length > 0;
  if (after === null || !after.startsWith(LOOKING)) {
    const where = await belongs(tx, model, subject);
    const never = where.op === "const" && !where.value;
    const rows = never ? [] : await pageOf(tx, model.entity, where, after ?? undefined);
    const more = rows.length === PAGE ? (rows[PAGE - 1]?.["id"] as string) : looks ? LOOKING : null;
    return { rows, last: more };
  }
  const start = after.slice(LOOKING.length);
  const page = await pageOf(tx, model.entity, and(unattached(model)), start === "" ? undefined : start);
  const records = await decodeRows(tx, model.entity.fieldList, page);
  const rows = page.filter((_, i) => mentions(model, records[i] as Record<string, unknown>, subject));
  return { rows, last: page.length === PAGE ? `${LOOKING}${page[PAGE - 1]?.["id"]}` : null };
}
