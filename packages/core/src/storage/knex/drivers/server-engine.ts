import type { Knex } from "knex";
import { StorageUnavailable } from "../../../errors/storage-errors.js";
import type { Abortable } from "../../../util/abortable.js";
import type { Awaitable } from "../../../util/awaitable.js";
import type { Reach, StoredRow } from "../../adapter.js";
import type {
  Call,
  Engine,
  RawConnection,
  Session,
  Statement,
  TransactionOptions,
  TransactionSession,
} from "../statement.js";
import type { Translate } from "../translate-error.js";
import { Cancellation } from "./cancellation.js";
import { waitedTooLong } from "./turns.js";

/** What a driver of a database server does on one of its connections. */
export interface ServerDriver<C> {
  /** The session's settings, once for each connection. */
  prepareConnection(connection: C): Promise<void>;
  /** The connection has just left the pool. */
  acquired(connection: C): void;
  /** Waits until no other connection has the lock; it is kept as long as the connection lives. */
  lock(connection: C): Promise<void>;
  rows(connection: C, statement: Statement, values: readonly unknown[]): Promise<StoredRow[]>;
  run(connection: C, statement: Statement, values: readonly unknown[]): Promise<number>;
  /** Inside a transaction: `run` for each, in order. */
  runAll(connection: C, calls: readonly Call[], run: (call: Call) => Promise<number>): Promise<number[]>;
  command(connection: C, sql: string): Promise<void>;
  query(connection: C, sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]>;
  begin(connection: C, options: TransactionOptions): Promise<void>;
  commit(connection: C): Promise<void>;
  /**
   * Where the server guards the rows of tenants itself: `work`, one statement, in a transaction of its own that
   * names the reach, in one round trip.
   */
  readonly within?: (<T>(connection: C, reach: Reach, work: () => Promise<T>) => Promise<T>) | undefined;
  /** Takes statements before those before them are answered: a first read need not wait for the begin. */
  readonly pipelines?: boolean;
  /** Refuses what would not work as it was asked for. */
  verify(connection: C): Promise<void>;
  /** Lifts the limit on the time of a statement, for schema changes. */
  unlimited(connection: C, lifted: boolean): Promise<void>;
  /** Ends the statement of a connection by way of another; undefined where the driver does not know which it is. */
  cancelSql(connection: C): string | undefined;
  /** Closes the socket at once, whatever is under way. */
  drop(connection: C): void;
  /** Whether the connection cannot be used any more after this error. */
  isFatal(error: unknown): boolean;
  reset(): void;
}

/** Knex marks a connection with this, and its pool then makes a new one. */
interface Disposable {
  __knex__disposed?: unknown;
}

/**
 * A session whose transaction is only just being begun. A read goes out at once: should the begin fail, it has done no
 * harm. A write must not: it would be one for good.
 */
function opening(begun: Promise<void>, session: TransactionSession): TransactionSession {
  let open = false;
  begun.then(
    () => {
      open = true;
    },
    () => {},
  );
  return {
    query: (statement, values) =>
      open ? session.query(statement, values) : together(begun, session.query(statement, values)),
    execute: (statement, values) =>
      open ? session.execute(statement, values) : begun.then(() => session.execute(statement, values)),
    executeAll: (calls) => (open ? session.executeAll(calls) : begun.then(() => session.executeAll(calls))),
    command: (sql) => (open ? session.command(sql) : begun.then(() => session.command(sql))),
  };
}

/** Waits for both, and tells of the failure of the first first. */
async function together<T>(first: Promise<void>, second: Awaitable<T>): Promise<T> {
  const [begun, answer] = await Promise.allSettled([first, second]);
  if (begun.status === "rejected") throw begun.reason;
  if (answer.status === "rejected") throw answer.reason;
  return answer.value;
}

/** Statements run on connections of Knex's pool: one at a time on each, many at a time in all. */
export class ServerEngine<C extends object> implements Engine {
  private closed = false;

