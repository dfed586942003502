import { StorageUnavailable, TransactionConflict } from "../../../errors/storage-errors.js";
import { waitedTooLong } from "./turns.js";

/** Members of one group, and the milliseconds after which nobody joins it any more. */
const mostMembers = 500;
const longest = 25;

/**
 * Transactions that wait for their turn at the same time become one transaction of SQLite, each in a savepoint of
 * its own: pages that several of them change are written to the log once, and the disk has less to take. Nobody
 * is answered before the commit of all.
 */
export class CommitGroup {
  members = 1;
  /** Why nothing of the group can be committed any more. */
  failure: Error | undefined;
  /** Settles with the commit. */
  readonly committed: Promise<void>;
  private readonly began = performance.now();
  private resolve = (): void => {};
  private reject = (_: Error): void => {};
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly timeout: number) {
    this.committed = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A group whose only member failed has nobody who waits for it.
    this.committed.catch(() => {});
  }

  /** Committing while the disk is busy with earlier ones would answer nobody sooner. */
  takesMore(isFlushing: boolean): boolean {
    const isYoung = isFlushing || performance.now() - this.began < longest;
    return isYoung && this.failure === undefined && this.members < mostMembers;
  }

  /**
   * Members that are done wait for the one at work from now on. Should that one wait for them, it would be for
   * ever: after a while they are told that nothing was committed.
   */
  wait(): void {
    this.timer ??= setTimeout(
      () => this.fail(StorageUnavailable({ reason: waitedTooLong(this.timeout) })),
      this.timeout,
    );
  }

  succeed(): void {
    clearTimeout(this.timer);
    this.resolve();
  }

  fail(error: Error): void {
    clearTimeout(this.timer);
    this.failure ??= error;
    this.reject(error);
  }

  /** One member's trouble took all of the transaction away: the others can simply try again. */
  lost(cause: unknown): void {
    this.fail(TransactionConflict({ reason: "the disk failed another one's commit" }, { cause }));
  }
}
