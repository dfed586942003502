import { StorageUnavailable } from "../../../errors/storage-errors.js";

interface Waiter {
  readonly start: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Lets one user at a time have a connection, in the order in which they asked. */
export class Turns {
  private taken = false;
  private readonly waiters: Waiter[] = [];

  constructor(private readonly timeout: number) {}

  /** Whether somebody is waiting. */
  get contended(): boolean {
    return this.waiters.length > 0;
  }

  get isTaken(): boolean {
    return this.taken;
  }

  /** Takes the connection if it is free right now. */
  tryTake(): boolean {
    if (this.taken) return false;
    this.taken = true;
    return true;
  }

  take(): Promise<void> | undefined {
    if (this.tryTake()) return undefined;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(StorageUnavailable({ reason: waitedTooLong(this.timeout) }));
      }, this.timeout);
      const waiter: Waiter = { start: resolve, timer };
      this.waiters.push(waiter);
    });
  }

  release(): void {
    const next = this.waiters.shift();
    if (next === undefined) {
      this.taken = false;
      return;
    }
    clearTimeout(next.timer);
    next.start();
  }
}

export function waitedTooLong(timeout: number): string {
  return (
    `no connection was free for ${timeout} ms. A transaction is probably still open, ` +
    "or something inside a transaction used the storage instead of the transaction"
  );
}
