import { TransactionAborted, TransactionMisuse } from "../../errors/core-errors.js";
import { TransactionConflict } from "../../errors/storage-errors.js";
import type { Transaction } from "../adapter.js";
import type { Compiler } from "./compiler.js";
import { isOverflow } from "./dialects/sqlite-errors.js";
import { operations } from "./operations.js";
import type { Awaitable, Session, Statement, TransactionSession } from "./statement.js";

/** The state of a transaction or savepoint while its work runs. */
interface Level {
  readonly parent: Level | undefined;
  readonly depth: number;
  state: "open" | "suspended" | "over";
  /** The error of the first statement that failed: only a rollback is possible after it. */
  failure: unknown;
  /** What it was to do. */
  failed?: string;
}

/**
 * Runs `work` with the handle of a transaction. Rules that some engines have are kept on all of them: after a
 * failed statement nothing but the rollback of its savepoint or transaction is possible, and read-only
 * transactions do not write.
 */
export async function runTransaction<T>(
  compiler: () => Compiler,
  session: TransactionSession,
  readOnly: boolean,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const root: Level = { parent: undefined, depth: 0, state: "open", failure: undefined };
  return runLevel(root, { compiler, session, readOnly }, work);
}

interface Context {
  readonly compiler: () => Compiler;
  readonly session: TransactionSession;
  readonly readOnly: boolean;
}

async function runLevel<T>(
  level: Level,
  context: Context,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    const result = await work(handle(level, context));
    if (level.failure !== undefined) throw refuseAfterFailure(level);
    return result;
  } finally {
    level.state = "over";
  }
}

function handle(level: Level, context: Context): Transaction {
  const use = (writes: boolean): Session => {
    check(level);
    if (writes && context.readOnly)
      throw TransactionMisuse({ reason: "A read-only transaction cannot write." });
    return watched(level, context.session);
  };
  return {
    ...operations(context.compiler, use),
    savepoint: (work) => savepoint(level, context, work),
  };
}

async function savepoint<T>(
  parent: Level,
  context: Context,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  check(parent);
  const level: Level = { parent, depth: parent.depth + 1, state: "open", failure: undefined };
  const name = `corm_${level.depth}`;
  parent.state = "suspended";
  try {
    await context.session.command(`savepoint ${name}`);
    const result = await runLevel(level, context, work);
    await context.session.command(`release savepoint ${name}`);
    return result;
  } catch (error) {
    // A lost transaction has no savepoint to return to; the failure has reached every level already.
    if (parent.failure === undefined) {
      await context.session.command(`rollback to savepoint ${name}`);
      await context.session.command(`release savepoint ${name}`);
    }
    throw error;
  } finally {
    parent.state = "open";
  }
}

function check(level: Level): void {
  if (level.state === "over") {
    throw TransactionMisuse({
      reason: "The transaction is over. Await all that is done in it before it ends.",
    });
  }
  if (level.state === "suspended") {
    throw TransactionMisuse({
      reason: "A savepoint is open in the transaction: use the savepoint's handle.",
    });
  }
  if (level.failure !== undefined) throw refuseAfterFailure(level);
}

function refuseAfterFailure(level: Level): Error {
  return TransactionAborted({ failed: level.failed ?? "A statement" }, { cause: level.failure });
}

/** Notes failures, so that a caught error cannot lead to half a transaction being committed. */
function watched(level: Level, session: Session): Session {
  const note = (error: unknown, { operation, table }: Statement): never => {
    // The statement will be tried in another form.
    if (isOverflow((error as Error).cause)) throw error;
    fail(level, error, `A statement to ${operation} "${table}"`);
    // The engine has rolled back the transaction as a whole.
    if (TransactionConflict.is(error)) {
      for (let up = level.parent; up !== undefined; up = up.parent) fail(up, error, "A savepoint in it");
    }
    throw error;
  };
  const watch = <T>(statement: Statement, run: () => Awaitable<T>): Awaitable<T> => {
    try {
      const result = run();
      return result instanceof Promise ? result.catch((error) => note(error, statement)) : result;
    } catch (error) {
      return note(error, statement);
    }
  };
  return {
    query: (statement, values) => watch(statement, () => session.query(statement, values)),
    execute: (statement, values) => watch(statement, () => session.execute(statement, values)),
    executeAll: (calls) => {
      const [first] = calls;
      return first === undefined ? [] : watch(first.statement, () => session.executeAll(calls));
    },
  };
}

function fail(level: Level, error: unknown, failed: string): void {
  if (level.failure !== undefined) return;
  level.failure = error;
  level.failed = failed;
}
