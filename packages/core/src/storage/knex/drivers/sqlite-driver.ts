import { createRequire } from "node:module";
import { DriverMissing } from "../../../errors/storage-errors.js";

export type SqliteDriverName = "better-sqlite3" | "node:sqlite" | "@photostructure/sqlite";

/** The part of a SQLite driver that the adapter uses; all of it synchronous. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  /** Registers a deterministic function. */
  define(name: string, fn: (...args: unknown[]) => unknown): void;
  inTransaction(): boolean;
  close(): void;
}

/** A statement is read in one of the two forms, always the same. */
export interface SqliteStatement {
  /** Rows as arrays in column order. */
  arrays(values: readonly unknown[]): unknown[][];
  /** Rows as objects. */
  objects(values: readonly unknown[]): Record<string, unknown>[];
  /** Answers the number of changed rows. */
  run(values: readonly unknown[]): number;
}

export interface SqliteDriver {
  readonly name: SqliteDriverName;
  open(path: string, options: { readonly readOnly: boolean }): SqliteDatabase;
}

const order: readonly SqliteDriverName[] = ["better-sqlite3", "node:sqlite", "@photostructure/sqlite"];

/** The first driver of `order` that loads, or the one that was asked for. */
export async function loadSqliteDriver(wanted: SqliteDriverName | "auto"): Promise<SqliteDriver> {
  const candidates = wanted === "auto" ? order : [wanted];
  const failures: unknown[] = [];
  for (const name of candidates) {
    try {
      return name === "better-sqlite3" ? await betterSqlite() : await nodeSqlite(name);
    } catch (error) {
      failures.push(error);
    }
  }
  throw DriverMissing(
    {
      engine: "SQLite",
      tried: candidates,
      install: `npm install ${wanted === "auto" ? suggestion() : wanted}`,
    },
    { cause: new AggregateError(failures, "No SQLite driver could be loaded") },
  );
}

const nodeMajor = Number.parseInt(process.versions.node, 10);

/** better-sqlite3 13 ships prebuilt for Node 22 and later; on Node 20 only the other one needs no compiler. */
function suggestion(): string {
  return nodeMajor >= 22 ? "better-sqlite3" : "@photostructure/sqlite@^1.2.1";
}

/** Not a literal in the import, so that bundlers leave the optional packages alone. */
const load = (name: string): Promise<unknown> => import(/* @vite-ignore */ name);

interface BetterStatement {
  readonly reader: boolean;
  raw(on: boolean): BetterStatement;
  all(values: readonly unknown[]): unknown[];
  run(values: readonly unknown[]): { changes: number };
}

interface BetterDatabase {
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): BetterStatement;
  function(name: string, options: object, fn: (...args: unknown[]) => unknown): void;
  close(): void;
}

async function betterSqlite(): Promise<SqliteDriver> {
  refuseWrongRelease();
  const loaded = (await load("better-sqlite3")) as {
    default: new (path: string, options: object) => BetterDatabase;
  };
  const Database = loaded.default;
  // The package loads without its native part; opening a database shows whether that is there.
  new Database(":memory:", {}).close();
  return {
    name: "better-sqlite3",
    open(path, { readOnly }) {
      const database = new Database(path, { readonly: readOnly });
      return {
        exec: (sql) => void database.exec(sql),
        prepare: (sql) => betterStatement(database.prepare(sql)),
        define: (name, fn) => void database.function(name, { deterministic: true }, fn),
        inTransaction: () => database.inTransaction,
        close: () => void database.close(),
      };
    },
  };
}

/** Release 13 ends the process when Node.js 20 loads it. */
function refuseWrongRelease(): void {
  if (nodeMajor >= 22) return;
  const { version } = createRequire(import.meta.url)("better-sqlite3/package.json") as { version: string };
  if (Number.parseInt(version, 10) >= 13) {
    throw new Error(`better-sqlite3 ${version} needs Node.js 22 or later; install better-sqlite3@12`);
  }
}

function betterStatement(statement: BetterStatement): SqliteStatement {
  let returnsArrays = false;
  return {
    arrays(values) {
      if (!returnsArrays) statement.raw(true);
      returnsArrays = true;
      return statement.all(values) as unknown[][];
    },
    objects: (values) => statement.all(values) as Record<string, unknown>[],
    run: (values) => statement.run(values).changes,
  };
}

interface NodeStatement {
  all(...values: unknown[]): unknown[];
  run(...values: unknown[]): { changes: number | bigint };
  setReturnArrays?(on: boolean): void;
  columns?(): { name: string }[];
}

interface NodeDatabase {
  /** Since Node 22.16. */
  readonly isTransaction?: boolean;
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  function(name: string, options: object, fn: (...args: unknown[]) => unknown): void;
  close(): void;
}

async function nodeSqlite(name: "node:sqlite" | "@photostructure/sqlite"): Promise<SqliteDriver> {
  const loaded = (await load(name)) as {
    DatabaseSync: new (path: string, options: object) => NodeDatabase;
  };
  return {
    name,
    open(path, { readOnly }) {
      const database = new loaded.DatabaseSync(path, { readOnly });
      return {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => nodeStatement(database.prepare(sql)),
        define: (fn, body) => database.function(fn, { deterministic: true, varargs: true }, body),
        inTransaction: () => database.isTransaction ?? inTransaction(database),
        close: () => database.close(),
      };
    },
  };
}

function nodeStatement(statement: NodeStatement): SqliteStatement {
  let returnsArrays = false;
  return {
    arrays(values) {
      if (!returnsArrays) {
        // Column names are unique in Corm's statements, so that objects keep their order.
        if (statement.setReturnArrays === undefined) {
          return (statement.all(...values) as object[]).map((row) => Object.values(row) as unknown[]);
        }
        statement.setReturnArrays(true);
        returnsArrays = true;
      }
      return statement.all(...values) as unknown[][];
    },
    objects: (values) => (statement.all(...values) as object[]).map((row) => ({ ...row })),
    run: (values) => Number(statement.run(...values).changes),
  };
}

/** Older drivers do not say; SQLite refuses a transaction inside another. */
function inTransaction(database: NodeDatabase): boolean {
  try {
    database.exec("begin");
  } catch {
    return true;
  }
  database.exec("rollback");
  return false;
}
