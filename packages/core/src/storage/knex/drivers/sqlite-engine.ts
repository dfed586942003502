import { setTimeout as sleep } from "node:timers/promises";
import { StorageUnavailable } from "../../../errors/storage-errors.js";
import type { Abortable } from "../../../util/abortable.js";
import type { Awaitable } from "../../../util/awaitable.js";
import type { StoredRow } from "../../adapter.js";
import { isBusy } from "../dialects/sqlite-errors.js";
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
import { CommitGroup } from "./commit-group.js";
import type { LogFile } from "./log-file.js";
import { LogSync } from "./log-sync.js";
import { patiently } from "./patience.js";
import { runAll } from "./run-all.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import { FileReads } from "./sqlite-reads.js";
import type { SlowReads } from "./sqlite-slow-reads.js";
import { Turns } from "./turns.js";

export interface SqliteEngineOptions {
  readonly writer: SqliteConnection;
  /** Opens a connection that sees committed rows only; undefined for a database in memory. */
  readonly openReader: ((slot: number) => SqliteConnection) | undefined;
  /** Takes what would hold up the app; undefined for a database in memory, which nobody else sees. */
  readonly slowReads: SlowReads | undefined;
  /** What has to be flushed before a commit is told; undefined where durability was not asked for. */
  readonly log: LogFile | undefined;
  readonly acquireTimeout: number;
  readonly lock: <T>(work: () => Promise<T>) => Promise<T>;
  readonly translate: Translate;
}

/**
 * One writing connection, used in turns. Files have a second one for reads outside transactions, which never
 * wait for a writer: SQLite's write-ahead log shows them the last committed state. A third one serves
 * read-only transactions, so that their snapshots hold up nobody else.
 */
export class SqliteEngine implements Engine {
  private readonly writer: SqliteConnection;
  private readonly writerSession: TransactionSession;
  private readonly reader: SqliteConnection | undefined;
  private readonly reads: FileReads | undefined;
  private snapshots: SqliteConnection | undefined;
  private readonly turns: Turns;
  private readonly snapshotTurns: Turns;
  private readonly sync: LogSync | undefined;
  /** The transaction that is open between the turns of its members. */
  private group: CommitGroup | undefined;
  private closed = false;

  constructor(private readonly options: SqliteEngineOptions) {
    const { log } = options;
    this.writer = options.writer;
    this.writerSession = this.session(this.writer);
    this.turns = new Turns(options.acquireTimeout);
    this.snapshotTurns = new Turns(options.acquireTimeout);
    this.sync = log === undefined ? undefined : new LogSync(() => log.flush());
    this.reader = options.openReader?.(1);
    this.reads =
      this.reader &&
      new FileReads(this.reader, options.slowReads, {
        sync: this.sync,
        durable: () => this.durable(),
        patiently: (statement, work) => this.patiently(statement, work),
        fail: (error, statement) => this.fail(error, statement),
      });
  }

  query(statement: Statement, values: readonly unknown[], signal?: Abortable): Awaitable<StoredRow[]> {
    const { reads } = this;
    return reads ? reads.rows(statement, values, signal) : this.queryInTurn(statement, values);
  }

  execute(statement: Statement, values: readonly unknown[]): Awaitable<number> {
    const run = (): number => this.writer.run(statement, values);
    // Who has to wait anyway shares a commit with the others who wait.
    if (this.options.openReader !== undefined && this.turns.isTaken) {
      return this.transaction(async (session) => session.execute(statement, values), { readOnly: false });
    }
    if (this.sync === undefined && !this.closed && this.turns.tryTake()) {
      try {
        return run();
      } catch (error) {
        if (!isBusy(error)) throw this.fail(error, statement);
      } finally {
        this.turns.release();
      }
    }
    return this.durably(() => this.patiently(statement, run));
  }

  async executeAll(calls: readonly Call[]): Promise<number[]> {
    const [only] = calls;
    if (only === undefined) return [];
    if (calls.length === 1) return [await this.execute(only.statement, only.values)];
    return this.transaction(async (session) => session.executeAll(calls), { readOnly: false });
  }

