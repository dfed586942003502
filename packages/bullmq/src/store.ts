import type { IQueueBackend } from "bullmq";

/** Where BullMQ keeps what it hands out. */
export interface Store {
  readonly name: string;
  readonly prefix: string;
  /** BullMQ's own port, of the queue of this name, over one connection for all of them. */
  backend(queue: string): Promise<IQueueBackend>;
  /** Tells other processes that a tenant has something in a queue. */
  wake(queue: string, tenant: string): void;
  /** Hears of it. Called once, by processes that have workers. */
  onWake(heard: (queue: string, tenant: string) => void): void;
  close(): Promise<void>;
}
