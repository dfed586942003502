import type { StoredRow } from "../../adapter.js";
import { bind, type RawConnection, type Statement } from "../statement.js";
import { buildRows } from "./rows.js";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.js";

/** One open database handle, with the statements it has prepared. */
export class SqliteConnection implements RawConnection {
  private readonly commands = new Map<string, SqliteStatement>();

  constructor(
    readonly database: SqliteDatabase,
    /** Where statements keep what this connection prepared for them. */
    private readonly slot: number,
  ) {}

  rows(statement: Statement, values: readonly unknown[]): StoredRow[] {
    return buildRows(statement, this.prepare(statement).arrays(bind(statement, values)));
  }

  run(statement: Statement, values: readonly unknown[]): number {
    return this.prepare(statement).run(bind(statement, values));
  }

  query(sql: string, values: readonly unknown[] = []): Record<string, unknown>[] {
    return this.database.prepare(sql).objects(values);
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  /** A statement without values that comes again and again: the bounds of transactions and savepoints. */
  command(sql: string): void {
    let statement = this.commands.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      this.commands.set(sql, statement);
    }
    statement.run([]);
  }

  private prepare(statement: Statement): SqliteStatement {
    const known = statement.prepared[this.slot] as SqliteStatement | undefined;
    if (known !== undefined) return known;
    const made = this.database.prepare(statement.sql);
    statement.prepared[this.slot] = made;
    return made;
  }
}
