import { randomUUID } from "node:crypto";
import {
  type Context,
  type Crm,
  createDelivery,
  type Deliver,
  type Loop,
  loopOf,
  type SubscribedEntry,
} from "@corm/core";
import type { Redis } from "ioredis";
import { checkName, cursorName, type Keys, keysOf } from "./keys.js";
import { HOLD, RELEASE } from "./scripts.js";

export interface ConsumerOptions {
  readonly redis: Redis;
  /** Name of the fan-out, as the relay has it. */
  readonly name: string;
  /** Processes of one group share the partitions; every group gets every entry. */
  readonly group: string;
  /** As the relay has it. Default 8. */
  readonly partitions?: number;
  /**
   * Entries of one tenant and partition, in order; those of one record are in one partition. What is written through
   * `tx` is committed once for each entry. What happens elsewhere may happen again after a failure: use the entry's id
   * as its key.
   */
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
  /** Times that an entry is tried before it is put aside, so that those behind it go on. Default 10. */
  readonly attempts?: number;
  /** Entries of one read, 1 to 1,000. Default 100. */
  readonly batch?: number;
  /** Milliseconds after which others take over the partitions of a process that is gone. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds between looks for new entries. Default 100. */
  readonly interval?: number;
}

export interface Consumer extends Loop {
  /** Does what is in the partitions that it can have. Answers the number of entries. */
  run(): Promise<number>;
}

interface Message {
  readonly id: string;
  readonly tenant: string;
  readonly entry: SubscribedEntry;
}

/**
 * Reads what a relay publishes. Exactness does not hang on Redis: how far a group has come in each tenant and partition
 * is a row in the app's database, moved in the transaction of the work, so that entries which come again, after a crash
 * or because two processes take themselves for the one at work, are known as done.
 */
export function createConsumer(crm: Crm, options: ConsumerOptions): Consumer {
  checkName("name", options.name);
  checkName("group", options.group);
  const consumer = new StreamConsumer(crm, options);
  const loop = loopOf(
    async (signal) => (await consumer.run(signal)) > 0,
    options.interval ?? 100,
    crm.report,
  );
  return {
    run: async () => {
      try {
        return await consumer.run();
      } finally {
        await consumer.release();
      }
    },
    start: loop.start,
    stop: async () => {
      await loop.stop();
      await consumer.release();
    },
  };
}

class StreamConsumer {
  readonly #crm: Crm;
  readonly #options: ConsumerOptions;
  readonly #keys: Keys;
  readonly #holder = randomUUID();
  /** One for each partition. */
  readonly #deliver: readonly Deliver[];

  constructor(crm: Crm, options: ConsumerOptions) {
    this.#crm = crm;
    this.#options = options;
    this.#keys = keysOf(options.name, options.partitions ?? 8);
    const { name, group, handle, attempts = 10 } = options;
    this.#deliver = this.#keys.streams.map((_, partition) =>
      createDelivery({
        session: (tenant) => crm.system({ tenant, reason: `consumer ${group} of ${name}` }),
        cursor: cursorName(name, group, partition),
        handle,
        attempts,
        putAside: (tenant, entry, error) => this.#putAside(partition, tenant, entry, error),
      }),
    );
  }

  async run(signal?: AbortSignal): Promise<number> {
    const problems: unknown[] = [];
    let done = 0;
    for (const partition of this.#keys.streams.keys()) {
      if (signal?.aborted || !(await this.#hold(partition))) continue;
      try {
        done += await this.#drain(partition, signal);
      } catch (error) {
        problems.push(error);
      }
    }
    if (problems.length === 1) throw problems[0];
    if (problems.length > 1) throw new AggregateError(problems, "Several partitions could not be done");
    return done;
  }

  async release(): Promise<void> {
    const { redis, group } = this.#options;
    for (const partition of this.#keys.streams.keys())
      await redis.eval(RELEASE, 1, this.#keys.lock(group, partition), this.#holder);
  }

  /** One process reads a partition, so that others do not do the same work for nothing. */
  async #hold(partition: number): Promise<boolean> {
    const { redis, group, lease = 30_000 } = this.#options;
    return (await redis.eval(HOLD, 1, this.#keys.lock(group, partition), this.#holder, lease)) === 1;
  }

  async #drain(partition: number, signal: AbortSignal | undefined): Promise<number> {
    const { redis, group, batch = 100 } = this.#options;
    const stream = this.#keys.streams[partition] as string;
    const reader = `${group}/${partition}`;
    let done = 0;
    for (;;) {
      // Asked anew each time: a broker that was emptied begins again.
      const last = (await redis.hget(this.#keys.readers, reader)) ?? "0";
      const [found] = (await redis.xread("COUNT", batch, "STREAMS", stream, last)) ?? [];
      const messages = (found?.[1] ?? []).map(messageOf);
      if (messages.length === 0) return done;
      const problems: unknown[] = [];
      for (const [tenant, own] of byTenant(messages))
        await this.#deliver[partition]?.(tenant, own).catch((error: unknown) => problems.push(error));
      // The other tenants have gone on; this one is tried again.
      if (problems.length > 0) throw problems[0];
      await redis.hset(this.#keys.readers, reader, (messages[messages.length - 1] as Message).id);
      done += messages.length;
      if (signal?.aborted || !(await this.#hold(partition))) return done;
    }
  }

  async #putAside(partition: number, tenant: string, entry: SubscribedEntry, error: unknown): Promise<void> {
    this.#crm.report(error);
    const { group, redis } = this.#options;
    const kept = ["t", tenant, "e", JSON.stringify(entry), "error", String(error).slice(0, 2000)];
    await redis.xadd(this.#keys.dead(group, partition), "*", ...kept);
  }
}

function messageOf([id, fields]: [id: string, fields: string[]]): Message {
  const values = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) values.set(fields[i] as string, fields[i + 1] as string);
  return {
    id,
    tenant: values.get("t") as string,
    entry: JSON.parse(values.get("e") as string) as SubscribedEntry,
  };
}

/** Tenants have nothing to do with one another; within one the order stays. */
function byTenant(messages: readonly Message[]): Map<string, SubscribedEntry[]> {
  const groups = new Map<string, SubscribedEntry[]>();
  for (const { tenant, entry } of messages) {
    const own = groups.get(tenant);
    if (own) own.push(entry);
    else groups.set(tenant, [entry]);
  }
  return groups;
}
