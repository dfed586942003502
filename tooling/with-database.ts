import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import pg from "pg";

/**
 * `tsx tooling/with-database.ts <command...>` runs a command with DATABASE_URL set to a new PostgreSQL
 * database, dropped afterwards. Without a server it exits with 77 ("skipped"), or 1 where CI is set.
 */
const server = process.env.POSTGRES_SERVER_URL ?? "postgres://postgres@127.0.0.1:5432/postgres";
const name = `corm_${Date.now()}_${randomBytes(4).toString("hex")}`;
const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;

const admin = new pg.Client({ connectionString: server, connectionTimeoutMillis: 5_000 });
try {
  await admin.connect();
} catch (error) {
  console.error(`No PostgreSQL server answers: ${error instanceof Error ? error.message : error}`);
  process.exit(process.env.CI ? 1 : 77);
}

await admin.query(`create database ${name}`);
try {
  const [command = "true", ...args] = process.argv.slice(2);
  const run = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, DATABASE_URL: url } });
  process.exitCode = run.status ?? 1;
} finally {
  await admin.query(`drop database ${name} with (force)`);
  await admin.end();
}
