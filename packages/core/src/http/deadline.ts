import { RequestTimedOut } from "./errors.js";

/** How long a handler may take to end once it is told to, in milliseconds; beyond, the caller is answered without it. */
const GRACE = 1000;

/**
 * The time that a request may take. Its signal aborts when the time is up, or when the caller hangs up before: what is
 * under way then ends by itself, and no transaction commits any more.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #began = performance.now();
  #timer: NodeJS.Timeout | undefined;
  /** Hears of the abort: cheaper than an event, of which every request would need one. */
  #aborted: (() => void) | undefined;

  /**
   * @param caller aborts when the caller hangs up
   * @param limit milliseconds; null for none
   */
  constructor(caller: AbortSignal, limit: number | null) {
    if (caller.aborted) this.#abort(caller.reason);
    else caller.addEventListener("abort", () => this.#abort(caller.reason), { once: true });
    this.allow(limit);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Another limit, counted from the beginning of the request. */
  allow(limit: number | null): void {
    this.stop();
    if (limit === null || this.signal.aborted) return;
    const left = limit - (performance.now() - this.#began);
    this.#timer = setTimeout(() => this.#abort(RequestTimedOut({ limit })), left);
  }

  /** The answer has begun: only the caller can end it now. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /**
   * What `work` comes to. Where it does not end although it was told to, the reason of the signal.
   *
   * @param late hears of a failure that came after the answer
   */
  race<T>(work: Promise<T>, late: (error: unknown) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let patience: NodeJS.Timeout | undefined;
      let answered = false;
      const { signal } = this;
      this.#aborted = () => {
        patience = setTimeout(() => {
          answered = true;
          const { reason } = signal;
          if (!RequestTimedOut.is(reason)) reject(reason);
          else reject(RequestTimedOut({ limit: Number(reason.meta["limit"]), running: true }));
        }, GRACE);
      };
      if (signal.aborted) this.#aborted();
      work.then(
        (value) => {
          clearTimeout(patience);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(patience);
          if (!answered) reject(error);
          else if (error !== signal.reason) late(error);
        },
      );
    });
  }

  #abort(reason: unknown): void {
    this.stop();
    this.#controller.abort(reason);
    this.#aborted?.();
  }
}
