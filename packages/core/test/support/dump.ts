import { existsSync, readFileSync } from "node:fs";
import mysql from "mysql2/promise";
import pg from "pg";

/** Everything that is stored in a database, as text: the bytes of SQLite's files, every row of every table elsewhere. */
export async function dumpEverything(url: string): Promise<string> {
  if (url.startsWith("sqlite:")) {
    const path = url.slice("sqlite:".length);
    return ["", "-wal", "-journal"]
      .map((suffix) => `${path}${suffix}`)
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file).toString("latin1"))
      .join("\n");
  }
  return JSON.stringify(await dumpTables(url));
}

/** Rows by table, of a PostgreSQL or MariaDB database. */
async function dumpTables(url: string): Promise<Record<string, unknown[]>> {
  const tables: Record<string, unknown[]> = {};
  if (url.startsWith("postgres")) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      const names = await client.query(
        "select table_name as name from information_schema.tables where table_schema = current_schema()",
      );
      for (const { name } of names.rows as { name: string }[])
        tables[name] = (await client.query(`select * from "${name}"`)).rows;
    } finally {
      await client.end();
    }
    return tables;
  }
  const connection = await mysql.createConnection({ uri: url });
  try {
    const [names] = await connection.query(
      "select table_name as name from information_schema.tables where table_schema = database()",
    );
    for (const { name } of names as { name: string }[]) {
      const [rows] = await connection.query(`select * from \`${name}\``);
      tables[name] = rows as unknown[];
    }
  } finally {
    await connection.end();
  }
  return tables;
}

/** A latin1 reading of UTF-8 text, as it stands in the bytes of a file. */
export const inBytes = (text: string): string => Buffer.from(text).toString("latin1");