  constructor(
    private readonly knex: Knex,
    private readonly driver: ServerDriver<C>,
    private readonly translate: Translate,
    private readonly acquireTimeout: number,
  ) {}

  query(statement: Statement, values: readonly unknown[]): Promise<StoredRow[]> {
    return this.alone(statement, (connection) => this.driver.rows(connection, statement, values));
  }

  execute(statement: Statement, values: readonly unknown[]): Promise<number> {
    return this.alone(statement, (connection) => this.driver.run(connection, statement, values));
  }

  executeAll(calls: readonly Call[]): Promise<number[]> {
    return this.all(calls, undefined, undefined);
  }

  within(reach: Reach | undefined, signal?: Abortable): Session {
    const { within } = this.driver;
    const guards = within !== undefined && reach !== undefined;
    if (!guards && signal === undefined) return this;
    const { driver } = this;
    const inside = <T>(connection: C, work: () => Promise<T>): Promise<T> =>
      guards ? within(connection, reach, work) : work();
    return {
      query: (statement, values) =>
        this.alone(
          statement,
          (connection) => inside(connection, () => driver.rows(connection, statement, values)),
          signal,
        ),
      execute: (statement, values) =>
        this.alone(
          statement,
          (connection) => inside(connection, () => driver.run(connection, statement, values)),
          signal,
        ),
      executeAll: (calls) => this.all(calls, reach, signal),
    };
  }

  /** One statement outside transactions. */
  private async alone<T>(
    statement: Statement,
    work: (connection: C) => Promise<T>,
    signal?: Abortable,
  ): Promise<T> {
    const connection = await this.acquire();
    const cancellation = this.cancellation(connection, signal);
    const tried = () => this.attempt(connection, () => work(connection), statement);
    try {
      return await (cancellation ? cancellation.run(tried) : tried());
    } finally {
      if (await cancellation?.end()) await this.rollback(connection);
      this.release(connection);
    }
  }

  private async all(
    calls: readonly Call[],
    reach: Reach | undefined,
    signal: Abortable | undefined,
  ): Promise<number[]> {
    const [only] = calls;
    if (only === undefined) return [];
    if (calls.length === 1) return [await this.within(reach, signal).execute(only.statement, only.values)];
    return this.transaction(async (session) => session.executeAll(calls), { readOnly: false, reach, signal });
  }

  private cancellation(connection: C, signal: Abortable | undefined): Cancellation | undefined {
    return signal && new Cancellation(signal, () => this.cancel(connection));
  }

  /** By way of a connection outside the pool, which may be used up by what has to be cancelled. */
  private async cancel(connection: C & Disposable): Promise<void> {
    const { client } = this.knex;
    const sql = this.driver.cancelSql(connection);
    let other: C | undefined;
    try {
      if (sql === undefined) throw StorageUnavailable({ reason: "the statement cannot be named" });
      other = (await client.acquireRawConnection()) as C;
      await this.driver.command(other, sql);
    } catch (error) {
      // The server notices when it is done, and rolls back what it cannot answer any more.
      this.dispose(connection, error);
      this.driver.drop(connection);
    } finally {
      if (other !== undefined) void client.destroyRawConnection(other);
    }
  }

  async transaction<T>(
    work: (session: TransactionSession) => Promise<T>,
    options: TransactionOptions,
  ): Promise<T> {
    const connection = await this.acquire();
    const cancellation = this.cancellation(connection, options.signal);
    try {
      options.signal?.throwIfAborted();
      const begun = this.attempt(connection, () => this.driver.begin(connection, options));
      // Who waits for it hears of its failure.
      if (this.driver.pipelines) begun.catch(() => {});
      else await begun;
      let result: T;
      try {
        const session = this.session(connection, cancellation);
        result = await work(this.driver.pipelines ? opening(begun, session) : session);
        await begun;
      } catch (error) {
        await cancellation?.end();
        await this.rollback(connection);
        throw error;
      }
      await this.attempt(connection, () => this.driver.commit(connection));
      return result;
    } finally {
      await cancellation?.end();
      this.release(connection);
    }
  }

