import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimedJob } from "../jobs/job-engine.js";
import { ANY_TENANT } from "../journal/append.js";
import { Ended, type JobCrew, type JobOutcome, runJob } from "./run-job.js";
import { groupsOf, runTogether } from "./run-together.js";
import { giveSign, SIGN_MS } from "./signs.js";

export interface WorkerOptions {
  /** Jobs that run at once in this worker, 1 to 100. Default 10. */
  readonly concurrency?: number;
  /** Jobs of one tenant that run at once in this worker: the rest is for the others. Default: all of them. */
  readonly perTenant?: number;
  /** Which queues it serves. Default: those of all jobs of the app. */
  readonly queues?: readonly string[];
  /** Milliseconds between looks for jobs of other processes, and for what is due. Default 1,000. */
  readonly interval?: number;
  /** False: it leaves the schedules to others. Default true; however many look after them, each time counts once. */
  readonly schedules?: boolean;
  /** False: it leaves the plugins' readers of the journal to others. Default true; one process at a time reads. */
  readonly subscribers?: boolean;
  /** Hears of every run that has ended. */
  readonly onEnd?: (run: JobEnd) => void;
}

export interface JobEnd {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly outcome: JobOutcome;
}

export interface Worker {
  /** When there will be something to run that waits for its time; null where nothing does. */
  nextAt(): Promise<string | null>;
  /** Runs what is due, and what that makes, until nothing is. Answers what was run. Not while it is started. */
  run(): Promise<readonly JobEnd[]>;
  /** Goes on in the background; what the engine fails at is reported and tried again. */
  start(): void;
  /**
   * Takes nothing more, and waits for what runs: after `timeout` milliseconds (default 8,000) that is cut off and given
   * back, to be run by others at once.
   */
  stop(options?: { readonly timeout?: number }): Promise<void>;
  /**
   * Milliseconds since it last looked for jobs, where that is more than three intervals: the database does not let it, or
   * something has stopped it. 0 otherwise, and where it is not started, stops, or has all the jobs that it takes at once.
   */
  silence(): number;
}

interface Running {
  readonly job: ClaimedJob;
  readonly ending: AbortController;
  readonly done: Promise<JobEnd>;
}

const SLOWEST = 60_000;
const MIN_BEAT = 100;

/** Takes jobs and runs them. Any number of them, in any number of processes, share the work. */
export function createWorker(crew: JobCrew, options: WorkerOptions): Worker {
  return new QueueWorker(crew, options);
}

class QueueWorker implements Worker {
  readonly #crew: JobCrew;
  readonly #options: WorkerOptions;
  readonly #id: string;
  readonly #queues: readonly string[];
  readonly #concurrency: number;
  readonly #beatEvery: number;
  readonly #running = new Map<string, Running>();
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> | undefined;
  #beatAt: number;
  #lookedAt: number;
  #signedAt = Number.NEGATIVE_INFINITY;

  constructor(crew: JobCrew, options: WorkerOptions) {
    const { concurrency = 10 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 100)
      throw new TypeError(`"concurrency" of a worker is 1 to 100, not ${String(concurrency)}`);
    const { perTenant = 1 } = options;
    if (!Number.isInteger(perTenant) || perTenant < 1)
      throw new TypeError(`"perTenant" of a worker is a whole number from 1 on, not ${String(perTenant)}`);
    this.#crew = crew;
    this.#options = options;
    this.#id = crew.runtime.newId();
    this.#concurrency = concurrency;
    const { jobs } = crew.runtime.composition;
    const leases = [...jobs.values()].map(({ value }) => value.lease);
    this.#beatEvery = Math.max(MIN_BEAT, Math.min(...leases, 30_000) / 3);
    const known = new Set([...jobs.values()].map(({ value }) => value.queue));
    const unknown = options.queues?.find((queue) => !known.has(queue));
    if (unknown !== undefined)
      throw new TypeError(
        `No job of this app is in the queue "${unknown}". Its queues: ${[...known].sort().join(", ")}`,
      );
    this.#queues = options.queues ?? [...known];
    this.#beatAt = this.#elapsed();
    this.#lookedAt = this.#beatAt;
  }

