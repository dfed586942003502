import {
  type Crm,
  createSubscriber,
  cursorPosition,
  type Loop,
  loopOf,
  partitionOf,
  passCursor,
  type SubscribedEntry,
  type Subscriber,
} from "@corm/core";
import type { Redis } from "ioredis";
import { checkName, isAtLeast, keysOf } from "./keys.js";
import { PUBLISH } from "./scripts.js";

export interface RelayOptions {
  readonly redis: Redis;
  /** Names the fan-out: 1 to 40 letters, digits, `_`, `.` or `-`. Consumers use the same. */
  readonly name: string;
  /** Whose journals are published; asked again in every round. */
  readonly tenants: () => readonly string[] | Promise<readonly string[]>;
  /** All groups of consumers: what each of them has done is dropped from the streams. */
  readonly groups: readonly string[];
  /** Streams, 1 to 256, the same for the relay and all consumers. Default 8. */
  readonly partitions?: number;
  /** Which entries go out. Default all. */
  readonly where?: (entry: SubscribedEntry) => boolean;
  /** Entries in the streams, beyond which the relay waits for consumers. Default 100,000. */
  readonly backlog?: number;
  /** Milliseconds after which others take over from a process that is gone. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds between looks for new entries. Default 200. */
  readonly interval?: number;
}

export interface Relay extends Loop {
  /** Publishes what there is, in all tenants. Answers the number of entries. */
  run(): Promise<number>;
}

const BATCH = 200;

/** The broker has less than was published: it lost something. */
class BrokerLost extends Error {
  readonly head: number;

  constructor(head: number) {
    super(`Redis has lost what came after position ${head}: it is published again`);
    this.head = head;
  }
}

/**
 * Publishes the journal to Redis Streams, in order, for consumers in other processes. The journal stays the truth: what
 * the broker loses, also all of it, is published again from where every group has come. Any number of processes may run
 * one; one is at work at a time for each tenant.
 */
export function createRelay(crm: Crm, options: RelayOptions): Relay {
  checkName("name", options.name);
  for (const group of options.groups) checkName("groups", group);
  const relay = new StreamRelay(crm, options);
  const loop = loopOf(async () => (await relay.run()) > 0, options.interval ?? 200, crm.report);
  return { run: () => relay.run(), ...loop };
}

type Nullable = string | null;

/** @throws what the first command that failed says */
function answersOf<Answers extends unknown[]>(
  results: [error: Error | null, result: unknown][] | null,
): Answers {
  if (!results) throw new Error("Redis gave no answer to several commands at once");
  return results.map(([error, result]) => {
    if (error) throw error;
    return result;
  }) as Answers;
}

class StreamRelay {
  readonly #crm: Crm;
  readonly #options: RelayOptions;
  readonly #keys;
  readonly #subscribers = new Map<string, Subscriber>();
  /** What every group is known to have done, by tenant: kept in the database when it grows. */
  readonly #confirmed = new Map<string, number>();

  constructor(crm: Crm, options: RelayOptions) {
    this.#crm = crm;
    this.#options = options;
    this.#keys = keysOf(options.name, options.partitions ?? 8);
  }

