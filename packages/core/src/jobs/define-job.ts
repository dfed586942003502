import type { TSchema } from "typebox";
import type { Context } from "../context/context.js";
import type { JobHandle } from "../context/jobs.js";
import type { ValueOf } from "../schema/field.js";

/** What a job's `run` is told of itself. */
export interface JobRun {
  /** The same at every attempt: the idempotency key for whatever it does outside the database. */
  readonly id: string;
  /** 1 at the first one; counts failures, and not processes that were killed. */
  readonly attempt: number;
  readonly runAt: string;
  /**
   * Completes the job in a transaction, so that what was done in it happens exactly once: it commits together with the
   * completion, or not at all.
   *
   * @throws job-lost where another worker has it by now
   */
  complete(tx: Context): Promise<void>;
}

/** One of the jobs that are done together. */
export interface TogetherJob<Input> {
  /** A session in the transaction that all of them share, with the causes of this one. */
  readonly ctx: Context;
  readonly input: Input;
}

/** Jobs that a worker has at one moment, done in one transaction instead of one each. */
export interface Together<Input> {
  /** How many at most. Default 25. */
  readonly limit?: number;
  /**
   * Does all of them, in the transaction that completes them. Where it throws nothing of it is kept, and each is done alone
   * by `run`: it may leave to that whatever is not the usual case.
   */
  readonly run: (tx: Context, jobs: readonly TogetherJob<Input>[]) => Promise<void>;
}

/** Milliseconds before attempt 2 and after, which grow by `factor` to `max`, less up to half at random. */
export interface Backoff {
  /** Default 5,000. */
  readonly initial?: number;
  /** Default 2. */
  readonly factor?: number;
  /** Default 3,600,000. */
  readonly max?: number;
}

export interface JobDefinition<Input = unknown> extends JobHandle<Input> {
  readonly input: TSchema;
  readonly queue: string;
  readonly attempts: number;
  readonly backoff: Required<Backoff>;
  readonly lease: number;
  readonly timeout: number;
  readonly concurrency: number;
  readonly transactional: boolean;
  readonly capability: string | null;
  readonly retries: (error: unknown) => boolean;
  readonly together: Required<Together<Input>> | null;
  readonly run: (ctx: Context, input: Input, job: JobRun) => Promise<unknown>;
}

// biome-ignore lint/suspicious/noExplicitAny: a job of any input.
export type AnyJob = JobDefinition<any>;

export interface JobOptions<I extends TSchema> {
  /** An object. Keep ids in it and not what they stand for: dead jobs keep their input. */
  readonly input: I;
  /** Workers may take some queues only. Default `default`. */
  readonly queue?: string;
  /** Times that it is tried before it is dead. Default 10. */
  readonly attempts?: number;
  readonly backoff?: Backoff;
  /** Milliseconds of silence after which a worker counts as gone and its job goes to another. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds after which a run is ended as failed. Default 600,000. */
  readonly timeout?: number;
  /** Jobs with the same `concurrencyKey` that run at once. Default 1. */
  readonly concurrency?: number;
  /**
   * `run` gets a session in a transaction, which the completion of the job shares: what it writes happens exactly once.
   * Not for what waits for other systems. Default false: at least once, or exactly once with `job.complete(tx)`.
   */
  readonly transactional?: boolean;
  /** A declared capability: it runs with the rights of the system, whoever made it. Otherwise in the name of its maker. */
  readonly capability?: string;
  /** Whether to try again after this error. Default: after all but those that would only repeat. */
  readonly retries?: (error: unknown) => boolean;
  /** For short jobs of which there are many: those of one tenant share a transaction. Needs a `capability`. */
  readonly together?: Together<ValueOf<I>>;
  readonly run: (ctx: Context, input: ValueOf<I>, job: JobRun) => Promise<unknown>;
}

/**
 * Declares work that happens later, in any process, and survives crashes. List it in the plugin's `jobs`; make one with
 * `ctx.jobs.enqueue`.
 *
 * @param name `plugin.jobName`; jobs in the database bear it
 * @example
 * export const welcome = defineJob("leads.welcome", {
 *   input: Type.Object({ leadId: Type.String() }),
 *   transactional: true,
 *   run: async (ctx, { leadId }) => { await ctx.repo(lead).update(leadId, { welcomed: true }); },
 * });
 * // in a hook or action: await ctx.jobs.enqueue(welcome, { leadId: lead.id }, { delay: { hours: 1 } });
 */
export function defineJob<I extends TSchema>(
  name: string,
  options: JobOptions<I>,
): JobDefinition<ValueOf<I>> {
  const { backoff, together } = options;
  return {
    name,
    input: options.input,
    queue: options.queue ?? "default",
    attempts: options.attempts ?? 10,
    backoff: {
      initial: backoff?.initial ?? 5000,
      factor: backoff?.factor ?? 2,
      max: backoff?.max ?? 3_600_000,
    },
    lease: options.lease ?? 30_000,
    timeout: options.timeout ?? 600_000,
    concurrency: options.concurrency ?? 1,
    transactional: options.transactional ?? false,
    capability: options.capability ?? null,
    retries: options.retries ?? (() => true),
    together: together ? { limit: together.limit ?? 25, run: together.run } : null,
    run: options.run,
  };
}
