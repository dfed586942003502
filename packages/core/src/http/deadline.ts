import type { Abortable } from "../util/abortable.js";
import { RequestTimedOut } from "./errors.js";

/** How long a handler may take to end once it is told to, in milliseconds; beyond, the caller is answered without it. */
const GRACE = 1000;

/**
 * The time that a request may take. It aborts when the time is up, or when the caller hangs up before: what is under way
 * then ends by itself, and no transaction commits any more.
 *
 * What is answered at once has no time to run out of, and costs neither a timer nor a signal: both begin with the first
 * that waits for something.
 */
export class Deadline implements Abortable {
  readonly #request: Request;
  readonly #began = performance.now();
  #limit: number | null;
  #watched = false;
  #aborted = false;
  #reason: unknown;
  #timer: NodeJS.Timeout | undefined;
  #controller: AbortController | undefined;
  #listeners: (() => void)[] | undefined;

  /**
   * @param request whose signal aborts when the caller hangs up
   * @param limit milliseconds; null for none
   */
  constructor(request: Request, limit: number | null) {
    this.#request = request;
    this.#limit = limit;
  }

  get aborted(): boolean {
    return this.#aborted;
  }
  get reason(): unknown {
    return this.#reason;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
      else this.#watch();
    }
    return this.#controller.signal;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  addEventListener(_: "abort", listener: () => void): void {
    if (this.#aborted) return;
    this.#listeners ??= [];
    this.#listeners.push(listener);
    this.#watch();
  }

  removeEventListener(_: "abort", listener: () => void): void {
    const at = this.#listeners?.indexOf(listener) ?? -1;
    if (at >= 0) this.#listeners?.splice(at, 1);
  }

  /** Another limit, counted from the beginning of the request. */
  allow(limit: number | null): void {
    this.#limit = limit;
    if (this.#watched) this.#arm();
  }

  /** The answer has begun: only the caller can end it now. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#limit = null;
  }

  /**
   * What `work` comes to. Where it does not end although it was told to, the reason for that.
   *
   * @param late hears of a failure that came after the answer
   */
  race<T>(work: Promise<T>, late: (error: unknown) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let patience: NodeJS.Timeout | undefined;
      let answered = false;
      const aborted = () => {
        patience = setTimeout(() => {
          answered = true;
          const reason = this.#reason;
          if (!RequestTimedOut.is(reason)) reject(reason);
          else reject(RequestTimedOut({ limit: Number(reason.meta["limit"]), running: true }));
        }, GRACE);
      };
      if (this.#aborted) aborted();
      else this.addEventListener("abort", aborted);
      work.then(
        (value) => {
          clearTimeout(patience);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(patience);
          if (!answered) reject(error);
          else if (error !== this.#reason) late(error);
        },
      );
    });
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    const { signal } = this.#request;
    // Not at once, as no signal calls a listener while it is being added.
    if (signal.aborted) queueMicrotask(() => this.#abort(signal.reason));
    else {
      signal.addEventListener("abort", () => this.#abort(signal.reason), { once: true });
      this.#arm();
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const limit = this.#limit;
    if (limit === null || this.#aborted) return;
    const left = limit - (performance.now() - this.#began);
    this.#timer = setTimeout(() => this.#abort(RequestTimedOut({ limit })), left);
  }

  #abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    clearTimeout(this.#timer);
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    for (const listener of listeners ?? []) listener();
  }
}