  /** SQLite has no rules of its own about rows. */
  within(_: unknown, signal?: Abortable): Session {
    if (signal === undefined || this.options.slowReads === undefined) return this;
    return {
      query: (statement, values) => this.query(statement, values, signal),
      execute: (statement, values) => this.execute(statement, values),
      executeAll: (calls) => this.executeAll(calls),
    };
  }

  async transaction<T>(
    work: (session: TransactionSession) => Promise<T>,
    { readOnly, signal }: TransactionOptions,
  ): Promise<T> {
    if (this.options.openReader === undefined) return this.inMemory(work, readOnly, signal);
    if (readOnly) return this.snapshot(work);
    await this.takeTurn();
    let group: CommitGroup | undefined;
    let result: T;
    try {
      group = await this.join();
      try {
        result = await work(this.writing(signal));
      } catch (error) {
        this.leave(group, error);
        throw error;
      }
      if (group.members > 1 && group.failure === undefined) this.writer.command("release corm_member");
    } catch (error) {
      this.settle();
      this.turns.release();
      // What it failed at may be what the others wrote.
      await group?.committed.catch(() => {});
      throw error;
    }
    this.settle();
    this.turns.release();
    await group.committed;
    await this.durable();
    return result;
  }

  /** A transaction of its own, or a part of the one that is open. */
  private async join(): Promise<CommitGroup> {
    const { group } = this;
    if (group === undefined) {
      await this.begin("begin immediate");
      this.group = new CommitGroup(this.options.acquireTimeout);
      return this.group;
    }
    this.writer.command("savepoint corm_member");
    group.members += 1;
    return group;
  }

  /** Takes back what one member did. */
  private leave(group: CommitGroup, error: unknown): void {
    if (!this.writer.database.inTransaction()) group.lost(error);
    else if (group.members === 1) {
      this.writer.exec("rollback");
      this.group = undefined;
      group.succeed();
    } else {
      this.writer.command("rollback to corm_member");
      this.writer.command("release corm_member");
      group.members -= 1;
    }
  }

  /** Ends the turn of a member: the next in turn goes on with the group, or it is committed. */
  private settle(): void {
    const { group } = this;
    if (group === undefined) return;
    if (this.turns.contended && group.takesMore(this.sync?.isFlushing === true)) group.wait();
    else this.endGroup();
  }

  private endGroup(): void {
    const { group } = this;
    if (group === undefined) return;
    this.group = undefined;
    try {
      if (group.failure !== undefined) throw group.failure;
      this.writer.command("commit");
      this.sync?.written();
      group.succeed();
    } catch (error) {
      this.rollback();
      group.fail(this.fail(error));
    }
  }

  private async inMemory<T>(
    work: (session: TransactionSession) => Promise<T>,
    readOnly: boolean,
    signal: Abortable | undefined,
  ): Promise<T> {
    await this.takeTurn();
    try {
      await this.begin(readOnly ? "begin" : "begin immediate");
      let result: T;
      try {
        result = await work(this.writing(signal));
      } catch (error) {
        this.rollback();
        throw error;
      }
      this.commit();
      return result;
    } finally {
      this.turns.release();
    }
  }

  async connection<T>(work: (connection: RawConnection) => Promise<T>): Promise<T> {
    const { writer } = this;
    return this.durably(() =>
      work({
        query: (sql, values) => writer.query(sql, values),
        exec: (sql) => this.patiently(undefined, () => writer.exec(sql)),
      }),
    );
  }

  withLock<T>(work: () => Promise<T>): Promise<T> {
    return this.options.lock(work);
  }

  reset(): void {
    // SQLite prepares again by itself.
  }

  async ping(): Promise<void> {
    if (this.closed) throw this.fail(undefined);
    const connection = this.reader ?? this.writer;
    await this.patiently(undefined, () => connection.query("select 1"));
  }

