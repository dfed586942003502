import type { JournalEntry } from "../context/journal.js";
import type { Simulation } from "../context/simulation.js";
import { TransactionAborted } from "../errors/index.js";
import type { StoredRow } from "../storage/adapter.js";
import type { Session } from "./session.js";

/** What rolls a trial back. */
const OVER = new Error("a trial is over");

/**
 * What `work` would do, in a transaction that `begin` opens and that ends with nothing.
 *
 * @param entry reads a row of the journal
 */
export async function simulated<T>(
  entry: (row: StoredRow) => JournalEntry,
  work: (tx: Session) => Promise<T>,
  begin: (trial: (tx: Session) => Promise<never>) => Promise<never>,
): Promise<Simulation<T>> {
  let found: Simulation<T> | undefined;
  try {
    await begin(async (tx) => {
      const result = await work(tx);
      // One that could not have been committed would not have done anything.
      if (tx.scope?.failed) throw TransactionAborted({ failed: tx.scope.failed });
      found = { result, entries: (tx.scope?.entered ?? []).map(entry) };
      throw OVER;
    });
  } catch (error) {
    if (error !== OVER) throw error;
  }
  return found as Simulation<T>;
}
