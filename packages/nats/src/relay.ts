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
import { type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import {
  findStream,
  isMissing,
  isWrongSequence,
  type JournalStream,
  makeStream,
  managerOf,
} from "./journal-stream.js";
import { checkName, checkPartitions, type Names, namesOf, tokenOf } from "./names.js";

export interface RelayOptions {
  readonly nats: NatsConnection;
  /** Names the fan-out: 1 to 40 letters, digits, `_` or `-`. Consumers use the same. */
  readonly name: string;
  /** Whose journals are published; asked again in every round. */
  readonly tenants: () => readonly string[] | Promise<readonly string[]>;
  /** All groups of consumers: what each of them has done is dropped from the stream. */
  readonly groups: readonly string[];
  /** 1 to 256, the same for the relay and all consumers. Default 8. */
  readonly partitions?: number;
  /** Which entries go out. Default all. */
  readonly where?: (entry: SubscribedEntry) => boolean;
  /** Bytes in the stream, beyond which the relay waits for consumers. Default 268,435,456 (256 MiB). */
  readonly backlog?: number;
  /** Copies that the servers of a cluster keep of the stream, when it is made: 1, 3 or 5. Default 1. */
  readonly replicas?: number;
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
    super(`NATS has lost what came after position ${head}: it is published again`);
    this.head = head;
  }
}

/** The last message of a subject. */
interface Last {
  readonly sequence: number;
  readonly position: number;
}

const NOTHING: Last = { sequence: 0, position: 0 };

/**
 * Publishes the journal to JetStream, in order, for consumers in other processes. The journal stays the truth: what the
 * broker loses, also all of it, is published again from where every group has come. Any number of processes may run one;
 * one is at work at a time for each tenant.
 */
export function createRelay(crm: Crm, options: RelayOptions): Relay {
  checkName("name", options.name);
  for (const group of options.groups) checkName("groups", group);
  const relay = new StreamRelay(crm, options);
  const loop = loopOf(async () => (await relay.run()) > 0, options.interval ?? 200, crm.report);
  return { run: () => relay.run(), ...loop };
}

class StreamRelay {
  readonly #crm: Crm;
  readonly #options: RelayOptions;
  readonly #names: Names;
  readonly #partitions: number;
  readonly #manager: () => Promise<JetStreamManager>;
  readonly #subscribers = new Map<string, Subscriber>();
  /** What every group is known to have done, by tenant: kept in the database when it grows. */
  readonly #confirmed = new Map<string, number>();
  /** How far a tenant was published: the message that says so comes after all that it speaks of. */
  readonly #heads = new Map<string, Last>();
  /** Sequences of the last messages of subjects; one that is wrong is refused by the server, and all are asked for. */
  readonly #sequences = new Map<string, number>();
  #stream!: JournalStream;

  constructor(crm: Crm, options: RelayOptions) {
    this.#crm = crm;
    this.#options = options;
    this.#names = namesOf(options.name);
    this.#partitions = checkPartitions(options.partitions ?? 8);
    this.#manager = managerOf(options.nats);
  }

