import type { Elapsed } from "../util/clock.js";
import type { Page } from "./query.js";

/** A typed name for a job. Made by `defineJob`. */
export interface JobHandle<Input = unknown> {
  readonly name: string;
  readonly "~input"?: Input;
}

export interface EnqueueOptions {
  /** How long it waits at least: milliseconds or parts of time. */
  readonly delay?: number | Elapsed;
  /** RFC 3339: not before this instant. Instead of `delay`. */
  readonly runAt?: string;
  /** -1000 to 1000; of the jobs of one tenant and queue that could run, the highest goes first. Default 0. */
  readonly priority?: number;
  /**
   * Jobs of one tenant, queue and key run one at a time, in the order in which they were made; one that waits, for its
   * time or after a failure, holds up those behind it. At most 200 characters.
   */
  readonly orderingKey?: string;
  /** Of jobs of one tenant, queue and key at most `concurrency` of `defineJob` run at once. Instead of `orderingKey`. */
  readonly concurrencyKey?: string;
  /** While a job of the tenant and queue with the same id is kept, no other is made. At most 200 characters. */
  readonly dedupeId?: string;
}

export interface EnqueuedJob {
  readonly id: string;
  /** There was one with this `dedupeId` already, whose id this is. */
  readonly duplicate: boolean;
}

/**
 * `blocked` waits behind others with its key, `delayed` for its time, `ready` for a worker; `dead` has failed for good.
 */
export type JobState = "blocked" | "delayed" | "ready" | "running" | "done" | "dead" | "cancelled";

/** A job as those see it who look after jobs. */
export interface JobRecord {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  readonly state: JobState;
  readonly priority: number;
  readonly runAt: string;
  /** Null once it is done: what nobody needs any more is not kept. */
  readonly input: unknown;
  /** Times that it has failed. */
  readonly attempts: number;
  /** Times that its process ended or was cut off while it ran. */
  readonly stalls: number;
  /** What it failed with the last time. */
  readonly error: string | null;
  /** In whose name it runs. */
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly enqueuedAt: string;
  readonly finishedAt: string | null;
}

export interface JobQuery {
  /** These alone, at most 500; those that are not kept any more are left out. */
  readonly ids?: readonly string[] | undefined;
  readonly state?: JobState | undefined;
  readonly name?: string | undefined;
  readonly queue?: string | undefined;
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | null | undefined;
}

/** Jobs of the session's tenant. */
export interface Jobs {
  /**
   * Makes a job, in the transaction of the session where it is in one: it is there if and only if that commits. It will
   * run in the name of the session's actor, with the rights that he has then.
   *
   * @throws job-missing where no plugin of the app lists it; validation-failed; invalid-job
   */
  enqueue<Input>(job: JobHandle<Input>, input: Input, options?: EnqueueOptions): Promise<EnqueuedJob>;
  /** Many at once; in the order given where they have a key in common. */
  enqueueMany<Input>(
    job: JobHandle<Input>,
    jobs: readonly ({ readonly input: Input } & EnqueueOptions)[],
  ): Promise<readonly EnqueuedJob[]>;
  /** Newest first. Takes the permission `jobs.read`. */
  list(query?: JobQuery): Promise<Page<JobRecord>>;
  /** Takes the permission `jobs.read`. @throws not-found */
  get(id: string): Promise<JobRecord>;
  /** Lets a dead or cancelled job run again, with new attempts. Takes the permission `jobs.manage`. @throws job-state */
  replay(id: string): Promise<JobRecord>;
  /** Takes a job back that is not done. One that runs cannot complete any more. Takes `jobs.manage`. @throws job-state */
  cancel(id: string): Promise<JobRecord>;
}
