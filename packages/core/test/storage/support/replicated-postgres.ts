import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);

/** Where the programs of a server are, which Debian keeps out of the path; undefined where there are none. */
function binaries(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(":"),
  ];
  return folders.find((folder) =>
    ["initdb", "pg_ctl", "pg_basebackup"].every((name) => existsSync(join(folder, name))),
  );
}

const bin = binaries();
const isRoot = userInfo().uid === 0;
/** Why there can be no such pair; undefined where there can. */
export const missing: string | undefined =
  bin === undefined
    ? "no initdb and pg_basebackup"
    : isRoot && !existsSync("/usr/sbin/runuser")
      ? "no runuser, and a server does not start as root"
      : undefined;

/** A server does not start as root. */
async function program(name: string, ...options: string[]): Promise<void> {
  const path = join(bin as string, name);
  const [file, args] = isRoot
    ? ["/usr/sbin/runuser", ["-u", "postgres", "--", path, ...options]]
    : [path, options];
  // A server that goes on would hold a pipe open.
  await run(file, args, { cwd: tmpdir(), timeout: 60_000, ...({ stdio: "ignore" } as object) });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface Replicated {
  readonly primary: string;
  readonly replica: string;
  /** The replica goes on receiving, and replays nothing more. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Waits until the replica has all that the primary has by now. */
  caughtUp(): Promise<void>;
  stopReplica(): Promise<void>;
  drop(): Promise<void>;
}

/** Two new servers, of which one replicates the other by streaming. */
export async function replicatedPostgres(): Promise<Replicated> {
  const folder = mkdtempSync(join(tmpdir(), "corm-replica-"));
  if (isRoot) await run("chown", ["postgres", folder]);
  const [port, other] = [await freePort(), await freePort()];
  const at = (name: string) => join(folder, name);
  const start = (name: string, on: number) =>
    program(
      ...(["pg_ctl", "-D", at(name), "-w", "-l", at(`${name}.log`)] as const),
      ...["-o", `-p ${on} -k ${folder} -h 127.0.0.1 -c fsync=off -c hot_standby=on`, "start"],
    );
  const stop = (name: string) => program("pg_ctl", "-D", at(name), "-m", "immediate", "stop").catch(() => {});
  await program("initdb", "-D", at("primary"), "-A", "trust", "-U", "corm", "-E", "UTF8", "--no-sync");
  await start("primary", port);
  const source = ["-h", "127.0.0.1", "-p", String(port), "-U", "corm"];
  await program("pg_basebackup", "-D", at("replica"), ...source, "-R", "-c", "fast", "--no-sync");
  await start("replica", other);
  const url = (on: number) => `postgres://corm@127.0.0.1:${on}/postgres`;
  const ask = async (on: number, sql: string): Promise<unknown> => {
    const client = new pg.Client({ connectionString: url(on) });
    await client.connect();
    try {
      return Object.values((await client.query(sql)).rows[0] ?? {})[0];
    } finally {
      await client.end();
    }
  };
  return {
    primary: url(port),
    replica: url(other),
    pause: async () => void (await ask(other, "select pg_wal_replay_pause()")),
    resume: async () => void (await ask(other, "select pg_wal_replay_resume()")),
    caughtUp: async () => {
      const end = await ask(port, "select pg_current_wal_lsn()::text");
      for (;;) {
        if (await ask(other, `select pg_last_wal_replay_lsn() >= '${end}'`)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stopReplica: () => stop("replica"),
    drop: async () => {
      await stop("replica");
      await stop("primary");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
