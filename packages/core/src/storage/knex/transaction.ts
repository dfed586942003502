import { TransactionAborted, TransactionMisuse } from "../../errors/core-errors.js";
import { TransactionConflict } from "../../errors/storage-errors.js";
import type { Reach, Transaction } from "../adapter.js";
import type { Compiler } from "./compiler.js";
import type { Session, Statement, TransactionOptions, TransactionSession } from "./statement.js";
import { Verbs } from "./verbs.js";

/**
 * Runs `work` with the handle of a transaction. Rules that some engines have are kept on all of them: after a
 * failed statement nothing but the rollback of its savepoint or transaction is possible, and read-only
 * transactions do not write.
 */
export function runTransaction<T>(
  compiler: Compiler,
  session: TransactionSession,
  options: TransactionOptions,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return new Level(compiler, session, options, undefined).run(work);
}

/** A transaction, or a savepoint in it. */
class Level extends Verbs implements Transaction {
  protected override readonly reach: Reach | undefined;
  private readonly depth: number;
  private state: "open" | "suspended" | "over" = "open";
  /** The first statement that failed: only a rollback is possible after it. */
  private failure: { readonly error: unknown; readonly what: string } | undefined;

  constructor(
    protected override readonly compiler: Compiler,
    private readonly inner: TransactionSession,
    private readonly options: TransactionOptions,
    private readonly parent: Level | undefined,
  ) {
    super();
    this.reach = options.reach;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
  }

  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      const result = await work(this);
      if (this.failure !== undefined) throw this.refusal(this.failure);
      return result;
    } finally {
      this.state = "over";
    }
  }

  async savepoint<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.check();
    const level = new Level(this.compiler, this.inner, this.options, this);
    const name = `corm_${level.depth}`;
    this.state = "suspended";
    try {
      await this.inner.command(`savepoint ${name}`);
      const result = await level.run(work);
      await this.inner.command(`release savepoint ${name}`);
      return result;
    } catch (error) {
      // A lost transaction has no savepoint to return to; the failure has reached every level already.
      if (this.failure === undefined) {
        await this.inner.command(`rollback to savepoint ${name}`);
        await this.inner.command(`release savepoint ${name}`);
      }
      throw error;
    } finally {
      this.state = "open";
    }
  }

  protected override session(writes: boolean): Session {
    this.check();
    this.options.signal?.throwIfAborted();
    if (writes && this.options.readOnly)
      throw TransactionMisuse({ reason: "A read-only transaction cannot write." });
    return this.inner;
  }

  /** Keeps a caught error from leading to half a transaction being committed. */
  protected override failed(error: unknown, { operation, table }: Statement): void {
    this.failure ??= { error, what: `A statement to ${operation} "${table}"` };
    if (!TransactionConflict.is(error)) return;
    // The engine has rolled back the transaction as a whole.
    for (let level = this.parent; level !== undefined; level = level.parent) level.failure ??= this.failure;
  }

  private check(): void {
    if (this.state === "over") {
      throw TransactionMisuse({
        reason: "The transaction is over. Await all that is done in it before it ends.",
      });
    }
    if (this.state === "suspended") {
      throw TransactionMisuse({
        reason: "A savepoint is open in the transaction: use the savepoint's handle.",
      });
    }
    if (this.failure !== undefined) throw this.refusal(this.failure);
  }

  private refusal({ error, what }: NonNullable<typeof this.failure>): Error {
    return TransactionAborted({ failed: what }, { cause: error });
  }
}