  /** The file itself is overwritten (`secure_delete`); the log keeps old pages until it is emptied. */
  async scrub(): Promise<void> {
    const deadline = performance.now() + this.options.acquireTimeout;
    for (;;) {
      const [result] = await this.connection(async (raw) => raw.query("pragma wal_checkpoint(truncate)"));
      // Somebody still reads an older state. The next scrub, or the last process to close, empties the log.
      if (result?.["busy"] !== 1 || performance.now() > deadline) return;
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    if (this.closed) return;
    await this.takeTurn();
    this.endGroup();
    this.closed = true;
    this.turns.release();
    // Who waits for the disk gets the answer; a failed flush is theirs to hear of.
    await this.sync?.settled()?.catch(() => {});
    await this.options.log?.close();
    await this.options.slowReads?.close();
    for (const connection of [this.snapshots, this.reader, this.writer]) connection?.database.close();
  }

  private async snapshot<T>(work: (session: TransactionSession) => Promise<T>): Promise<T> {
    const waiting = this.snapshotTurns.take();
    if (waiting !== undefined) await waiting;
    try {
      if (this.closed) throw this.fail(undefined);
      this.snapshots ??= this.options.openReader?.(2);
      const connection = this.snapshots as SqliteConnection;
      // The first read fixes what the transaction sees.
      await this.patiently(undefined, () => connection.exec("begin; select 1 from sqlite_master"));
      try {
        await this.durable();
        return await work(this.session(connection));
      } finally {
        connection.exec("rollback");
      }
    } finally {
      this.snapshotTurns.release();
    }
  }

  private writing(signal: Abortable | undefined): TransactionSession {
    return signal === undefined ? this.writerSession : this.session(this.writer, signal);
  }

  private session(connection: SqliteConnection, signal?: Abortable): TransactionSession {
    return {
      query: (statement, values) => this.guarded(statement, () => connection.rows(statement, values)),
      execute: (statement, values) => this.guarded(statement, () => connection.run(statement, values)),
      executeAll: (calls) =>
        runAll(
          calls,
          (call) => this.guarded(call.statement, () => connection.run(call.statement, call.values)),
          signal,
        ),
      command: (sql) => connection.command(sql),
    };
  }

  /** Writes in turn; the turn is over before the disk is waited for. */
  private async durably<T>(work: () => Promise<T>): Promise<T> {
    await this.takeTurn();
    let result: T;
    try {
      this.endGroup();
      result = await work();
      this.sync?.written();
    } finally {
      this.turns.release();
    }
    await this.durable();
    return result;
  }

  /** Resolves when all that was committed is on the disk. */
  private async durable(): Promise<void> {
    try {
      await this.sync?.settled();
    } catch (error) {
      throw StorageUnavailable({ reason: "the disk did not take a commit" }, { cause: error });
    }
  }

  private begin(sql: string): Awaitable<void> {
    try {
      return this.writer.command(sql);
    } catch (error) {
      if (!isBusy(error)) throw this.fail(error);
    }
    return this.patiently(undefined, () => this.writer.command(sql));
  }

  private commit(): void {
    try {
      this.writer.command("commit");
    } catch (error) {
      this.rollback();
      throw this.fail(error);
    }
  }

  private async takeTurn(): Promise<void> {
    const waiting = this.turns.take();
    if (waiting !== undefined) await waiting;
    if (!this.closed) return;
    this.turns.release();
    throw this.fail(undefined);
  }

  private queryInTurn(statement: Statement, values: readonly unknown[]): Awaitable<StoredRow[]> {
    const run = (): StoredRow[] => this.guarded(statement, () => this.writer.rows(statement, values));
    if (this.closed) throw this.fail(undefined);
    if (!this.turns.tryTake()) return this.later(run);
    try {
      return run();
    } finally {
      this.turns.release();
    }
  }

  private async later<T>(work: () => T): Promise<T> {
    await this.takeTurn();
    try {
      return work();
    } finally {
      this.turns.release();
    }
  }

  /** SQLite itself has rolled back when the disk has failed. */
  private rollback(): void {
    if (this.writer.database.inTransaction()) this.writer.exec("rollback");
  }

  private guarded<T>(statement: Statement, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.fail(error, statement);
    }
  }

  private patiently<T>(statement: Statement | undefined, work: () => T): Promise<T> {
    return patiently(this.options.acquireTimeout, work, (error) => this.fail(error, statement));
  }

  private fail(error: unknown, statement?: Statement): Error {
    if (this.closed) return StorageUnavailable({ reason: "the storage is closed" }, { cause: error });
    return this.options.translate(error, statement);
  }
}
