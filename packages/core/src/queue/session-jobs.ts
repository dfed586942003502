import type { Identity } from "../context/context.js";
import type { EnqueueOptions, JobHandle, JobRecord, Jobs } from "../context/jobs.js";
import { Forbidden, NotFound, ValidationFailed } from "../errors/core-errors.js";
import type { AnyJob } from "../jobs/define-job.js";
import { InvalidJob, JobMissing } from "../jobs/errors.js";
import type { JobKey, JobSubject, NewJob } from "../jobs/job-engine.js";
import { appendEvent } from "../journal/append.js";
import { issuesOf } from "../model/validate.js";
import { closed, withDefaults } from "../repository/run-action.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import { type Checker, checker } from "../schema/checker.js";
import { type Elapsed, elapsedMs, toInstant } from "../util/clock.js";
import { parseInstantMs } from "../util/values.js";
import { nearest } from "../util/words.js";

export const READ_JOBS = "jobs.read";
export const MANAGE_JOBS = "jobs.manage";

const MAX_KEY = 200;
const MAX_PRIORITY = 1000;
/** Characters of JSON. What is larger is kept where it belongs, and named by its id. */
const MAX_INPUT = 262_144;
const MAX_MANY = 10_000;

type Options = EnqueueOptions & { readonly input: unknown };

/** `ctx.jobs`. */
export function sessionJobs(session: Session): Jobs {
  const { jobs: engine } = session.runtime;
  const enqueueMany = (handle: JobHandle<never>, many: readonly Options[]) => {
    const job = findJob(session.runtime, handle.name);
    if (many.length > MAX_MANY)
      throw InvalidJob({ job: job.name, problem: `at most ${MAX_MANY} are made at once` });
    return engine.enqueue(
      session,
      many.map((one) => newJob(session, job, one)),
    );
  };
  const read = async (id: string): Promise<JobRecord> => {
    const found = await engine.get(session, id);
    if (!found) throw NotFound({ entity: "job", id: String(id).slice(0, 64) });
    return found;
  };
  /** Who lets a job run again, or no more, is seen in the journal: both or neither. */
  const entered = (event: string, id: string, change: (tx: Session) => Promise<void>): Promise<void> =>
    session.atomically(async (tx) => {
      await change(tx);
      const { name } = (await engine.get(tx, id)) as JobRecord;
      await appendEvent(tx, event, JSON.stringify({ id: id.toLowerCase(), name }), undefined);
    });
  return {
    async enqueue(handle, input, options = {}) {
      const [made] = await enqueueMany(handle as JobHandle<never>, [{ ...options, input }]);
      return made as { id: string; duplicate: boolean };
    },
    enqueueMany: async (handle, many) => enqueueMany(handle as JobHandle<never>, many),
    async list(query = {}) {
      permit(session, READ_JOBS);
      return engine.list(session, query);
    },
    async get(id) {
      permit(session, READ_JOBS);
      return read(id);
    },
    async replay(id) {
      permit(session, MANAGE_JOBS);
      await entered("jobs.replayed", id, (tx) => engine.replay(tx, id));
      return read(id);
    },
    async cancel(id) {
      permit(session, MANAGE_JOBS);
      await entered("jobs.cancelled", id, (tx) => engine.cancel(tx, id));
      return read(id);
    },
  };
}

function permit(session: Session, permission: string): void {
  if (!session.permits(permission))
    throw Forbidden({ reason: `Your roles do not have the permission "${permission}".` });
}

function findJob({ composition }: Runtime, name: string): AnyJob {
  const job = composition.jobs.get(name)?.value;
  if (!job) throw JobMissing({ job: name, nearest: nearest(name, composition.jobs.keys()) });
  return job;
}

function newJob(session: Session, job: AnyJob, options: Options): NewJob {
  const wrong = (problem: string) => InvalidJob({ job: job.name, problem });
  const { priority = 0, dedupeId } = options;
  if (!Number.isInteger(priority) || Math.abs(priority) > MAX_PRIORITY)
    throw wrong(`"priority" is a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`);
  if (dedupeId !== undefined && !isKey(dedupeId))
    throw wrong(`"dedupeId" is a text of 1 to ${MAX_KEY} characters`);
  const input = JSON.stringify(checkedInput(job, options.input));
  if (input.length > MAX_INPUT)
    throw wrong(`its input has ${input.length} characters of JSON, and ${MAX_INPUT} at most are kept`);
  return {
    id: session.newId(),
    name: job.name,
    queue: job.queue,
    priority,
    runAt: runAt(session, options, wrong),
    input,
    key: keyOf(job, options, wrong),
    dedupeId: dedupeId ?? null,
    lease: job.lease,
    subject: subjectOf(session.identity),
    // Each operation once: a job that makes itself again must not drag a longer and longer tail.
    cause: [...new Set(session.chain)],
    requestId: session.requestId?.slice(0, 255) ?? null,
  };
}

type Wrong = (problem: string) => Error;

const isKey = (text: unknown): boolean =>
  typeof text === "string" && text.length > 0 && text.length <= MAX_KEY && !/[\p{Surrogate}\0]/u.test(text);

function runAt(session: Session, { delay, runAt: at }: EnqueueOptions, wrong: Wrong): string {
  if (delay !== undefined && at !== undefined) throw wrong(`give "delay" or "runAt", not both`);
  if (at !== undefined) return toInstant(parseInstantMs(at));
  const ms = delay === undefined ? 0 : typeof delay === "number" ? delay : elapsedMs(delay as Elapsed);
  if (!Number.isFinite(ms) || ms < 0) throw wrong(`"delay" is milliseconds from 0 on, or parts of time`);
  return toInstant(session.clock.now() + Math.round(ms));
}

function keyOf(job: AnyJob, options: EnqueueOptions, wrong: Wrong): JobKey | null {
  const { orderingKey, concurrencyKey } = options;
  if (orderingKey !== undefined && concurrencyKey !== undefined)
    throw wrong(`give "orderingKey" or "concurrencyKey", not both`);
  const text = orderingKey ?? concurrencyKey;
  if (text === undefined) return null;
  if (!isKey(text)) throw wrong(`a key is a text of 1 to ${MAX_KEY} characters`);
  // One lane for each kind of key: what they allow differs.
  return orderingKey === undefined
    ? { text: `c:${text}`, seats: job.concurrency }
    : { text: `o:${text}`, seats: 1 };
}

const compiled = new WeakMap<AnyJob, Checker>();

/** @throws validation-failed */
export function checkedInput(job: AnyJob, input: unknown): unknown {
  const given = withDefaults(job.input, input ?? {});
  let validator = compiled.get(job);
  if (!validator) {
    validator = checker(closed(job.input));
    compiled.set(job, validator);
  }
  if (validator.Check(given)) return given;
  throw ValidationFailed({ entity: job.name, issues: issuesOf(validator.Errors(given)[1]) });
}

function subjectOf({ actor, userId, roles, scopes, locale, revalidate }: Identity): JobSubject {
  const names = (roles ?? []).filter((role) => typeof role === "string");
  const isOurs = actor.kind === "user" && actor.id === userId;
  const isKnown = isOurs || revalidate !== undefined || names.length < (roles?.length ?? 0);
  return {
    actor,
    ...(userId === undefined ? {} : { userId }),
    ...(names.length === 0 ? {} : { roles: names }),
    ...(isKnown ? { known: true as const } : {}),
    ...(scopes === undefined ? {} : { scopes }),
    ...(locale === undefined ? {} : { locale }),
  };
}
