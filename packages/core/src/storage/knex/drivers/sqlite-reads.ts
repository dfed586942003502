import type { Abortable } from "../../../util/abortable.js";
import type { Awaitable } from "../../../util/awaitable.js";
import type { StoredRow } from "../../adapter.js";
import { isBusy } from "../dialects/sqlite-errors.js";
import { bind, type Statement } from "../statement.js";
import type { LogSync } from "./log-sync.js";
import { buildRows } from "./rows.js";
import type { SqliteConnection } from "./sqlite-connection.js";
import type { SlowReads } from "./sqlite-slow-reads.js";

/** What reading asks of the engine. */
export interface ReadTools {
  readonly sync: LogSync | undefined;
  durable(): Promise<void>;
  patiently<T>(statement: Statement, work: () => T): Promise<T>;
  fail(error: unknown, statement: Statement): Error;
}

/** Reads of a file outside transactions: here, or in a process of their own where they take long. */
export class FileReads {
  constructor(
    private readonly reader: SqliteConnection,
    private readonly slowReads: SlowReads | undefined,
    private readonly tools: ReadTools,
  ) {}

  rows(
    statement: Statement,
    values: readonly unknown[],
    signal: Abortable | undefined,
  ): Awaitable<StoredRow[]> {
    const { reader, slowReads, tools } = this;
    if (slowReads?.takes(statement)) return this.rowsAside(slowReads, statement, values, signal);
    const start = performance.now();
    let rows: StoredRow[];
    try {
      rows = reader.rows(statement, values);
    } catch (error) {
      if (isBusy(error)) return tools.patiently(statement, () => reader.rows(statement, values));
      throw tools.fail(error, statement);
    }
    slowReads?.took(statement, performance.now() - start);
    // They may show what was committed a moment ago.
    return tools.sync === undefined || tools.sync.isSettled ? rows : tools.durable().then(() => rows);
  }

  private async rowsAside(
    slowReads: SlowReads,
    statement: Statement,
    values: readonly unknown[],
    signal: Abortable | undefined,
  ): Promise<StoredRow[]> {
    const { reader, tools } = this;
    let raw: readonly (readonly unknown[])[] | undefined;
    try {
      raw = await slowReads.rows(statement, bind(statement, values), signal);
    } catch (error) {
      throw signal?.aborted ? error : tools.fail(error, statement);
    }
    const rows = raw
      ? buildRows(statement, raw)
      : await tools.patiently(statement, () => reader.rows(statement, values));
    await tools.durable();
    return rows;
  }
}
