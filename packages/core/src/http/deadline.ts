import { untilAborted } from "../util/until-aborted.js";
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

  /**
   * @param caller aborts when the caller hangs up
   * @param limit milliseconds; null for none
   */
  constructor(caller: AbortSignal, limit: number | null) {
    const gone = () => {
      this.stop();
      this.#controller.abort(caller.reason);
    };
    if (caller.aborted) gone();
    else caller.addEventListener("abort", gone, { once: true });
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
    this.#timer = setTimeout(() => this.#controller.abort(RequestTimedOut({ limit })), left);
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
  async race<T>(work: Promise<T>, late: (error: unknown) => void): Promise<T> {
    let ended = false;
    const watched = work.finally(() => {
      ended = true;
    });
    try {
      return await untilAborted(watched, this.signal, GRACE, late);
    } catch (error) {
      if (ended || !RequestTimedOut.is(error)) throw error;
      throw RequestTimedOut({ limit: Number(error.meta["limit"]), running: true });
    }
  }
}