  async run(): Promise<number> {
    const { backlog = 268_435_456 } = this.#options;
    let published = 0;
    const tenants = await this.#options.tenants();
    for (const tenant of tenants) {
      await this.#look();
      // What nobody has read yet is in the journal as well: it can wait there.
      if (this.#stream.bytes >= backlog) break;
      published += await this.#publishAll(tenant);
    }
    await this.#confirm(tenants);
    return published;
  }

  /** Looks at the stream, and makes it where there is none. */
  async #look(): Promise<void> {
    const jsm = await this.#manager();
    const found = await findStream(jsm, this.#names);
    const stream = found ?? (await makeStream(jsm, this.#names, this.#options.replicas ?? 1));
    if (stream.prefix !== this.#stream?.prefix) {
      this.#heads.clear();
      this.#sequences.clear();
    }
    this.#stream = stream;
  }

  async #publishAll(tenant: string): Promise<number> {
    const subscriber = this.#subscriberOf(tenant);
    const head = await this.#readHead(tenant);
    // Also when there is nothing new: what was lost may be waited for.
    if (head.position < (await cursorPosition(this.#session(tenant), this.#cursor)))
      await this.#recover(tenant, subscriber, head);
    try {
      return await subscriber.run();
    } catch (error) {
      // What is known may be what is wrong.
      this.#heads.delete(tenant);
      if (!isWrongSequence(error)) throw error;
      return subscriber.run();
    }
  }

  /** Begins anew: with another stream where this one has lost its end, and from what all groups have done. */
  async #recover(tenant: string, subscriber: Subscriber, head: Last): Promise<void> {
    this.#crm.report(new BrokerLost(head.position));
    if (head.position > 0) {
      await (await this.#manager()).streams.delete(this.#names.stream);
      await this.#look();
    }
    const from = await cursorPosition(this.#session(tenant), `${this.#cursor}:done`);
    await this.#setHead(tenant, from);
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

  /**
   * Before the cursor moves. What a relay published that died before it could say so comes again, and consumers know it
   * as done. Each message names the one before it on its subject, so that none is stored where one is missing.
   */
  async #publish(tenant: string, all: readonly SubscribedEntry[]): Promise<void> {
    const { where } = this.#options;
    const head = this.#heads.get(tenant) ?? (await this.#readHead(tenant));
    const last = (all[all.length - 1] as SubscribedEntry).position;
    if (head.position >= last) return;
    if (head.position < (all[0] as SubscribedEntry).position - 1) throw new BrokerLost(head.position);
    const partitions = new Map<string, SubscribedEntry[]>();
    for (const entry of all) {
      if (entry.position <= head.position || (where && !where(entry))) continue;
      const subject = this.#subjectOf(tenant, partitionOf(tenant, entry, this.#partitions));
      const own = partitions.get(subject);
      if (own) own.push(entry);
      else partitions.set(subject, [entry]);
    }
    const outcomes = await Promise.allSettled(
      [...partitions].map(([subject, entries]) => this.#send(subject, tenant, entries)),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await this.#setHead(tenant, last);
  }

  /** As few messages as the server takes. */
  async #send(subject: string, tenant: string, entries: readonly SubscribedEntry[]): Promise<void> {
    const most = (this.#options.nats.info?.max_payload ?? 1_048_576) / 2;
    let texts: string[] = [];
    let size = 0;
    const flush = () => this.#store(subject, `{"tenant":${JSON.stringify(tenant)},"entries":[${texts}]}`);
    for (const entry of entries) {
      const text = JSON.stringify(entry);
      if (texts.length > 0 && size + text.length > most / 2) {
        await flush();
        texts = [];
        size = 0;
      }
      texts.push(text);
      size += text.length;
    }
    await flush();
  }

  async #store(subject: string, text: string): Promise<number> {
    const expect = { lastSubjectSequence: this.#sequences.get(subject) ?? 0 };
    const { seq } = await jetstream(this.#options.nats).publish(subject, text, { expect });
    this.#sequences.set(subject, seq);
    return seq;
  }

  async #setHead(tenant: string, position: number): Promise<void> {
    const sequence = await this.#store(this.#subjectOf(tenant, "head"), JSON.stringify({ position }));
    this.#heads.set(tenant, { sequence, position });
  }

  /** Before the head: a loss in between shows in the one or in the other. */
  async #readSequences(tenant: string): Promise<void> {
    await Promise.all(
      this.#subjectsOf(tenant).map(async (subject) =>
        this.#sequences.set(subject, (await this.#lastOf(subject))?.seq ?? 0),
      ),
    );
  }

  async #readHead(tenant: string): Promise<Last> {
    const known = this.#heads.get(tenant);
    if (!known) await this.#readSequences(tenant);
    const subject = this.#subjectOf(tenant, "head");
    const message = await this.#lastOf(subject);
    const head = message ? { sequence: message.seq, ...message.json<{ position: number }>() } : NOTHING;
    if (known && known.sequence !== head.sequence) {
      // Another relay was at work in between: what is known of the partitions is old.
      this.#heads.delete(tenant);
      return this.#readHead(tenant);
    }
    this.#sequences.set(subject, head.sequence);
    this.#heads.set(tenant, head);
    return head;
  }

  async #lastOf(subject: string) {
    return (await this.#manager()).streams.getMessage(this.#names.stream, { last_by_subj: subject });
  }

  /** Notes that every group has done everything published so far, and drops it from the stream. */
  async #confirm(tenants: readonly string[]): Promise<void> {
    // In this order: what is published after this look is not taken for done.
    const heads = tenants.flatMap((tenant) => {
      const { position, sequence } = this.#heads.get(tenant) ?? NOTHING;
      return position > (this.#confirmed.get(tenant) ?? 0) ? [{ tenant, position, sequence }] : [];
    });
    if (heads.length === 0 || this.#options.groups.length === 0) return;
    const { prefix } = this.#stream;
    await this.#look();
    const { last } = this.#stream;
    if (!(await this.#isDone())) return;
    // Consumers that have done all of a stream made meanwhile have not done what the one before it has lost.
    await this.#look();
    if (this.#stream.prefix !== prefix) return;
    const jsm = await this.#manager();
    const drop = (filter: string, seq: number) => jsm.streams.purge(this.#names.stream, { filter, seq });
    for (const { tenant, position, sequence } of heads) {
      await this.#session(tenant).transaction((tx) => passCursor(tx, `${this.#cursor}:done`, position));
      this.#confirmed.set(tenant, position);
      await drop(this.#subjectOf(tenant, "head"), sequence);
    }
    for (let p = 0; p < this.#partitions; p++) await drop(`${prefix}${p}.*`, last + 1);
    for (const [subject, sequence] of this.#sequences)
      if (sequence <= last && !subject.startsWith(`${prefix}head.`)) this.#sequences.set(subject, 0);
  }

  /** Whether all groups have come to the end of all partitions. */
  async #isDone(): Promise<boolean> {
    const jsm = await this.#manager();
    for (const group of this.#options.groups) {
      for (let p = 0; p < this.#partitions; p++) {
        try {
          const info = await jsm.consumers.info(this.#names.stream, this.#names.consumer(group, p));
          if (info.num_pending > 0 || info.num_ack_pending > 0) return false;
        } catch (error) {
          if (isMissing(error)) return false;
          throw error;
        }
      }
    }
    return true;
  }

  #subjectOf(tenant: string, part: number | "head"): string {
    return `${this.#stream.prefix}${part}.${tokenOf(tenant)}`;
  }

  #subjectsOf(tenant: string): string[] {
    return Array.from({ length: this.#partitions }, (_, p) => this.#subjectOf(tenant, p));
  }

  #session(tenant: string) {
    return this.#crm.system({ tenant, reason: `publish the journal to ${this.#options.name}` });
  }

  get #cursor(): string {
    return `nats:${this.#options.name}`;
  }
}
