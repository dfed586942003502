import mysql from "mysql2/promise";
import pg from "pg";
import { afterAll } from "vitest";
import { databases, postgresUrl, type TestDatabase, type TestServer } from "./databases.js";

/** What a start has written for good: which plugin made which table. */
const kept = "corm_meta";

/**
 * The same servers, whose databases are emptied and used again by the next test of the file: making a hundred tables takes
 * seconds, emptying them milliseconds. For tests that all compose the same plugins, and look at no other database.
 */
export function reuse(servers: readonly TestServer[] = databases): readonly TestServer[] {
  const made: TestDatabase[] = [];
  afterAll(async () => {
    for (const database of made) await database.drop();
  });
  return servers.map((server) => reusing(server, made));
}

function reusing(server: TestServer, made: TestDatabase[]): TestServer {
  const empty = emptierOf(server);
  if (!empty) return server;
  const free: string[] = [];
  const another = async (): Promise<string> => {
    const database = await server.create();
    made.push(database);
    return database.url;
  };
  return {
    ...server,
    create: async () => {
      const old = free.pop();
      if (old !== undefined) await empty(old);
      const url = old ?? (await another());
      return { url, drop: async () => void free.push(url) };
    },
  };
}

/** SQLite makes its tables faster than they could be emptied. */
function emptierOf({ name }: TestServer): ((url: string) => Promise<void>) | undefined {
  if (name.startsWith("PostgreSQL")) return emptyPostgres;
  if (name === "MariaDB") return emptyMariadb;
  return undefined;
}

async function emptyPostgres(url: string): Promise<void> {
  const above = new URL(url);
  above.username = new URL(postgresUrl).username;
  const client = new pg.Client({ connectionString: above.href });
  await client.connect();
  try {
    // Whoever was not stopped goes on writing otherwise.
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    const { rows } = await client.query<{ t: string }>(
      "select tablename as t from pg_tables where schemaname = 'public' and tablename <> $1",
      [kept],
    );
    const filled = await client.query<{ t: string }>(
      rows.map(({ t }) => `select '${t}' as t where exists (select 1 from "${t}")`).join(" union all ") ||
        "select null as t where false",
    );
    // Without foreign keys, whose order would matter.
    const deletes = filled.rows.map(({ t }) => `delete from "${t}";`).join(" ");
    await client.query(`begin; set local session_replication_role = replica; ${deletes} commit`);
  } finally {
    await client.end();
  }
}

async function emptyMariadb(url: string): Promise<void> {
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
  const all = async <T>(sql: string) => (await connection.query(sql))[0] as T[];
  try {
    const others = await all<{ id: number }>(
      "select id from information_schema.processlist where db = database() and id <> connection_id()",
    );
    for (const { id } of others) await connection.query(`kill ${id}`).catch(() => {});
    const tables = await all<{ t: string }>(
      `select table_name as t from information_schema.tables
       where table_schema = database() and table_type = 'BASE TABLE' and table_name <> '${kept}'`,
    );
    if (tables.length === 0) return;
    const filled = await all<{ t: string }>(
      tables
        .map(({ t }) => `select '${t}' as t from dual where exists (select 1 from \`${t}\`)`)
        .join(" union all "),
    );
    const deletes = filled.map(({ t }) => `delete from \`${t}\`;`).join(" ");
    await connection.query(`set foreign_key_checks = 0; ${deletes} set foreign_key_checks = 1`);
  } finally {
    await connection.end();
  }
}
