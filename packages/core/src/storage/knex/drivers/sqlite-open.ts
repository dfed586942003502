import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StorageUnavailable } from "../../../errors/storage-errors.js";
import { isBusy } from "../dialects/sqlite-errors.js";
import type { Translate } from "../translate-error.js";
import { LogFile } from "./log-file.js";
import { SqliteConnection } from "./sqlite-connection.js";
import { loadSqliteDriver, type SqliteDriver, type SqliteDriverName } from "./sqlite-driver.js";
import { SqliteEngine } from "./sqlite-engine.js";
import { defineFunctions } from "./sqlite-functions.js";
import { sqliteLock } from "./sqlite-lock.js";
import { SlowReads } from "./sqlite-slow-reads.js";

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly driver: SqliteDriverName | "auto";
  readonly synchronous: "full" | "normal";
  readonly acquireTimeout: number;
}

/** How long a statement may stop the event loop for another process's lock; after that the engine waits. */
const busyTimeout = 20;

export async function openSqlite(options: SqliteOptions, translate: Translate): Promise<SqliteEngine> {
  const driver = await loadSqliteDriver(options.driver);
  const inMemory = options.path === ":memory:";
  if (!inMemory) mkdirSync(dirname(options.path), { recursive: true });
  const writer = connect(driver, options.path, 0, translate);
  try {
    await configure(writer, options, inMemory);
  } catch (error) {
    writer.database.close();
    throw translate(error);
  }
  return new SqliteEngine({
    writer,
    openReader: inMemory ? undefined : (slot) => connectReader(driver, options.path, slot, translate),
    slowReads: inMemory
      ? undefined
      : new SlowReads({ driver: driver.name, path: options.path, busyTimeout: options.acquireTimeout }),
    acquireTimeout: options.acquireTimeout,
    log: inMemory || options.synchronous === "normal" ? undefined : new LogFile(options.path),
    lock: sqliteLock(driver, options.path),
    translate,
  });
}

function connect(
  driver: SqliteDriver,
  path: string,
  slot: number,
  translate: Translate,
  readOnly = false,
): SqliteConnection {
  try {
    const database = driver.open(path, { readOnly });
    database.exec(`pragma busy_timeout = ${busyTimeout}`);
    database.exec("pragma cache_size = -16384");
    defineFunctions(database);
    return new SqliteConnection(database, slot);
  } catch (error) {
    throw translate(error);
  }
}

const connectReader = (
  driver: SqliteDriver,
  path: string,
  slot: number,
  translate: Translate,
): SqliteConnection => connect(driver, path, slot, translate, true);

async function configure(writer: SqliteConnection, options: SqliteOptions, inMemory: boolean): Promise<void> {
  writer.exec("pragma foreign_keys = on");
  expectPragma(writer, "foreign_keys", [1]);
  if (inMemory) return;
  await enableLog(writer, options.acquireTimeout);
  // SQLite keeps the file consistent and orders its writes. That a commit is on the disk before it is told is
  // not left to it, whose builds differ in their default and which would wait within the commit: see LogSync.
  // What is deleted or overwritten is gone from the file as well: erasing a person means it.
  writer.exec("pragma secure_delete = on");
  writer.exec("pragma synchronous = normal");
  expectPragma(writer, "synchronous", [1]);
}

/** The first process that opens the file switches it to the write-ahead log, alone. */
async function enableLog(writer: SqliteConnection, timeout: number): Promise<void> {
  const deadline = performance.now() + timeout;
  for (;;) {
    try {
      writer.exec("pragma journal_mode = wal");
      break;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await sleep(10);
  }
  expectPragma(writer, "journal_mode", ["wal"]);
}

function expectPragma(connection: SqliteConnection, name: string, wanted: readonly unknown[]): void {
  const [row] = connection.query(`pragma ${name}`);
  const actual = row?.[name];
  if (wanted.includes(actual)) return;
  throw StorageUnavailable({ reason: `SQLite keeps ${name} at ${String(actual)}, Corm needs ${wanted[0]}` });
}
