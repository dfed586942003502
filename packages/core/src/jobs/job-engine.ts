import type { Actor, Context } from "../context/context.js";
import type { EnqueuedJob, JobQuery, JobRecord } from "../context/jobs.js";
import type { Page } from "../context/query.js";
import type { StorageAdapter } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";

/** In whose name a job runs, as it is kept: what he may do is looked up when it runs. */
export interface JobSubject {
  readonly actor: Actor;
  readonly userId?: string;
  /** Names of roles of the app; for actors whom no plugin knows. */
  readonly roles?: readonly string[];
  /** He had roles or checks that cannot be kept: somebody must know him by then. */
  readonly known?: true;
  readonly scopes?: readonly string[];
  readonly locale?: string;
}

/** Jobs of which at most `seats` are in play at once, in order of their ids. */
export interface JobKey {
  readonly text: string;
  readonly seats: number;
}

/** A job to be made. Everything in it was checked. */
export interface NewJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly priority: number;
  /** RFC 3339, with milliseconds. */
  readonly runAt: string;
  /** JSON. */
  readonly input: string;
  readonly key: JobKey | null;
  readonly dedupeId: string | null;
  /** Milliseconds. */
  readonly lease: number;
  readonly subject: JobSubject;
  /** Operations that it was made in, outermost first. */
  readonly cause: readonly string[];
  readonly requestId: string | null;
}

/** A job that a worker has, until it completes, fails, is released, or is silent for the time of its lease. */
export interface ClaimedJob extends Omit<NewJob, "dedupeId"> {
  readonly tenant: string;
  /** Another one at each claim. Whoever does not have the last one cannot change the job. */
  readonly token: string;
  readonly attempts: number;
}

export interface ClaimRequest {
  /** Id of the worker. */
  readonly worker: string;
  readonly queues: readonly string[];
  /** 1 to 100. */
  readonly limit: number;
  /** Of each tenant at most so many at once with this worker, who has these of them already. */
  readonly perTenant?: { readonly limit: number; readonly held: ReadonlyMap<string, number> };
}

/**
 * How many more a worker takes of a tenant, for engines and brokers.
 *
 * @example
 * roomOf({ perTenant: { limit: 3, held: new Map([["acme", 2]]) } }, "acme"); // 1
 */
export function roomOf({ perTenant }: Pick<ClaimRequest, "perTenant">, tenant: string): number {
  return perTenant
    ? Math.max(0, perTenant.limit - (perTenant.held.get(tenant) ?? 0))
    : Number.POSITIVE_INFINITY;
}

/**
 * What keeps jobs and hands them out. Core has one in the app's database; others pass the same tests,
 * `jobConformance` of `@corm/core/testing`. Attempts, backoff and rights are core's business, not the engine's.
 */
export interface JobEngine {
  readonly name: string;
  /** In the transaction of the session, where it is in one. Answers in the order given. */
  enqueue(ctx: Context, jobs: readonly NewJob[]): Promise<readonly EnqueuedJob[]>;
  /** Up to `limit` jobs whose time has come, the tenants in turns. */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  /** A sign of life for all that the worker has. Answers the ids of those that are still its own. */
  beat(worker: string): Promise<ReadonlySet<string>>;
  /** Together with the transaction of `tx`, where it is given. @throws job-lost */
  complete(job: ClaimedJob, tx?: Context): Promise<void>;
  /** Together with the transaction of `tx`: all of these jobs of its tenant. @throws job-lost where one of them is not held */
  completeAll(jobs: readonly ClaimedJob[], tx: Context): Promise<void>;
  /** Counts an attempt; the job waits until `retryAt`, or is dead. @throws job-lost */
  fail(job: ClaimedJob, error: string, retryAt: string | null): Promise<void>;
  /** Gives a job back as it was, to run at once or at an instant. What was lost meanwhile is left alone. */
  release(job: ClaimedJob, runAt?: string): Promise<void>;
  /** Takes back what silent workers had, and removes what has been kept long enough: called every second or so. */
  upkeep(): Promise<void>;
  /** When the next job that waits for its time has it; null where none does. */
  nextAt(): Promise<string | null>;
  list(ctx: Context, query: JobQuery): Promise<Page<JobRecord>>;
  get(ctx: Context, id: string): Promise<JobRecord | undefined>;
  /** @throws not-found, job-state */
  replay(ctx: Context, id: string): Promise<void>;
  /** @throws not-found, job-state */
  cancel(ctx: Context, id: string): Promise<void>;
  close?(): Promise<void>;
}

/** A job that is ready, as a broker is told of it. */
export interface ReadyJob {
  readonly id: string;
  readonly tenant: string;
  readonly queue: string;
  /** -1000 to 1000, the highest first. */
  readonly priority: number;
}

/**
 * Hands out jobs that the database keeps, in place of looks into the database. It is never the only copy: whatever it
 * loses, also all of it, it finds again by asking its host, and what it hands out twice the host claims once.
 */
export interface JobBroker {
  readonly name: string;
  /** They are committed and ready. Must not throw, and must tell `notify` once they can be had. */
  offer(jobs: readonly ReadyJob[]): void;
  /** Up to `limit` jobs that the host claimed, the tenants in turns. */
  claim(request: ClaimRequest): Promise<readonly ClaimedJob[]>;
  /** Called every second or so. */
  upkeep(): Promise<void>;
  close(): Promise<void>;
}

/** What a broker is given of the engine in the database. */
export interface BrokerHost extends JobHost {
  /** Tenants with something ready in a queue, in the order of their names. */
  tenants(queue: string, limit: number): Promise<readonly string[]>;
  /** What is ready of a tenant and queue, what goes first before the rest. */
  ready(queue: string, tenant: string, limit: number): Promise<readonly ReadyJob[]>;
  /** Gives a worker those of these jobs that are ready, in the order given: each is given to one. */
  claim(worker: string, ids: readonly string[]): Promise<readonly ClaimedJob[]>;
}

/** What an engine is given of its app. */
export interface JobHost {
  readonly storage: StorageAdapter;
  readonly clock: Clock;
  readonly newId: () => string;
  /** Tells the workers of this process that a queue has a job. */
  readonly notify: (queue: string) => void;
  readonly report: (error: unknown) => void;
}

/** For `createCrm({ jobs: { engine } })`. */
export type JobEngineFactory = (host: JobHost) => JobEngine;
