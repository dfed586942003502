import type { StoredRow } from "../../adapter.js";
import { connectionFailure } from "../dialects/connection-errors.js";
import type { MysqlDialect, MysqlFlavor } from "../dialects/mysql.js";
import { bind, type Call, type Statement, type TransactionOptions } from "../statement.js";
import type { Translate } from "../translate-error.js";
import { optionalDriver } from "./optional-driver.js";
import { buildRows } from "./rows.js";
import { type ServerDriver, ServerEngine } from "./server-engine.js";
import { createPool, lockTimeout, type ServerOptions } from "./server-options.js";

interface QueryOptions {
  readonly sql: string;
  readonly values?: readonly unknown[];
  readonly rowsAsArray?: boolean;
}

type Done = (error: Error | null, result: unknown) => void;

/** The part of mysql2's connection that is used. */
interface Connection {
  readonly threadId?: number;
  destroy(): void;
  query(options: QueryOptions, done: Done): void;
  execute(options: QueryOptions, done: Done): void;
}

/** Statements that one connection keeps prepared; the server allows 16,382 for all connections together. */
const mostPrepared = 500;

export async function openMysql(
  options: ServerOptions,
  dialect: MysqlDialect,
  translate: Translate,
): Promise<ServerEngine<Connection>> {
  const driver = new MysqlDriver(options, dialect);
  const knex = createPool(
    "mysql2",
    await optionalDriver("MariaDB and MySQL", "mysql2"),
    {
      uri: options.url,
      charset: "utf8mb4",
      timezone: "Z",
      dateStrings: true,
      jsonStrings: true,
      maxPreparedStatements: mostPrepared,
      connectTimeout: options.acquireTimeout,
      // Matched rows count as updated, also where they already were as wanted.
      flags: ["FOUND_ROWS"],
    },
    options,
    (connection: Connection) => driver.prepareConnection(connection),
  );
  const engine = new ServerEngine(knex, driver, translate, options.acquireTimeout);
  try {
    await engine.ping();
  } catch (error) {
    await engine.close();
    throw translate(error);
  }
  return engine;
}

class MysqlDriver implements ServerDriver<Connection> {
  constructor(
    private readonly options: ServerOptions,
    private readonly dialect: MysqlDialect,
  ) {}

  async prepareConnection(connection: Connection): Promise<void> {
    const [row] = await this.query(connection, "select version() as version", []);
    const flavor = flavorOf(String(row?.["version"]));
    this.dialect.setFlavor(flavor);
    for (const setting of [
      `names utf8mb4 collate ${flavor.collation}`,
      "time_zone = '+00:00'",
      "sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
      // As on PostgreSQL: guards in updates see what others have committed.
      "session transaction isolation level read committed",
      `innodb_lock_wait_timeout = ${lockTimeout / 1000}`,
    ]) {
      await this.command(connection, `set ${setting}`);
    }
    await this.unlimited(connection, false);
  }

  acquired(): void {
    // mysql2 closes the statements that were not used for longest.
  }

  async lock(connection: Connection): Promise<void> {
    await this.unlimited(connection, true);
    // Names are limited to 64 characters, and are the server's and not the database's.
    await this.command(connection, "do get_lock(concat('corm ', left(md5(database()), 32)), 2147483)");
  }

  async rows(connection: Connection, statement: Statement, values: readonly unknown[]): Promise<StoredRow[]> {
    return buildRows(statement, (await this.send(connection, statement, values)) as unknown[][]);
  }

  async run(connection: Connection, statement: Statement, values: readonly unknown[]): Promise<number> {
    return ((await this.send(connection, statement, values)) as { affectedRows: number }).affectedRows;
  }

  async runAll(
    _: Connection,
    calls: readonly Call[],
    run: (call: Call) => Promise<number>,
  ): Promise<number[]> {
    const counts: number[] = [];
    for (const call of calls) counts.push(await run(call));
    return counts;
  }

  async command(connection: Connection, sql: string): Promise<void> {
    await this.query(connection, sql, []);
  }

  query(connection: Connection, sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    return new Promise((resolve, reject) => {
      connection.query({ sql, values }, (error, result) =>
        error === null ? resolve(result as Record<string, unknown>[]) : reject(error),
      );
    });
  }

  async begin(connection: Connection, { readOnly }: TransactionOptions): Promise<void> {
    if (!readOnly) return this.command(connection, "start transaction");
    await this.command(connection, "set transaction isolation level repeatable read");
    await this.command(connection, "start transaction with consistent snapshot, read only");
  }

  commit(connection: Connection): Promise<void> {
    return this.command(connection, "commit");
  }

  async verify(): Promise<void> {
    // What is asked for is refused when a connection is made.
  }

  unlimited(connection: Connection, lifted: boolean): Promise<void> {
    const milliseconds = lifted ? 0 : this.options.statementTimeout;
    return this.command(
      connection,
      this.dialect.flavor.mariadb
        ? `set max_statement_time = ${milliseconds / 1000}`
        : `set max_execution_time = ${milliseconds}`,
    );
  }

  cancelSql({ threadId }: Connection): string | undefined {
    return threadId && this.options.prepare ? `kill query ${threadId}` : undefined;
  }

  drop(connection: Connection): void {
    connection.destroy();
  }

  isFatal(error: unknown): boolean {
    const { fatal, errno } = error as { fatal?: unknown; errno?: unknown };
    return fatal === true || errno === 1927 || errno === 1053 || connectionFailure(error) !== undefined;
  }

  reset(): void {
    // The server prepares again by itself.
  }

  private send(connection: Connection, statement: Statement, values: readonly unknown[]): Promise<unknown> {
    const bound = bind(statement, values);
    const options = { sql: statement.sql, values: bound, rowsAsArray: true };
    // A whole list as one value exists in text only.
    const asText = !this.options.prepare || bound.some(Array.isArray);
    return new Promise((resolve, reject) => {
      const done: Done = (error, result) => (error === null ? resolve(result) : reject(error));
      if (asText) connection.query(options, done);
      else connection.execute(options, done);
    });
  }
}

/** MariaDB 10.10 and later have collations of Unicode 14; before, letters outside the common ones keep their case. */
function flavorOf(version: string): MysqlFlavor {
  const mariadb = /mariadb/i.test(version);
  if (!mariadb) return { mariadb, collation: "utf8mb4_0900_bin", folding: "utf8mb4_0900_as_cs" };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const modern = major > 10 || (major === 10 && minor >= 10);
  return {
    mariadb,
    collation: "utf8mb4_nopad_bin",
    folding: modern ? "utf8mb4_uca1400_nopad_as_cs" : "utf8mb4_unicode_520_nopad_ci",
  };
}
