import type { ReadyJob } from "@corm/core";
import { type IQueueBackend, type Job, Queue, Worker } from "bullmq";
import { LOCK_MS } from "./lock.js";
import type { Store } from "./store.js";

/** Something of BullMQ's that one process has in its hands. */
export interface Ticket {
  readonly id: string;
  /** The database gave the job to a worker, or had given it before: BullMQ forgets it. */
  done(): Promise<void>;
  /** It could not be asked: back to the others. */
  back(): Promise<void>;
}

const MAX_PRIORITY = 1000;
/** Events that BullMQ keeps of each queue for those who listen. */
const EVENTS = 10;

/** One queue of BullMQ: what one tenant has ready in one queue of Corm, the most urgent first. */
export class Lane {
  readonly #backend: IQueueBackend;
  readonly #queue: Queue;
  readonly #worker: Worker;

  private constructor(name: string, backend: IQueueBackend, prefix: string) {
    this.#backend = backend;
    const options = {
      // Not used: all share the connection of the backend.
      connection: {},
      prefix,
    };
    this.#queue = new Queue(
      name,
      { ...options, streams: { events: { maxLen: EVENTS } } },
      () => backend as never,
    );
    this.#worker = new Worker(
      name,
      null,
      { ...options, autorun: false, lockDuration: LOCK_MS, maxStalledCount: 1_000_000 },
      () => backend as never,
    );
    // The backend tells of its errors itself.
    this.#queue.on("error", () => {});
    this.#worker.on("error", () => {});
  }

  static async open(store: Store, queue: string, tenant: string): Promise<Lane> {
    // BullMQ wants no colon in a name.
    const name = `${encodeURIComponent(queue)}/${encodeURIComponent(tenant)}`;
    return new Lane(name, await store.backend(name), store.prefix);
  }

  /** What is there already stays where it is: the id of a job is its id. */
  async add(jobs: readonly ReadyJob[]): Promise<void> {
    await this.#queue.addBulk(
      jobs.map(({ id, priority }) => ({
        name: "job",
        data: {},
        opts: { jobId: id, priority: 1 + MAX_PRIORITY - priority, removeOnComplete: true, attempts: 1 },
      })),
    );
  }

  /** Jobs that wait here. */
  async waiting(): Promise<number> {
    return this.#queue.getJobCountByTypes("prioritized", "waiting");
  }

  async take(token: string, count: number): Promise<Ticket[]> {
    // Over one connection, in one go.
    const jobs = await Promise.all(
      Array.from({ length: count }, () => this.#worker.getNextJob(token, { block: false })),
    );
    return jobs.flatMap((job) => (job ? [ticketOf(job, token)] : []));
  }

  /** Removes what a process had in its hands when it ended. What is still locked stays. */
  async dropAbandoned(limit: number): Promise<void> {
    const [ids = []] = await this.#backend.getRanges(["active"], 0, limit - 1);
    for (const id of ids) await this.#queue.remove(id);
  }
}

function ticketOf(job: Job, token: string): Ticket {
  return {
    id: job.id as string,
    done: async () => void (await job.moveToCompleted(null, token, false)),
    back: async () => void (await job.moveToWait(token)),
  };
}
