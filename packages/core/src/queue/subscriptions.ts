import { type ReadAfter, sharedReading } from "../journal/shared-reading.js";
import { type SharingSubscriber, subscriberOf } from "../journal/subscriber.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import type { SubscriberDefinition } from "../subscribers/define-subscriber.js";

/** Between looks for tenants that are new. */
const ENSURE_MS = 60_000;
/** Tenants that one look asks, so that it ends; the next one goes on with the others. */
const TENANTS = 200;
const SLOWEST_MS = 60_000;
const FIRST_PAUSE_MS = 1000;

interface Reader {
  readonly subscriber: SharingSubscriber;
  failures: number;
  /** By the monotonic clock. */
  resumes: number;
}

/** Runs the readers of the journal that plugins declare, in every tenant: looks, and takes only where there is something. */
export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #crm: CrmHandle;
  readonly #tenants: () => AsyncIterable<string> | Iterable<string>;
  readonly #definitions: readonly SubscriberDefinition[];
  readonly #readers = new Map<string, Reader>();
  #known: string[] = [];
  #next = 0;
  #ensuredAt: number | undefined;

  constructor(runtime: Runtime, crm: CrmHandle, tenants: () => AsyncIterable<string> | Iterable<string>) {
    this.#runtime = runtime;
    this.#crm = crm;
    this.#tenants = tenants;
    this.#definitions = [...runtime.composition.subscribers.values()]
      .map(({ value }) => value)
      .filter(({ capability }) => !runtime.withheld.has(capability));
  }

  get isEmpty(): boolean {
    return this.#definitions.length === 0;
  }

  /** Handles what there is in the tenants whose turn it is. */
  async tick(): Promise<void> {
    if (this.isEmpty) return;
    await this.#ensure();
    const count = Math.min(TENANTS, this.#known.length);
    for (let n = 0; n < count; n++) {
      const tenant = this.#known[(this.#next + n) % this.#known.length] as string;
      const read = sharedReading();
      for (const definition of this.#definitions) await this.#read(tenant, definition, read);
    }
    this.#next = this.#known.length === 0 ? 0 : (this.#next + count) % this.#known.length;
  }

  async #ensure(): Promise<void> {
    const now = this.#elapsed();
    // Where there are none yet, the first one should not have to wait.
    if (this.#known.length > 0 && now - (this.#ensuredAt ?? -ENSURE_MS) < ENSURE_MS) return;
    const tenants: string[] = [];
    for await (const tenant of this.#tenants()) tenants.push(tenant);
    this.#known = tenants;
    this.#ensuredAt = now;
  }

  async #read(tenant: string, definition: SubscriberDefinition, read: ReadAfter): Promise<void> {
    const reader = this.#reader(tenant, definition);
    if (this.#elapsed() < reader.resumes) return;
    try {
      if (await reader.subscriber.pending()) await reader.subscriber.run(read);
      reader.failures = 0;
    } catch (error) {
      reader.failures += 1;
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (reader.failures - 1), SLOWEST_MS);
      reader.resumes = this.#elapsed() + pause;
      this.#crm.report(error);
    }
  }

  #reader(tenant: string, { name, capability, from, batch, handle }: SubscriberDefinition): Reader {
    const key = `${tenant}/${name}`;
    let reader = this.#readers.get(key);
    if (!reader) {
      const subscriber = subscriberOf(this.#crm, { name, capability, tenant, from, batch, handle });
      reader = { subscriber, failures: 0, resumes: Number.NEGATIVE_INFINITY };
      this.#readers.set(key, reader);
    }
    return reader;
  }

  #elapsed(): number {
    const { clock } = this.#runtime;
    return clock.elapsed?.() ?? clock.now();
  }
}