  async run(): Promise<number> {
    let published = 0;
    const tenants = await this.#options.tenants();
    for (const tenant of tenants) {
      if (await this.#isFull()) break;
      published += await this.#publishAll(tenant);
    }
    await this.#confirm(tenants);
    return published;
  }

  /** Entries that nobody has read yet are in the journal as well: they can wait there. One of each stream always stays. */
  async #isFull(): Promise<boolean> {
    const { backlog = 100_000 } = this.#options;
    const lengths = await Promise.all(this.#keys.streams.map((stream) => this.#options.redis.xlen(stream)));
    return lengths.reduce((sum, length) => sum + length, 0) >= backlog + lengths.length;
  }

  async #publishAll(tenant: string): Promise<number> {
    const subscriber = this.#subscriberOf(tenant);
    const head = await this.#headOf(tenant);
    // Also when there is nothing new: what was lost may be waited for.
    if (head < (await cursorPosition(this.#session(tenant), this.#cursor)))
      await this.#recover(tenant, subscriber, head);
    try {
      return await subscriber.run();
    } catch (error) {
      if (!(error instanceof BrokerLost)) throw error;
      await this.#recover(tenant, subscriber, error.head);
      return subscriber.run();
    }
  }

  /** Goes back to what the broker still has, or, where it has nothing, to what all groups have done. */
  async #recover(tenant: string, subscriber: Subscriber, head: number): Promise<void> {
    this.#crm.report(new BrokerLost(head));
    const { redis } = this.#options;
    let from = head;
    if (head === 0) {
      from = await cursorPosition(this.#session(tenant), `${this.#cursor}:done`);
      await redis.hsetnx(this.#keys.heads, tenant, from);
      from = await this.#headOf(tenant);
    }
    await subscriber.rewind(from);
  }

  #subscriberOf(tenant: string): Subscriber {
    const { lease } = this.#options;
    let subscriber = this.#subscribers.get(tenant);
    if (!subscriber) {
      subscriber = createSubscriber(this.#crm, {
        name: this.#cursor,
        tenant,
        batch: BATCH,
        ...(lease === undefined ? {} : { lease }),
        handle: (entries) => this.#publish(tenant, entries),
      });
      this.#subscribers.set(tenant, subscriber);
    }
    return subscriber;
  }

  /** Before the cursor moves: a crash in between publishes nothing twice, since the broker knows how far it has come. */
  async #publish(tenant: string, all: readonly SubscribedEntry[]): Promise<void> {
    const { redis, where } = this.#options;
    const { heads, streams } = this.#keys;
    let entries = all;
    let before = (all[0] as SubscribedEntry).position - 1;
    const last = (all[all.length - 1] as SubscribedEntry).position;
    for (;;) {
      const messages = (where ? entries.filter(where) : entries).flatMap((entry) => [
        String(partitionOf(tenant, entry, streams.length) + 1),
        String(entry.position),
        JSON.stringify(entry),
      ]);
      const keys = [heads, ...streams];
      const answer = await redis.eval(PUBLISH, keys.length, ...keys, tenant, before, last, ...messages);
      const head = Number(answer);
      if (head === before || head >= last) return;
      if (head < before) throw new BrokerLost(head);
      // A relay before this one came so far, and did not live to say so.
      before = head;
      entries = all.filter(({ position }) => position > head);
    }
  }

  /** Notes that every group has done everything published so far, and drops it from the streams. */
  async #confirm(tenants: readonly string[]): Promise<void> {
    const { redis, groups } = this.#options;
    const { heads, readers, streams } = this.#keys;
    if (groups.length === 0 || tenants.length === 0) return;
    const names = groups.flatMap((group) => streams.map((_, p) => `${group}/${p}`));
    // In one look: a broker that is emptied between two would have published much, and have nothing left to be done.
    const look = redis
      .multi()
      .hmget(heads, ...tenants)
      .hmget(readers, ...names);
    for (const stream of streams) look.xrevrange(stream, "+", "-", "COUNT", 1);
    const [published, done, ...ends] = answersOf<[Nullable[], Nullable[], ...[string, string[]][][]]>(
      await look.exec(),
    );
    const behind = names.some((_, i) => {
      const end = ends[i % streams.length]?.[0]?.[0];
      return end !== undefined && !isAtLeast(done[i] ?? "0", end);
    });
    if (behind) return;
    for (const [i, tenant] of tenants.entries()) {
      const position = Number(published[i] ?? 0);
      if (position <= (this.#confirmed.get(tenant) ?? 0)) continue;
      await this.#session(tenant).transaction((tx) => passCursor(tx, `${this.#cursor}:done`, position));
      this.#confirmed.set(tenant, position);
    }
    await Promise.all(
      streams.flatMap((stream, p) => {
        const end = ends[p]?.[0]?.[0];
        return end === undefined ? [] : [redis.xtrim(stream, "MINID", end)];
      }),
    );
  }

  async #headOf(tenant: string): Promise<number> {
    return Number((await this.#options.redis.hget(this.#keys.heads, tenant)) ?? 0);
  }

  #session(tenant: string) {
    return this.#crm.system({ tenant, reason: `publish the journal to ${this.#options.name}` });
  }

  get #cursor(): string {
    return `redis:${this.#options.name}`;
  }
}
