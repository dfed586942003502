import { createHash } from "node:crypto";
import type { Context } from "../context/context.js";
import { UniqueViolation } from "../errors/storage-errors.js";
import type { SubscribedEntry } from "../subscribers/define-subscriber.js";
import { passCursor } from "./pass-cursor.js";

export interface DeliveryOptions {
  /** With whose rights the entries of a tenant are handled. */
  readonly session: (tenant: string) => Context;
  /** Name of the cursor in the database of each tenant: at most 100 characters. */
  readonly cursor: string;
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
  /** Times that an entry is tried before it is put aside, so that those behind it go on. */
  readonly attempts: number;
  /** Keeps an entry that could not be handled. Its cursor passes it afterwards. */
  readonly putAside: (tenant: string, entry: SubscribedEntry, error: unknown) => Promise<void>;
}

/**
 * Hands the entries of one tenant to `handle`: in order, once each.
 *
 * @throws what `handle` threw, until an entry has been tried often enough: all of them are to be delivered again
 */
export type Deliver = (tenant: string, entries: readonly SubscribedEntry[]) => Promise<void>;

/**
 * For what brings the journal over a broker, one for each partition. Exactness does not hang on the broker: how far a
 * tenant has come is a row in the app's database, moved in the transaction of the work, so that entries which come again,
 * after a crash or because two processes take themselves for the one at work, are known as done. Entries have to come
 * in order: what is behind the cursor counts as done.
 */
export function createDelivery(options: DeliveryOptions): Deliver {
  const { session, cursor, handle, attempts, putAside } = options;
  /** Failures of the entry that a tenant stands at. */
  const failures = new Map<string, { readonly id: string; readonly count: number }>();

  const work = async (tenant: string, entries: readonly SubscribedEntry[]): Promise<void> => {
    const last = (entries[entries.length - 1] as SubscribedEntry).position;
    const once = (): Promise<void> =>
      session(tenant).transaction(async (tx) => {
        const before = await passCursor(tx, cursor, last);
        const fresh = entries.filter(({ position }) => position > before);
        if (fresh.length > 0) await handle(fresh, tx);
      });
    try {
      await once();
    } catch (error) {
      // Where another process began at the same moment, there is a cursor to wait for by now.
      if (!UniqueViolation.is(error)) throw error;
      await once();
    }
  };

  const failed = async (tenant: string, entry: SubscribedEntry, error: unknown): Promise<void> => {
    const known = failures.get(tenant);
    const count = known?.id === entry.id ? known.count + 1 : 1;
    if (count < attempts) {
      failures.set(tenant, { id: entry.id, count });
      throw error;
    }
    failures.delete(tenant);
    await putAside(tenant, entry, error);
    await session(tenant).transaction((tx) => passCursor(tx, cursor, entry.position));
  };

  return async function deliver(tenant, entries) {
    try {
      if (entries.length > 0) await work(tenant, entries);
    } catch (error) {
      if (entries.length === 1) await failed(tenant, entries[0] as SubscribedEntry, error);
      // One of them keeps the others from being done: which one shows when each is alone.
      else for (const entry of entries) await deliver(tenant, [entry]);
    }
  };
}

/** What belongs to one record stays in order: it goes through one of `partitions`. Answers 0 to `partitions - 1`. */
export function partitionOf(tenant: string, entry: SubscribedEntry, partitions: number): number {
  const subject = `${tenant}\n${entry.record ?? entry.id}`;
  return createHash("sha256").update(subject).digest().readUInt32BE(0) % partitions;
}
