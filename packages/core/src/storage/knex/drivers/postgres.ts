import { RowSecurityBypassed, TransactionConflict } from "../../../errors/storage-errors.js";
import type { Reach, StoredRow } from "../../adapter.js";
import { connectionFailure } from "../dialects/connection-errors.js";
import type { PostgresDialect } from "../dialects/postgres.js";
import { isStalePlan } from "../dialects/postgres-errors.js";
import { reachSql } from "../schema/postgres/row-security.js";
import { bind, type Call, type Statement, type TransactionOptions } from "../statement.js";
import type { Translate } from "../translate-error.js";
import { optionalDriver } from "./optional-driver.js";
import { types } from "./postgres-types.js";
import { buildRows } from "./rows.js";
import { type ServerDriver, ServerEngine } from "./server-engine.js";
import { createPool, idleTimeout, lockTimeout, type ServerOptions } from "./server-options.js";

interface Result {
  readonly rows: unknown[];
  readonly rowCount: number | null;
  readonly command: string;
}

interface QueryConfig {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rowMode?: "array";
}

/** The part of pg's client that is used. */
interface Client {
  pipeline?: boolean;
  /** Of the server's process; behind a proxy, one that the proxy has made up. */
  readonly processID?: number | null;
  readonly connection: { readonly stream: { destroy(): void; cork(): void; uncork(): void } };
  query(config: QueryConfig, done: (error: Error | null, result: Result) => void): void;
  query(text: string, done: (error: Error | null, result: Result) => void): void;
}

/** Statements that one connection keeps prepared; beyond, it forgets them all and starts again. */
const mostPrepared = 1_000;

export interface PostgresOptions extends ServerOptions {
  /** The server guards the rows of tenants. */
  readonly secures: boolean;
}

/** An engine that connects when it is first used. */
export async function connectPostgres(
  options: PostgresOptions,
  dialect: PostgresDialect,
  translate: Translate,
): Promise<ServerEngine<Client>> {
  const driver = new PostgresDriver(options, dialect);
  const knex = createPool(
    "pg",
    await optionalDriver("PostgreSQL", "pg"),
    { connectionString: options.url, types, application_name: "corm", keepAlive: true },
    options,
    (client: Client) => driver.prepareConnection(client),
  );
  return new ServerEngine(knex, driver, translate, options.acquireTimeout);
}

export async function openPostgres(
  options: PostgresOptions,
  dialect: PostgresDialect,
  translate: Translate,
): Promise<ServerEngine<Client>> {
  const engine = await connectPostgres(options, dialect, translate);
  try {
    await engine.connection(async (connection) => {
      const icu = await connection.query("select 1 from pg_collation where collname = 'und-x-icu' limit 1");
      dialect.useIcu(icu.length > 0);
    });
  } catch (error) {
    await engine.close();
    throw translate(error);
  }
  return engine;
}

class PostgresDriver implements ServerDriver<Client> {
  readonly pipelines = true;
  private readonly prepared = new WeakMap<Client, Set<string>>();
  readonly within: ServerDriver<Client>["within"];
  private epoch = 0;

  constructor(
    private readonly options: PostgresOptions,
    private readonly dialect: PostgresDialect,
  ) {
    if (options.secures) this.within = (client, reach, work) => this.inTransaction(client, reach, work);
  }

  async prepareConnection(client: Client): Promise<void> {
    // Several statements of one transaction may be under way at once.
    client.pipeline = true;
    const { statementTimeout } = this.options;
    await this.command(
      client,
      `set timezone = 'UTC'; set datestyle = 'ISO'; set statement_timeout = ${statementTimeout};
      set lock_timeout = ${lockTimeout}; set idle_in_transaction_session_timeout = ${idleTimeout}`,
    );
  }

  /** Nothing is under way on the connection now. */
  acquired(client: Client): void {
    const names = this.prepared.get(client);
    if (names === undefined || names.size < mostPrepared) return;
    names.clear();
    forget(client);
  }

  async lock(client: Client): Promise<void> {
    await this.command(client, "set statement_timeout = 0; set lock_timeout = 0");
    await this.command(client, "select pg_advisory_lock(hashtextextended('corm ' || current_schema(), 0))");
  }

  async rows(client: Client, statement: Statement, values: readonly unknown[]): Promise<StoredRow[]> {
    const { rows } = await this.prepareAndSend(client, statement, values);
    return buildRows(statement, rows as unknown[][]);
  }

