import { createRequire } from "node:module";
import type { Row } from "./columns.js";

export type Awaitable<T> = T | Promise<T>;

/** What hand-written SQL needs of a driver: statements prepared once, `?` for values. */
export interface RawDriver {
  one(sql: string): (values: readonly unknown[]) => Awaitable<Row | undefined>;
  all(sql: string): (values: readonly unknown[]) => Awaitable<Row[]>;
  run(sql: string): (values: readonly unknown[]) => Awaitable<unknown>;
  /** All of `work` or nothing. */
  transaction<T>(work: () => Awaitable<T>): Awaitable<T>;
  /** Inserts rows of values; inside a transaction. */
  insertMany(
    table: string,
    columns: readonly string[],
  ): (rows: readonly (readonly unknown[])[]) => Awaitable<unknown>;
  /** What makes a select lock its rows. */
  readonly forUpdate: string;
  /** A condition on a list bound as one value. */
  anyOf(column: string): string;
  list(values: readonly string[]): unknown;
  month(column: string): string;
  close(): Awaitable<void>;
}

interface Statement {
  all(...values: unknown[]): Row[];
  get(...values: unknown[]): Row | undefined;
  run(...values: unknown[]): unknown;
}

export interface SqliteHandle {
  exec(sql: string): void;
  prepare(sql: string): Statement & { columns(): unknown[] };
  close(): void;
}

export type Synchronous = "full" | "normal";

/** Opened as Corm opens it: write-ahead log, foreign keys, the same durability and cache. */
export function openSqlite(path: string, synchronous: Synchronous): SqliteHandle {
  const { DatabaseSync } = createRequire(import.meta.url)("@photostructure/sqlite") as {
    DatabaseSync: new (path: string) => SqliteHandle;
  };
  const database = new DatabaseSync(path);
  database.exec(
    `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma foreign_keys = on;
     pragma cache_size = -16384`,
  );
  return database;
}

export function sqliteDriver(path: string, synchronous: Synchronous): RawDriver {
  const database = openSqlite(path, synchronous);
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  return {
    one(sql) {
      const statement = database.prepare(sql);
      return (values) => statement.get(...values);
    },
    all(sql) {
      const statement = database.prepare(sql);
      return (values) => statement.all(...values);
    },
    run(sql) {
      const statement = database.prepare(sql);
      return (values) => statement.run(...values);
    },
    transaction(work) {
      begin.run();
      try {
        const result = work();
        if (result instanceof Promise) throw new Error("SQLite answers at once");
        commit.run();
        return result;
      } catch (error) {
        database.exec("rollback");
        throw error;
      }
    },
    insertMany(table, columns) {
      const places = columns.map(() => "?").join(", ");
      const statement = database.prepare(`insert into ${table} (${columns.join(", ")}) values (${places})`);
      return (rows) => {
        for (const values of rows) statement.run(...values);
      };
    },
    forUpdate: "",
    anyOf: (column) => `${column} in (select value from json_each(?))`,
    list: (values) => JSON.stringify(values),
    month: (column) => `substr(${column}, 1, 7)`,
    close: () => database.close(),
  };
}
