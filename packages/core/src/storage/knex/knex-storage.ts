import type { StorageAdapter } from "../adapter.js";
import { KnexStorage } from "./adapter.js";
import { mysqlDialect } from "./dialects/mysql.js";
import { postgresDialect } from "./dialects/postgres.js";
import { sqliteDialect } from "./dialects/sqlite.js";
import { openMysql } from "./drivers/mysql.js";
import { openPostgres } from "./drivers/postgres.js";
import { Replicated } from "./drivers/replicated.js";
import { openSqlite } from "./drivers/sqlite-open.js";
import { type KnexStorageOptions, parseUrl } from "./options.js";
import { mysqlSchema } from "./schema/mysql/index.js";
import { postgresSchema } from "./schema/postgres/index.js";
import { sqliteSchema } from "./schema/sqlite/index.js";

const defaultAcquireTimeout = 10_000;
const defaultStatementTimeout = 30_000;

/**
 * Storage in SQLite, PostgreSQL, MariaDB or MySQL.
 *
 * @example
 * const storage = knexStorage({ url: process.env.DATABASE_URL ?? "sqlite:./corm.db" });
 */
export function knexStorage(options: KnexStorageOptions): StorageAdapter {
  const target = parseUrl(options.url);
  const secures = options.rowLevelSecurity ?? false;
  if (secures && target.engine !== "postgres")
    throw new TypeError("Only PostgreSQL has row-level security: leave rowLevelSecurity out");
  const { replicas = [] } = options;
  if (replicas.length > 0 && target.engine !== "postgres")
    throw new TypeError("Reads from replicas are for PostgreSQL: leave replicas out");
  const acquireTimeout = options.acquireTimeout ?? defaultAcquireTimeout;
  if (target.engine === "sqlite") {
    const dialect = sqliteDialect();
    const { path } = target;
    return new KnexStorage({
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
      schema: sqliteSchema(dialect),
    });
  }
  const server = {
    url: target.url,
    pool: options.pool ?? {},
    acquireTimeout,
    statementTimeout: options.statementTimeout ?? defaultStatementTimeout,
    prepare: options.prepare ?? true,
  };
  if (target.engine === "postgres") {
    const dialect = postgresDialect();
    const own = { ...server, secures };
    const schema = postgresSchema(dialect, secures);
    if (replicas.length === 0)
      return new KnexStorage({
        dialect,
        connect: (translate) => openPostgres(own, dialect, translate),
        schema,
      });
    const replicated = new Replicated(replicas);
    return new KnexStorage({
      dialect,
      connect: (translate) => replicated.open(own, dialect, translate),
      schema,
      replicas: replicated.routing,
    });
  }
  const dialect = mysqlDialect();
  return new KnexStorage({
    dialect,
    connect: (translate) => openMysql(server, dialect, translate),
    schema: mysqlSchema(dialect),
  });
}

/** SQLite in a file, or in memory when no path is given. */
export function sqlite(
  path = ":memory:",
  options: Omit<
    KnexStorageOptions,
    "url" | "pool" | "statementTimeout" | "prepare" | "rowLevelSecurity" | "replicas"
  > = {},
): StorageAdapter {
  return knexStorage({ ...options, url: `sqlite:${path}` });
}
