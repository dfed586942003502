import {
  type Context,
  type Crm,
  createDelivery,
  type Deliver,
  type Loop,
  loopOf,
  type SubscribedEntry,
} from "@corm/core";
import { AckPolicy, type JetStreamManager, jetstream } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { findStream, isMissing, managerOf } from "./journal-stream.js";
import { checkName, checkPartitions, cursorName, type Names, namesOf } from "./names.js";

export interface ConsumerOptions {
  readonly nats: NatsConnection;
  /** Name of the fan-out, as the relay has it. */
  readonly name: string;
  /** Processes of one group share the partitions; every group gets every entry. */
  readonly group: string;
  /** As the relay has it. Default 8. */
  readonly partitions?: number;
  /**
   * Entries of one tenant and partition, in order, at most 200; those of one record are in one partition. What is
   * written through `tx` is committed once for each entry. What happens elsewhere may happen again after a failure: use
   * the entry's id as its key.
   */
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
  /** Times that an entry is tried before it is put aside, so that those behind it go on. Default 10. */
  readonly attempts?: number;
  /** Milliseconds after which others take over from a process that is gone; read when a group begins. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds between looks for new entries. Default 100. */
  readonly interval?: number;
}

export interface Consumer extends Loop {
  /** Does what is in the partitions that it can have. Answers the number of entries. */
  run(): Promise<number>;
}

/**
 * Reads what a relay publishes. One message of a partition is on its way at a time, whoever asks: that keeps the order,
 * and others take over when the server has not heard of it for the time of the lease. Exactness does not hang on that:
 * see `createDelivery`.
 */
export function createConsumer(crm: Crm, options: ConsumerOptions): Consumer {
  checkName("name", options.name);
  checkName("group", options.group);
  const consumer = new StreamConsumer(crm, options);
  const work = async (signal: AbortSignal) => (await consumer.run(signal)) > 0;
  return { run: () => consumer.run(), ...loopOf(work, options.interval ?? 100, crm.report) };
}

/** Milliseconds in which the server has to answer. */
const TIMEOUT = 5000;
/** Milliseconds for another process to end the message that it is at work on. */
const PATIENCE = 200;

class StreamConsumer {
  readonly #options: ConsumerOptions;
  readonly #names: Names;
  readonly #manager: () => Promise<JetStreamManager>;
  /** One for each partition. */
  readonly #deliver: readonly Deliver[];
  /** The generation of the stream that this group is known to read. */
  #joined = "";

  constructor(crm: Crm, options: ConsumerOptions) {
    const { name, group, handle, attempts = 10, partitions = 8 } = options;
    this.#options = options;
    this.#names = namesOf(name);
    this.#manager = managerOf(options.nats);
    this.#deliver = Array.from({ length: checkPartitions(partitions) }, (_, partition) =>
      createDelivery({
        session: (tenant) => crm.system({ tenant, reason: `consumer ${group} of ${name}` }),
        cursor: cursorName(name, group, partition),
        handle,
        attempts,
        putAside: async (tenant, entry, error) => {
          crm.report(error);
          await this.#putAside(partition, { tenant, entry, error: String(error).slice(0, 2000) });
        },
      }),
    );
  }

  async run(signal?: AbortSignal): Promise<number> {
    const stream = await findStream(await this.#manager(), this.#names);
    // Before a relay was at work there is nothing to read.
    if (!stream) return 0;
    const problems: unknown[] = [];
    let done = 0;
    try {
      if (stream.prefix !== this.#joined) await this.#join(stream.prefix);
      for (const partition of this.#deliver.keys()) {
        if (signal?.aborted) break;
        await this.#drain(partition, signal, (count) => {
          done += count;
        }).catch((error: unknown) => problems.push(error));
      }
    } catch (error) {
      problems.push(error);
    }
    // It may be that they are not there any more: the next round looks.
    if (problems.length > 0) this.#joined = "";
    if (problems.length === 1) throw problems[0];
    if (problems.length > 1) throw new AggregateError(problems, "Several partitions could not be done");
    return done;
  }

  /** What the server keeps of a group: how far it has read each partition. */
  async #join(prefix: string): Promise<void> {
    const { group, lease = 30_000 } = this.#options;
    const jsm = await this.#manager();
    await jsm.streams.add({ name: this.#names.deadStream, subjects: [this.#names.deadSubjects] });
    for (const partition of this.#deliver.keys()) {
      const durable = this.#names.consumer(group, partition);
      try {
        await jsm.consumers.info(this.#names.stream, durable);
      } catch (error) {
        if (!isMissing(error)) throw error;
        await jsm.consumers.add(this.#names.stream, {
          durable_name: durable,
          filter_subject: `${prefix}${partition}.*`,
          ack_policy: AckPolicy.Explicit,
          ack_wait: lease * 1_000_000,
          max_ack_pending: 1,
        });
      }
    }
    this.#joined = prefix;
  }

  async #drain(
    partition: number,
    signal: AbortSignal | undefined,
    count: (entries: number) => void,
  ): Promise<void> {
    const { nats } = this.#options;
    while (!signal?.aborted) {
      const message = await this.#next(partition);
      if (!message) return;
      const { tenant, entries } = message.json<{ tenant: string; entries: SubscribedEntry[] }>();
      try {
        await this.#deliver[partition]?.(tenant, entries);
      } catch (error) {
        // At once for whoever asks next, and not only when the lease has run out.
        nats.publish(message.reply as string, "-NAK");
        throw error;
      }
      count(entries.length);
      // Answered, so that the relay sees it as done.
      await nats.request(message.reply as string, "+ACK", { timeout: TIMEOUT });
    }
  }

  /** The client's own `next` waits for at least a second, also for what another process is at work on. */
  async #next(partition: number): Promise<Msg | undefined> {
    const { nats, group } = this.#options;
    const { stream } = this.#names;
    const consumer = this.#names.consumer(group, partition);
    const { num_pending, num_ack_pending } = await (await this.#manager()).consumers.info(stream, consumer);
    if (num_pending + num_ack_pending === 0) return undefined;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    const question = JSON.stringify({ batch: 1, expires: PATIENCE * 1_000_000 });
    // Without the shared inbox: a message comes under the subject that it is stored with.
    const message = await nats.request(subject, question, { noMux: true, timeout: TIMEOUT });
    const { code = 0, description = "" } = message.headers ?? {};
    if (code === 0) return message;
    // Nothing there, or one message is with another process.
    if (code === 404 || code === 408 || code === 409) return undefined;
    throw new Error(`NATS does not hand out what ${subject} asks for: ${code} ${description}`);
  }

  async #putAside(partition: number, kept: unknown): Promise<void> {
    const subject = this.#names.dead(this.#options.group, partition);
    await jetstream(this.#options.nats).publish(subject, JSON.stringify(kept));
  }
}
