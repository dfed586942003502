import type { Abortable } from "../../../util/abortable.js";
/**
 * Ends what runs on one connection when a signal says so. Only statements that are under way are cancelled; between
 * them nothing needs to be, since none begins any more.
 */
export class Cancellation {
  private running = 0;
  private cancelling: Promise<void> | undefined;
  private readonly abort = (): void => {
    if (this.running > 0) this.cancelling ??= this.cancel();
  };

  /** @param cancel ends the statement of the connection; never rejects */
  constructor(
    private readonly signal: Abortable,
    private readonly cancel: () => Promise<void>,
  ) {
    signal.addEventListener("abort", this.abort);
  }

  /** Runs one statement. @throws the reason of the signal, where that came before or meanwhile */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.running += 1;
    try {
      return await work();
    } catch (error) {
      // The server tells of a statement that was cancelled; the caller should hear why.
      if (this.cancelling !== undefined) throw this.signal.reason;
      throw error;
    } finally {
      this.running -= 1;
    }
  }

  /**
   * Answers whether something was cancelled, once the server has heard of it: it must not hit a statement of whoever
   * gets the connection next.
   */
  async end(): Promise<boolean> {
    this.signal.removeEventListener("abort", this.abort);
    await this.cancelling;
    return this.cancelling !== undefined;
  }
}
