import type { Context } from "../context/context.js";
import type { EventHandle } from "../context/event.js";
import type { JournalEntry } from "../context/journal.js";
import { UniqueViolation } from "../errors/storage-errors.js";
import { CURSOR_TABLE } from "../migrations/journal-tables.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter, or } from "../storage/filter.js";
import type { SubscribedEntry } from "../subscribers/define-subscriber.js";
import { toInstant } from "../util/clock.js";
import { hasAfter, headOf, tenantIs } from "./read.js";
import { type ReadAfter, readAfter } from "./shared-reading.js";

export interface SubscriberOptions {
  /** Its cursor is kept under this name: at most 100 characters, one per purpose and tenant. */
  readonly name: string;
  readonly tenant: string;
  /**
   * Every entry of the tenant, in order, whoever may see it. What is written through `tx` is committed together with
   * the cursor, once for each entry. What happens elsewhere may happen again after a failure: use the entry's id as its
   * key.
   */
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
  /** Where a new one starts. Default `beginning`. */
  readonly from?: "beginning" | "now";
  /** Entries of one transaction, 1 to 500. Default 100. */
  readonly batch?: number;
  /** Milliseconds after which others take over from one that is gone. Default 30,000. */
  readonly lease?: number;
  /** Milliseconds between looks for what other processes wrote. Default 1,000. */
  readonly interval?: number;
  /** With whose rights it works. Default `core.journal`. */
  readonly capability?: string;
}

export interface Subscriber {
  /** Handles what there is. Answers the number of entries; 0 where another process is at it. */
  run(): Promise<number>;
  /** Whether there is anything to handle: reads, and takes nothing. */
  pending(): Promise<boolean>;
  /**
   * Goes back, so that all entries after this position come again: for what keeps a copy elsewhere and has lost it.
   * Never goes forward. Answers whether it could: another process may be at work.
   */
  rewind(position: number): Promise<boolean>;
  /** Goes on by itself, in the background; what fails is reported and tried again, ever more slowly. */
  start(): void;
  /** Ends after the batch at hand. */
  stop(): Promise<void>;
}

const SLOWEST = 60_000;

/**
 * Reads the journal on, from where it last came, also after a restart: at least once, in order, one process at a time.
 *
 * @example
 * const subscriber = createSubscriber(crm, { name: "search.index", tenant: "acme", handle: async (entries) => { … } });
 * subscriber.start();
 */
export function createSubscriber(crm: CrmHandle, options: SubscriberOptions): Subscriber {
  return subscriberOf(crm, options);
}

/** One that may be handed what another has read. */
export interface SharingSubscriber extends Subscriber {
  run(read?: ReadAfter): Promise<number>;
}

export function subscriberOf(crm: CrmHandle, options: SubscriberOptions): SharingSubscriber {
  const { interval = 1000 } = options;
  const { tenant } = options;
  const reason = `subscriber ${options.name}`;
  // One that a plugin declares works with the capability that it declares with it.
  const declared = { tenant, capability: options.capability ?? "core.journal", reason };
  const session = (
    options.capability === undefined
      ? crm.system({ tenant, capability: "core.journal", reason })
      : crm.system(declared)
  ) as Session;
  const cursor = new Cursor(session, options);
  const ending = new AbortController();
  let loop: Promise<void> | undefined;
  const run = (read: ReadAfter = readAfter) => cursor.drain(ending.signal, read);
  const work = async (): Promise<void> => {
    let failures = 0;
    while (!ending.signal.aborted) {
      const heard = new AbortController();
      const { journalled } = session.runtime;
      // Heard from here on: what is committed while it works is not missed.
      const next = journalled.next(tenant, interval, AbortSignal.any([ending.signal, heard.signal]));
      try {
        await run();
        failures = 0;
      } catch (error) {
        failures += 1;
        crm.report(error);
      }
      if (failures === 0) {
        await next;
        continue;
      }
      heard.abort();
      const pause = Math.min(interval * 2 ** Math.min(failures, 16), Math.max(interval, SLOWEST));
      // After a failure nobody wakes it: more of the same would fail as well.
      await journalled.next("", pause, ending.signal);
    }
  };
  return {
    run,
    pending: () => cursor.pending(),
    rewind: (position) => cursor.rewind(position),
    start: () => {
      loop ??= work();
    },
    stop: async () => {
      ending.abort();
      await loop;
    },
  };
}

/** The payloads of one event among entries. */
export function eventsOf<Payload>(
  entries: readonly JournalEntry[],
  event: EventHandle<Payload>,
): { readonly entry: JournalEntry; readonly payload: Payload }[] {
  return entries
    .filter((entry) => entry.event === event.name && !entry.erased)
    .map((entry) => ({ entry, payload: entry.payload as Payload }));
}

