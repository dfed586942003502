import type { Identity } from "../context/context.js";
import { isCormError } from "../errors/corm-error.js";
import type { AnyJob, JobRun } from "../jobs/define-job.js";
import { JobTimedOut, RetryLater } from "../jobs/errors.js";
import type { ClaimedJob } from "../jobs/job-engine.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import { toInstant } from "../util/clock.js";
import { untilAborted } from "../util/until-aborted.js";
import { parseInstantMs } from "../util/values.js";
import { principalOf } from "./principal.js";
import type { Scheduler } from "./scheduler.js";
import { checkedInput } from "./session-jobs.js";
import type { Subscriptions } from "./subscriptions.js";

/** How a run ended. `lost`: another has the job, or had it taken back. */
export type JobOutcome = "done" | "failed" | "dead" | "released" | "lost";

export interface JobCrew {
  readonly runtime: Runtime;
  readonly crm: CrmHandle;
  readonly scheduler: Scheduler;
  readonly subscriptions: Subscriptions;
  /** A session with a chain of operations to begin with, in a transaction where one is given. */
  readonly session: (identity: Identity, chain: readonly string[], tx?: Session) => Session;
}

/** Why a worker ends a run from outside. */
export class Ended extends Error {
  readonly how: "released" | "lost";

  constructor(how: "released" | "lost") {
    super(how === "lost" ? "another worker has the job" : "the worker is stopping");
    this.name = "Ended";
    this.how = how;
  }
}

const UNKNOWN_RETRY_MS = 60_000;
/** What does not end when it is told to is left behind after this. */
const GRACE_MS = 2000;
const MAX_ERROR = 2000;
/** Trying again changes nothing about these. */
const PERMANENT = new Set([
  "permanent-failure",
  "validation-failed",
  "job-refused",
  "unauthenticated",
  "capability-withheld",
  "capability-unknown",
  "unknown-role",
]);

/** Runs a claimed job to one of its ends. Errors of the job are kept with it; what throws is the engine's own. */
export async function runJob(crew: JobCrew, job: ClaimedJob, ending: AbortController): Promise<JobOutcome> {
  const { jobs: engine, clock, composition, report } = crew.runtime;
  const definition = composition.jobs.get(job.name)?.value;
  if (!definition) {
    // Of a newer version of the app, whose workers will have it.
    await engine.release(job, toInstant(clock.now() + UNKNOWN_RETRY_MS));
    return "released";
  }
  const timer = setTimeout(
    () => ending.abort(JobTimedOut({ job: job.name, milliseconds: definition.timeout })),
    definition.timeout,
  );
  const { signal } = ending;
  try {
    signal.throwIfAborted();
    await untilAborted(attempt(crew, definition, job, signal), signal, GRACE_MS, report);
    return "done";
  } catch (error) {
    return await settle(crew, definition, job, signal.aborted ? signal.reason : error);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  crew: JobCrew,
  definition: AnyJob,
  job: ClaimedJob,
  signal: AbortSignal,
): Promise<void> {
  const { jobs: engine } = crew.runtime;
  const input = checkedInput(definition, JSON.parse(job.input));
  const identity = await principalOf(crew.runtime, crew.crm, definition, job);
  const requestId = job.requestId ?? job.id;
  const chain = [...new Set([...job.cause, job.name])];
  const session = crew.session({ ...identity, requestId, signal }, chain);
  let completed = false;
  const run: JobRun = {
    id: job.id,
    attempt: job.attempts + 1,
    runAt: job.runAt,
    complete: async (tx) => {
      await engine.complete(job, tx);
      (tx as Session).scope?.committed.push(async () => {
        completed = true;
      });
    },
  };
  if (definition.transactional) {
    await session.atomically(async (tx) => {
      await definition.run(tx, input, run);
      await engine.complete(job, tx);
    });
    return;
  }
  try {
    await definition.run(session, input, run);
  } catch (error) {
    if (!completed) throw error;
    // It is done, whatever came after.
    crew.runtime.report(error);
  }
  if (!completed) await engine.complete(job);
}

async function settle(
  { runtime }: JobCrew,
  definition: AnyJob,
  job: ClaimedJob,
  error: unknown,
): Promise<JobOutcome> {
  const { jobs: engine, clock, report } = runtime;
  if (error instanceof Ended) {
    if (error.how === "released") await engine.release(job);
    return error.how;
  }
  if (isLost(error)) return "lost";
  const again = job.attempts + 1 < definition.attempts && mayRetry(definition, error);
  const pause = Math.max(pauseOf(runtime, definition, job.attempts + 1), askedFor(error) - clock.now());
  const retryAt = again ? toInstant(clock.now() + pause) : null;
  try {
    await engine.fail(job, wordsOf(error), retryAt);
  } catch (failure) {
    if (isLost(failure)) return "lost";
    throw failure;
  }
  // The last word on it is told to whoever listens; what is tried again is seen in the job.
  if (!again) report(error);
  return again ? "failed" : "dead";
}

/** The instant that the job itself has asked for. */
function askedFor(error: unknown): number {
  if (!RetryLater.is(error)) return Number.NEGATIVE_INFINITY;
  return parseInstantMs(error.meta["at"]);
}

const isLost = (error: unknown): boolean => isCormError(error) && error.code === "job-lost";

function mayRetry(definition: AnyJob, error: unknown): boolean {
  return !(isCormError(error) && PERMANENT.has(error.code)) && definition.retries(error);
}

/** Milliseconds before the next attempt: twice as long each time, less up to half, so that not all come at once. */
function pauseOf({ random }: Runtime, { backoff }: AnyJob, failures: number): number {
  const full = Math.min(backoff.max, backoff.initial * backoff.factor ** (failures - 1));
  const [high = 0, low = 0] = random(2);
  return Math.round(full * (1 - (high * 256 + low) / 65_536 / 2));
}

function wordsOf(error: unknown): string {
  const text = isCormError(error)
    ? `${error.code}: ${error.message}`
    : error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
  return text.replace(/[\p{Surrogate}\0]/gu, "?").slice(0, MAX_ERROR);
}
