import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorageAdapter } from "@corm/core";
import { type KnexStorageOptions, knexStorage } from "@corm/core/knex";
import mysql from "mysql2/promise";
import pg from "pg";

export interface TestDatabase {
  /** For `knexStorage`, and better for `storageAt`. */
  readonly url: string;
  drop(): Promise<void>;
}

export interface TestServer {
  readonly name: string;
  /** False where no server answers; with CI set, that is an error instead. */
  readonly available: boolean;
  /** An empty database of its own. */
  create(): Promise<TestDatabase>;
}

export const postgresUrl =
  process.env["CORM_TEST_POSTGRES_URL"] ?? "postgres://postgres@127.0.0.1:5432/postgres";
const mysqlUrl = process.env["CORM_TEST_MYSQL_URL"] ?? "mysql://root@127.0.0.1:3306/";

const newName = (): string => `corm_test_${process.pid}_${randomBytes(4).toString("hex")}`;

const sqliteMemory: TestServer = {
  name: "SQLite in memory",
  available: true,
  create: async () => ({ url: "sqlite::memory:", drop: async () => {} }),
};

const sqliteFile: TestServer = {
  name: "SQLite in a file",
  available: true,
  create: async () => {
    const folder = mkdtempSync(join(tmpdir(), "corm-test-"));
    return {
      url: `sqlite:${join(folder, "corm.db")}`,
      drop: async () => rmSync(folder, { recursive: true, force: true }),
    };
  },
};

async function onPostgres(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function onMysql(sql: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: mysqlUrl, connectTimeout: 5_000 });
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

/** The same server with another database in the URL's path. */
function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function answers(name: string, ask: () => Promise<void>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (process.env["CI"]) throw new Error(`No ${name} answers, and CI must test on it`, { cause: error });
    return false;
  }
}

const postgres: TestServer = {
  name: "PostgreSQL",
  available: await answers("PostgreSQL", () => onPostgres("select 1")),
  create: async () => {
    const name = newName();
    await onPostgres(`create database ${name}`);
    return {
      url: withDatabase(postgresUrl, name),
      drop: () => onPostgres(`drop database ${name} with (force)`),
    };
  },
};

const securedRole = "corm_secured";

/** The database belongs to a role that is no superuser, so that the policies bind it. */
const securedPostgres: TestServer = {
  name: "PostgreSQL with row-level security",
  available: postgres.available,
  create: async () => {
    const name = newName();
    const role = `${securedRole}_${name}`;
    await onPostgres(`create role ${role} login`);
    await onPostgres(`create database ${name} owner ${role}`);
    const url = new URL(withDatabase(postgresUrl, name));
    url.username = role;
    url.password = "";
    return {
      url: url.href,
      drop: async () => {
        await onPostgres(`drop database ${name} with (force)`);
        await onPostgres(`drop role ${role}`);
      },
    };
  },
};

/** The storage as the database of this URL wants it. */
export function storageAt(url: string, options: Omit<KnexStorageOptions, "url"> = {}): StorageAdapter {
  const isSecured = url.includes(`//${securedRole}`);
  return knexStorage({ url, ...(isSecured ? { rowLevelSecurity: true } : {}), ...options });
}

const mariadb: TestServer = {
  name: "MariaDB",
  available: await answers("MariaDB", () => onMysql("select 1")),
  create: async () => {
    const name = newName();
    await onMysql(`create database ${name}`);
    return { url: withDatabase(mysqlUrl, name), drop: () => onMysql(`drop database ${name}`) };
  },
};

/**
 * Every database that the storage layer is tested on.
 *
 * @example
 * for (const database of databases) {
 *   describe.skipIf(!database.available)(suiteName(database), () => { ... });
 * }
 */
export const databases: readonly TestServer[] = [sqliteMemory, sqliteFile, postgres, mariadb];

/** And where the server guards the rows of tenants itself; to be opened with `storageAt`. */
export const securedToo: readonly TestServer[] = [...databases, securedPostgres];

/** Says why a suite does not run. */
export const suiteName = ({ name, available }: TestServer): string =>
  available ? name : `${name} (skipped: no ${name})`;
