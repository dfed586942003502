import type { StorageAdapter } from "../adapter.js";
import { createAdapter } from "./adapter.js";
import { sqliteDialect } from "./dialects/sqlite.js";
import { openSqlite } from "./drivers/sqlite-open.js";
import { type KnexStorageOptions, parseUrl } from "./options.js";
import { sqliteSchema } from "./schema/sqlite/index.js";

const defaultAcquireTimeout = 10_000;

/**
 * Storage in SQLite, PostgreSQL, MariaDB or MySQL.
 *
 * @example
 * const storage = knexStorage({ url: process.env.DATABASE_URL ?? "sqlite:./corm.db" });
 */
export function knexStorage(options: KnexStorageOptions): StorageAdapter {
  const target = parseUrl(options.url);
  const acquireTimeout = options.acquireTimeout ?? defaultAcquireTimeout;
  if (target.engine === "sqlite") {
    const dialect = sqliteDialect();
    const { path } = target;
    return createAdapter({
      dialect,
      connect: (translate) =>
        openSqlite(
          {
            path,
            driver: options.driver ?? "auto",
            synchronous: options.synchronous ?? "full",
            acquireTimeout,
          },
          translate,
        ),
      schema: sqliteSchema(dialect, path),
    });
  }
  throw new TypeError(`Not there yet: ${target.engine}`);
}

/** SQLite in a file, or in memory when no path is given. */
export function sqlite(
  path = ":memory:",
  options: Omit<KnexStorageOptions, "url" | "pool" | "statementTimeout" | "prepare"> = {},
): StorageAdapter {
  return knexStorage({ ...options, url: `sqlite:${path}` });
}