  silence(): number {
    const waits = this.#loops !== undefined && !this.#stopping.signal.aborted;
    if (!waits || this.#isFull) return 0;
    const silence = this.#elapsed() - this.#lookedAt;
    return silence > 3 * this.#interval ? silence : 0;
  }

  async nextAt(): Promise<string | null> {
    const times = [await this.#crew.runtime.jobs.nextAt(), await this.#crew.scheduler.nextAt()];
    return times.filter((time) => time !== null).sort()[0] ?? null;
  }

  async run(): Promise<readonly JobEnd[]> {
    if (this.#loops) throw new TypeError("run() is for a worker that is not started");
    const { workers } = this.#crew.runtime;
    const ends: JobEnd[] = [];
    workers.add(this);
    try {
      while (!this.#stopping.signal.aborted) {
        await this.#crew.scheduler.tick();
        await this.#crew.runtime.jobs.upkeep();
        if (this.#options.subscribers !== false) await this.#crew.subscriptions.tick();
        await this.#take();
        if (this.#running.size === 0) break;
        ends.push(...(await Promise.all([...this.#running.values()].map(({ done }) => done))));
      }
      return ends;
    } finally {
      workers.delete(this);
    }
  }

  start(): void {
    this.#crew.runtime.workers.add(this);
    this.#lookedAt = this.#elapsed();
    this.#loops ??= Promise.all([
      this.#repeat(() => this.#work()),
      this.#repeat(() => this.#beat()),
      this.#repeat(() => this.#upkeep()),
      ...(this.#options.subscribers === false || this.#crew.subscriptions.isEmpty
        ? []
        : [this.#repeat(() => this.#read())]),
    ]);
  }

  async stop({ timeout = 8000 }: { readonly timeout?: number } = {}): Promise<void> {
    this.#stopping.abort();
    const all = () => Promise.all([...this.#running.values()].map(({ done }) => done));
    const patience = new AbortController();
    await Promise.race([all(), sleep(timeout, undefined, { signal: patience.signal }).catch(() => {})]);
    patience.abort();
    for (const { ending } of this.#running.values()) ending.abort(new Ended("released"));
    await all();
    await this.#loops;
    this.#crew.runtime.workers.delete(this);
  }

  /** Until it is stopped: a round, again and again, ever more slowly where rounds fail. */
  async #repeat(round: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !this.#isOver; ) {
      try {
        await round();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#crew.runtime.report(error);
        const pause = Math.min(this.#interval * 2 ** Math.min(failures, 16), SLOWEST);
        await sleep(pause, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** It goes on beating for what still runs while it stops. */
  get #isOver(): boolean {
    return this.#stopping.signal.aborted && this.#running.size === 0;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) {
      await Promise.race([...this.#running.values()].map(({ done }) => done));
      return;
    }
    // Heard from here on: what comes while it looks is not missed.
    const woken = this.#woken();
    const taken = await this.#take();
    this.#lookedAt = this.#elapsed();
    if (this.#isFull) {
      woken.cancel();
      await Promise.race([...this.#running.values()].map(({ done }) => done));
    } else if (taken === 0) await woken.next;
    else woken.cancel();
  }

  #woken(): { readonly next: Promise<unknown>; cancel(): void } {
    const { enqueued } = this.#crew.runtime;
    const cancelled = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, cancelled.signal]);
    // One that serves no queue, and reads the journal alone, waits for a name that is nobody's.
    const names = this.#queues.length === 0 ? [""] : this.#queues;
    const next = Promise.race(names.map((name) => enqueued.next(name, this.#interval, signal)));
    const cancel = () => cancelled.abort();
    return { next: next.finally(cancel), cancel };
  }

  async #take(): Promise<number> {
    const limit = this.#concurrency - this.#running.size;
    if (limit === 0 || this.#queues.length === 0) return 0;
    const { perTenant } = this.#options;
    const request = {
      ...{ worker: this.#id, queues: this.#queues, limit },
      ...(perTenant === undefined ? {} : { perTenant: { limit: perTenant, held: this.#held() } }),
    };
    const engine = this.#crew.runtime.jobs;
    const jobs = await engine.claim(request);
    if (this.#stopping.signal.aborted) {
      // They came after the end.
      for (const job of jobs) await engine.release(job);
      return 0;
    }
    for (const group of groupsOf(this.#crew, jobs)) this.#begin(group);
    return jobs.length;
  }

  #held(): Map<string, number> {
    const held = new Map<string, number>();
    for (const { job } of this.#running.values()) held.set(job.tenant, (held.get(job.tenant) ?? 0) + 1);
    return held;
  }

  /** Jobs that are done together, or the one that is not; those that could not be are done alone. */
  #begin(jobs: readonly ClaimedJob[]): void {
    const held = jobs.map((job) => ({ job, ending: new AbortController() }));
    const together = runTogether(this.#crew, held);
    for (const { job, ending } of held) {
      const done = this.#end(
        job,
        together.then((isDone) => (isDone ? "done" : runJob(this.#crew, job, ending))),
      );
      this.#running.set(job.token + job.id, { job, ending, done });
    }
  }

  async #end(job: ClaimedJob, running: Promise<JobOutcome>): Promise<JobEnd> {
    const { id, name, tenant } = job;
    let outcome: JobOutcome = "lost";
    try {
      outcome = await running;
    } catch (error) {
      // The engine could not be told: the lease runs out, and another has it.
      this.#crew.runtime.report(error);
    }
    // It had no reason to look until now.
    if (this.#isFull) this.#lookedAt = this.#elapsed();
    this.#running.delete(job.token + id);
    // What its tenant had to wait with may go on.
    if (this.#options.perTenant !== undefined) this.#crew.runtime.enqueued.emit(job.queue);
    const end = { id, name, tenant, outcome };
    this.#options.onEnd?.(end);
    return end;
  }

  /** Tells that it lives, three times in the shortest lease. What is no longer its own is ended. */
  async #beat(): Promise<void> {
    const running = [...this.#running.values()];
    if (running.length === 0) this.#beatAt = this.#elapsed();
    else {
      try {
        const held = await this.#crew.runtime.jobs.beat(this.#id);
        this.#beatAt = this.#elapsed();
        for (const { job, ending } of running) if (!held.has(job.id)) ending.abort(new Ended("lost"));
      } finally {
        // Who cannot say that he lives must take it that others have his work.
        const silent = this.#elapsed() - this.#beatAt;
        for (const { job, ending } of running) if (silent >= job.lease) ending.abort(new Ended("lost"));
      }
    }
    const { signal } = this.#stopping;
    if (signal.aborted) await sleep(MIN_BEAT);
    else await sleep(this.#beatEvery, undefined, { signal }).catch(() => {});
  }

  async #upkeep(): Promise<void> {
    const { signal } = this.#stopping;
    if (!signal.aborted) {
      if (this.#options.schedules !== false) await this.#crew.scheduler.tick();
      await this.#crew.runtime.jobs.upkeep();
      await this.#sign();
    }
    await sleep(
      signal.aborted ? MIN_BEAT : this.#interval,
      undefined,
      signal.aborted ? {} : { signal },
    ).catch(() => {});
  }

  /** Tells other processes that it lives, as long as it looks for jobs. */
  async #sign(): Promise<void> {
    if (this.silence() > 0 || this.#elapsed() - this.#signedAt < SIGN_MS) return;
    await giveSign(this.#crew.runtime);
    this.#signedAt = this.#elapsed();
  }

  /** Readers of the journal: at once after what this process wrote, and every interval for what others did. */
  async #read(): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) {
      await sleep(MIN_BEAT);
      return;
    }
    const heard = this.#crew.runtime.journalled.next(ANY_TENANT, this.#interval, signal);
    await this.#crew.subscriptions.tick();
    await heard;
  }

  #elapsed(): number {
    const { clock } = this.#crew.runtime;
    return clock.elapsed?.() ?? clock.now();
  }

  get #isFull(): boolean {
    return this.#running.size >= this.#concurrency;
  }

  get #interval(): number {
    return this.#options.interval ?? 1000;
  }
}