  async connection<T>(work: (connection: RawConnection) => Promise<T>): Promise<T> {
    const connection = await this.acquire();
    try {
      await this.driver.unlimited(connection, true);
      const result = await work({
        query: (sql, values = []) => this.driver.query(connection, sql, values),
        exec: (sql) => this.driver.command(connection, sql),
      });
      await this.driver.unlimited(connection, false);
      return result;
    } catch (error) {
      // A failed change of the schema must not keep its locks until the pool looks at the connection again.
      await this.rollback(connection);
      this.dispose(connection, error);
      throw error;
    } finally {
      this.release(connection);
    }
  }

  /** On a connection outside the pool: the work needs those, and the lock ends with its connection. */
  async withLock<T>(work: () => Promise<T>): Promise<T> {
    const { client } = this.knex;
    const connection = await this.locked();
    try {
      return await work();
    } finally {
      await client.destroyRawConnection(connection);
    }
  }

  private async locked(): Promise<C> {
    const { client } = this.knex;
    let connection: C | undefined;
    try {
      connection = (await client.acquireRawConnection()) as C;
      await this.driver.prepareConnection(connection);
      await this.driver.lock(connection);
      return connection;
    } catch (error) {
      if (connection !== undefined) await client.destroyRawConnection(connection);
      throw this.translate(error);
    }
  }

  async verify(): Promise<void> {
    const connection = await this.acquire();
    try {
      await this.attempt(connection, () => this.driver.verify(connection));
    } finally {
      this.release(connection);
    }
  }

  reset(): void {
    this.driver.reset();
  }

  async ping(): Promise<void> {
    const connection = await this.acquire();
    try {
      await this.attempt(connection, () => this.driver.command(connection, "select 1"));
    } finally {
      this.release(connection);
    }
  }

  /** Waits for what is running. */
  async close(): Promise<void> {
    this.closed = true;
    await this.knex.destroy();
  }

  private session(connection: C, cancellation: Cancellation | undefined): TransactionSession {
    const { driver } = this;
    const attempt = <T>(work: () => Promise<T>, statement?: Statement): Promise<T> => {
      const tried = () => this.attempt(connection, work, statement);
      return cancellation ? cancellation.run(tried) : tried();
    };
    return {
      query: (statement, values) => attempt(() => driver.rows(connection, statement, values), statement),
      execute: (statement, values) => attempt(() => driver.run(connection, statement, values), statement),
      executeAll: (calls) =>
        driver.runAll(connection, calls, ({ statement, values }) =>
          attempt(() => driver.run(connection, statement, values), statement),
        ),
      command: (sql) => attempt(() => driver.command(connection, sql)),
    };
  }

  private async acquire(): Promise<C> {
    if (this.closed) throw StorageUnavailable({ reason: "the storage is closed" });
    try {
      const connection = (await this.knex.client.acquireConnection()) as C;
      this.driver.acquired(connection);
      return connection;
    } catch (error) {
      if (this.closed) throw StorageUnavailable({ reason: "the storage is closed" }, { cause: error });
      if (error instanceof Error && error.name === "KnexTimeoutError") {
        throw StorageUnavailable({ reason: waitedTooLong(this.acquireTimeout) }, { cause: error });
      }
      throw this.translate(error);
    }
  }

  private release(connection: C): void {
    void this.knex.client.releaseConnection(connection);
  }

  private async attempt<T>(connection: C, work: () => Promise<T>, statement?: Statement): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (this.driver.isFatal(error)) this.dispose(connection, error);
      throw this.translate(error, statement);
    }
  }

  private async rollback(connection: C): Promise<void> {
    try {
      await this.driver.command(connection, "rollback");
    } catch (error) {
      // The server rolls back what it loses the connection to; the work's own error matters more.
      this.dispose(connection, error);
    }
  }

  private dispose(connection: C & Disposable, error: unknown): void {
    connection.__knex__disposed = error;
  }
}
