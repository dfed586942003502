import { setTimeout as sleep } from "node:timers/promises";
import { isBusy } from "../dialects/sqlite-errors.js";

/**
 * Tries again while another process has the database: nothing has happened yet when a statement outside a
 * transaction finds it locked. The driver's own waiting would stop the whole event loop, and is kept short.
 *
 * @param timeout milliseconds until it gives up
 */
export async function patiently<T>(
  timeout: number,
  work: () => T,
  fail: (error: unknown) => Error,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (let pause = 1; ; pause = Math.min(pause * 2, 20)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw fail(error);
    }
    await sleep(pause * (0.5 + Math.random()));
  }
}
