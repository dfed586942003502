import { setImmediate as tick } from "node:timers/promises";
import { TransactionConflict } from "../../../errors/storage-errors.js";
import type { SqliteDatabase } from "./sqlite-driver.js";
import type { Turns } from "./turns.js";

/** Bounds of one group, so that the first of it does not wait long for its answer. */
const mostTransactions = 200;
const mostMilliseconds = 20;

interface Group {
  readonly started: number;
  readonly committed: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  members: number;
}

/**
 * Transactions that wait for the same connection share one commit: each runs as a savepoint, one after
 * another, and is answered after the commit. A durable commit costs milliseconds of waiting for the disk; so
 * a hundred requests at once need one such wait, not a hundred.
 *
 * Whoever calls has taken a turn; it is released here.
 */
export class GroupCommit {
  private group: Group | undefined;

  constructor(
    private readonly database: SqliteDatabase,
    private readonly turns: Turns,
    private readonly enabled: boolean,
  ) {}

  /** Runs `work` as a transaction. */
  async run<T>(
    begin: () => Promise<void>,
    work: () => Promise<T>,
    translate: (error: unknown) => Error,
  ): Promise<T> {
    const first = this.group === undefined;
    try {
      if (first) {
        await begin();
        this.group = newGroup();
      } else this.database.exec("savepoint corm_group");
    } catch (error) {
      this.turns.release();
      throw error;
    }
    const group = this.group as Group;
    let result: T;
    try {
      result = await work();
      if (!first) this.database.exec("release corm_group");
    } catch (error) {
      this.undo(first, group, error);
      await this.finish(group, translate);
      throw error;
    }
    group.members += 1;
    await this.finish(group, translate);
    await group.committed;
    return result;
  }

  /** Runs one statement: in the open group, or by itself. */
  async join<T>(work: () => Promise<T>): Promise<T> {
    const { group } = this;
    if (group === undefined) {
      try {
        return await work();
      } finally {
        this.turns.release();
      }
    }
    const result = await work().finally(() => this.finish(group, (error) => error as Error));
    await group.committed;
    return result;
  }

  /** Commits what is open; for callers that need the connection without a transaction. */
  flush(): void {
    if (this.group !== undefined) this.commit(this.group, (error) => error as Error);
  }

  private undo(first: boolean, group: Group, error: unknown): void {
    if (!this.database.inTransaction()) {
      // SQLite itself has rolled everything back: the disk is full, or failed.
      this.close(
        group,
        TransactionConflict({ reason: "another one failed with the disk" }, { cause: error }),
      );
    } else if (first) {
      this.database.exec("rollback");
      this.close(group, undefined);
    } else this.database.exec("rollback to corm_group; release corm_group");
  }

  /** Leaves the group to whoever waits next, or commits it. */
  private async finish(group: Group, translate: (error: unknown) => Error): Promise<void> {
    if (this.group === group && this.mayGrow(group)) {
      // Requests that have just arrived get a chance to ask for their turn.
      if (!this.turns.contended) await tick();
      if (this.turns.contended) {
        this.turns.release();
        return;
      }
    }
    if (this.group === group) this.commit(group, translate);
    this.turns.release();
  }

  private mayGrow(group: Group): boolean {
    return (
      this.enabled && group.members < mostTransactions && performance.now() - group.started < mostMilliseconds
    );
  }

  private commit(group: Group, translate: (error: unknown) => Error): void {
    try {
      this.database.exec("commit");
    } catch (error) {
      if (this.database.inTransaction()) this.database.exec("rollback");
      this.close(group, translate(error));
      return;
    }
    this.close(group, undefined);
  }

  private close(group: Group, error: Error | undefined): void {
    this.group = undefined;
    if (error === undefined) group.resolve();
    else group.reject(error);
  }
}

function newGroup(): Group {
  let resolve = (): void => {};
  let reject = (_: unknown): void => {};
  const committed = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Every member awaits it; a group without one left must not end the process.
  committed.catch(() => {});
  return { started: performance.now(), committed, resolve, reject, members: 0 };
}
