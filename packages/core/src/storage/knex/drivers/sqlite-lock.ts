import { setTimeout as sleep } from "node:timers/promises";
import { isBusy } from "../dialects/sqlite-errors.js";
import type { SqliteDriver } from "./sqlite-driver.js";

/**
 * A lock on a small file beside the database, taken as SQLite's own exclusive lock: the operating system
 * frees it when its owner dies, and no lease has to run out. A database in memory has one owner in any case.
 */
export function sqliteLock(driver: SqliteDriver, path: string): <T>(work: () => Promise<T>) => Promise<T> {
  if (path === ":memory:") return inOrder();
  return async (work) => {
    const lock = driver.open(`${path}-migrate`, { readOnly: false });
    try {
      // The owner may be in this very process, and waits for the event loop.
      lock.exec("pragma busy_timeout = 0");
      for (;;) {
        try {
          lock.exec("begin exclusive");
          break;
        } catch (error) {
          if (!isBusy(error)) throw error;
        }
        await sleep(20 + Math.random() * 30);
      }
      return await work();
    } finally {
      lock.close();
    }
  };
}

function inOrder(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}
