import { TransactionConflict } from "../errors/storage-errors.js";
import type { BoundStorage, Transaction } from "../storage/adapter.js";

const RETRIES = 4;

/** A transaction that is run again where the database gave it up for another one. */
export async function retried<T>(storage: BoundStorage, work: (tx: Transaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await storage.transaction(work);
    } catch (error) {
      if (!TransactionConflict.is(error) || attempt > RETRIES) throw error;
    }
  }
}