class Cursor {
  readonly #session: Session;
  readonly #options: SubscriberOptions;
  readonly #holder: string;
  readonly #own: Filter;

  constructor(session: Session, options: SubscriberOptions) {
    this.#session = session;
    this.#options = options;
    this.#holder = session.newId();
    this.#own = and(tenantIs(options.tenant), { op: "eq", column: "name", value: options.name });
  }

  async rewind(position: number): Promise<boolean> {
    if (!(await this.#claim())) return false;
    const operations = this.#session.operations();
    const later: Filter = { op: "gt", column: "position", value: position };
    await operations.updateWhere(CURSOR_TABLE.name, and(this.#held(), later), { position });
    await operations.updateWhere(CURSOR_TABLE.name, this.#held(), { holder: null, held_until: null });
    return true;
  }

  async pending(): Promise<boolean> {
    const [row] = await this.#session.operations().findMany({
      table: CURSOR_TABLE.name,
      columns: ["position"],
      where: this.#own,
      orderBy: [],
      limit: 1,
    });
    // One that has not begun must, even where the journal is empty: what comes later is new to it.
    return !row || hasAfter(this.#session, row["position"] as number);
  }

  async drain(signal: AbortSignal, read: ReadAfter): Promise<number> {
    if (!(await this.#claim())) return 0;
    let handled = 0;
    let isFree = false;
    try {
      while (!signal.aborted) {
        const { count, more } = await this.#batch(read);
        handled += count;
        isFree = count > 0 && !more;
        if (!more) break;
      }
    } finally {
      if (!isFree)
        await this.#session
          .operations()
          .updateWhere(CURSOR_TABLE.name, this.#held(), { holder: null, held_until: null });
    }
    return handled;
  }

  /** What there is, up to a batch: the last one lets go of the cursor as it moves it. */
  async #batch(read: ReadAfter): Promise<{ readonly count: number; readonly more: boolean }> {
    const { batch = 100, handle } = this.#options;
    const none = { count: 0, more: false };
    const before = await this.#position(this.#session);
    if (before === undefined) return none;
    const entries = await read(this.#session, before, batch);
    const last = entries.at(-1);
    if (!last) return none;
    const more = entries.length === batch;
    const { position } = last;
    return this.#session.atomically(async (tx) => {
      // Another process may have taken over while this one was away: the row is locked, and tells.
      if ((await this.#position(tx)) !== before) return none;
      await handle(entries, tx);
      const held = more ? { held_until: this.#until() } : { holder: null, held_until: null };
      const moved = { position, ...held, updated_at: tx.now() };
      await tx.operations().updateWhere(CURSOR_TABLE.name, this.#held(), moved);
      return { count: entries.length, more };
    });
  }

  async #position(session: Session): Promise<number | undefined> {
    const [row] = await session.operations().findMany({
      table: CURSOR_TABLE.name,
      columns: ["position"],
      where: this.#held(),
      orderBy: [],
      limit: 1,
      ...(session.inTransaction ? { lock: "update" as const } : {}),
    });
    return row?.["position"] as number | undefined;
  }

  async #claim(): Promise<boolean> {
    // Looked at first without waiting: some engines lock the row also for an update that leaves it alone.
    const [row] = await this.#session.operations().findMany({
      table: CURSOR_TABLE.name,
      columns: ["holder", "held_until"],
      where: this.#own,
      orderBy: [],
      limit: 1,
    });
    if (!row) return this.#begin();
    const now = this.#session.now();
    const { holder, held_until: until } = row as { holder: string | null; held_until: string | null };
    if (holder !== null && holder !== this.#holder && (until ?? "") >= now) return false;
    const free: Filter = or(
      { op: "null", column: "holder", is: true },
      { op: "eq", column: "holder", value: this.#holder },
      { op: "lt", column: "held_until", value: now },
    );
    const patch = { holder: this.#holder, held_until: this.#until() };
    const { count } = await this.#session
      .operations()
      .updateWhere(CURSOR_TABLE.name, and(this.#own, free), patch);
    return count === 1;
  }

  async #begin(): Promise<boolean> {
    const { tenant, name, from } = this.#options;
    const position = from === "now" ? (await headOf(this.#session)).position : 0;
    const row = {
      tenant_id: tenant,
      name,
      position,
      holder: this.#holder,
      held_until: this.#until(),
      updated_at: this.#session.now(),
    };
    try {
      await this.#session.operations().insertMany(CURSOR_TABLE.name, [row]);
      return true;
    } catch (error) {
      // It is there, and another process has it.
      if (!UniqueViolation.is(error)) throw error;
      return false;
    }
  }

  #held(): Filter {
    return and(this.#own, { op: "eq", column: "holder", value: this.#holder });
  }

  #until(): string {
    return toInstant(this.#session.clock.now() + (this.#options.lease ?? 30_000));
  }
}
