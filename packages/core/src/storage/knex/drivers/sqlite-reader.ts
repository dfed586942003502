import { loadSqliteDriver, type SqliteDriverName, type SqliteStatement } from "./sqlite-driver.js";
import { defineFunctions } from "./sqlite-functions.js";

/** A process that reads a file beside the app, over a connection of its own. Started by `SlowReads`. */

export interface ReaderData {
  readonly driver: SqliteDriverName;
  readonly path: string;
  /** Milliseconds to wait for another process's lock. Nobody but the reader waits. */
  readonly busyTimeout: number;
}

export interface ReadRequest {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export type ReadAnswer =
  | { readonly rows: readonly (readonly unknown[])[]; readonly ms: number }
  | { readonly error: ReadError };

/** What a driver's error says, which does not survive the way between processes as it is. */
export interface ReadError {
  readonly message: string;
  readonly code: unknown;
  readonly errcode: unknown;
}

/** As many as the app keeps of a CRM of some size. */
const KEPT_STATEMENTS = 500;

async function serve({ driver: name, path, busyTimeout }: ReaderData): Promise<void> {
  const driver = await loadSqliteDriver(name);
  const database = driver.open(path, { readOnly: true });
  database.exec(`pragma busy_timeout = ${busyTimeout}`);
  database.exec("pragma cache_size = -16384");
  defineFunctions(database);
  const statements = new Map<string, SqliteStatement>();
  const prepared = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= KEPT_STATEMENTS) statements.clear();
    const made = database.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  process.on("message", ({ sql, values }: ReadRequest) => {
    const start = performance.now();
    let answer: ReadAnswer;
    try {
      const rows = prepared(sql).arrays(values);
      answer = { rows, ms: performance.now() - start };
    } catch (error) {
      const { message, code, errcode } = error as ReadError;
      answer = { error: { message, code, errcode } };
    }
    process.send?.(answer);
  });
  process.send?.("ready");
}

// The app ends it. A terminal sends its signals to both, and the app may have reads to finish.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit());
await serve(JSON.parse(process.argv[2] as string) as ReaderData);