  async run(client: Client, statement: Statement, values: readonly unknown[]): Promise<number> {
    return (await this.prepareAndSend(client, statement, values)).rowCount ?? 0;
  }

  /** Without waiting for one another: the server answers in order, and refuses what follows on a failure. */
  runAll(
    { connection: { stream } }: Client,
    calls: readonly Call[],
    run: (call: Call) => Promise<number>,
  ): Promise<number[]> {
    stream.cork();
    try {
      return settled(calls.map(run));
    } finally {
      stream.uncork();
    }
  }

  async command(client: Client, sql: string): Promise<void> {
    await new Promise<Result>((resolve, reject) => {
      client.query(sql, (error, result) => (error === null ? resolve(result) : reject(error)));
    });
  }

  async query(client: Client, text: string, values: readonly unknown[]): Promise<Record<string, unknown>[]> {
    return (await send(client, { text, values })).rows as Record<string, unknown>[];
  }

  begin(client: Client, { readOnly, reach }: TransactionOptions): Promise<void> {
    const begin = readOnly ? "begin isolation level repeatable read read only" : "begin";
    const named = this.options.secures && reach !== undefined;
    // Goes out together with the first read, where that follows at once.
    const { stream } = client.connection;
    stream.cork();
    process.nextTick(() => stream.uncork());
    return this.command(client, named ? `${begin}; ${reachSql(reach, this.dialect)}` : begin);
  }

  async verify(client: Client): Promise<void> {
    if (!this.options.secures) return;
    const sql = "select rolname from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)";
    const [above] = await this.query(client, sql, []);
    if (above !== undefined) throw RowSecurityBypassed({ role: String(above["rolname"]) });
  }

  /** All sent at once, and answered in order: a failure of the statement makes the commit a rollback. */
  private async inTransaction<T>(client: Client, reach: Reach, work: () => Promise<T>): Promise<T> {
    const [, result] = await settled<unknown>([
      this.begin(client, { readOnly: false, reach }),
      work(),
      this.commit(client),
    ]);
    return result as T;
  }

  async commit(client: Client): Promise<void> {
    const { command } = await send(client, { text: "commit", values: [] });
    // The server answers so, and not with an error, when a statement of the transaction had failed.
    if (command === "ROLLBACK") throw TransactionConflict({ reason: "a statement in it had failed" });
  }

  unlimited(client: Client, lifted: boolean): Promise<void> {
    return this.command(client, `set statement_timeout = ${lifted ? 0 : this.options.statementTimeout}`);
  }

  cancelSql({ processID }: Client): string | undefined {
    return processID && this.options.prepare ? `select pg_cancel_backend(${processID})` : undefined;
  }

  drop(client: Client): void {
    client.connection.stream.destroy();
  }

  isFatal(error: unknown): boolean {
    const { code } = error as { code?: unknown };
    if (typeof code === "string" && /^(57P|08|25P03)/.test(code)) return true;
    return isStalePlan(error) || connectionFailure(error) !== undefined;
  }

  /** Statements prepared before a change of the schema are not used again. */
  reset(): void {
    this.epoch += 1;
  }

  private prepareAndSend(client: Client, statement: Statement, values: readonly unknown[]): Promise<Result> {
    const bound = bind(statement, values);
    const config = { text: statement.sql, values: bound, rowMode: "array" } as const;
    if (!this.options.prepare) return send(client, config);
    const name = `corm_${this.epoch}_${statement.id}`;
    this.note(client, name);
    return send(client, { ...config, name });
  }

  private note(client: Client, name: string): void {
    const names = this.prepared.get(client);
    if (names === undefined) this.prepared.set(client, new Set([name]));
    else names.add(name);
  }
}

/** pg remembers by name what it has prepared, and must forget together with the server. */
function forget(client: Client): void {
  const { connection } = client as unknown as {
    connection: { parsedStatements: object; submittedNamedStatements?: object };
  };
  client.query("deallocate all", () => {});
  connection.parsedStatements = {};
  if (connection.submittedNamedStatements !== undefined) connection.submittedNamedStatements = {};
}

function send(client: Client, config: QueryConfig): Promise<Result> {
  return new Promise((resolve, reject) => {
    client.query(config, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

/** Waits for all, so that nothing is under way any more when the first error is told. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
}
