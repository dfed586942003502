import { AsyncLocalStorage } from "node:async_hooks";
import type { TransactionScope } from "./runtime.js";

/** Also one of another library or realm. */
const isPromise = <T>(result: T | Promise<T>): result is Promise<T> =>
  typeof (result as { readonly then?: unknown } | null | undefined)?.then === "function";

/**
 * Knows the transaction that running code is inside of, so that a session from outside is not used there by mistake.
 * Node.js before 24 pays for that with every promise of the process: it is watched only while code of others (hooks,
 * actions, whoever calls `transaction`) has a transaction open, and not while core's own has.
 */
export class TransactionGuard {
  readonly #storage = new AsyncLocalStorage<TransactionScope>();
  #watched = 0;

  /** Whether the running code is inside of a transaction that goes on. */
  get isInside(): boolean {
    return this.#watched > 0 && this.#storage.getStore()?.active === true;
  }

  /** Calls code of others inside of a transaction. */
  run<T>(scope: TransactionScope, work: () => T | Promise<T>): T | Promise<T> {
    if (this.isInside) return work();
    this.#watched += 1;
    let result: T | Promise<T>;
    try {
      result = this.#storage.run(scope, work);
    } catch (error) {
      this.#leave();
      throw error;
    }
    if (isPromise(result)) return this.#until(result);
    this.#leave();
    return result;
  }

  async #until<T>(result: Promise<T>): Promise<T> {
    try {
      return await result;
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#watched -= 1;
    if (this.#watched === 0) this.disable();
  }

  /** Stops watching: for apps that went away inside of a transaction that never ends. */
  disable(): void {
    this.#storage.disable();
  }
}
