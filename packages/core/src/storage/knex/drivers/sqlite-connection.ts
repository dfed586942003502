import type { StoredRow } from "../../adapter.js";
import { bind, type RawConnection, type Statement } from "../statement.js";
import type { SqliteDatabase, SqliteStatement } from "./sqlite-driver.js";

/** One open database handle, with the statements it has prepared. */
export class SqliteConnection implements RawConnection {
  constructor(
    readonly database: SqliteDatabase,
    /** Where statements keep what this connection prepared for them. */
    private readonly slot: number,
  ) {}

  rows(statement: Statement, values: readonly unknown[]): StoredRow[] {
    const { columns, decoders, decodes } = statement;
    const raw = this.prepare(statement).arrays(bind(statement, values));
    const rows = new Array<StoredRow>(raw.length);
    for (let index = 0; index < raw.length; index += 1) {
      const cells = raw[index] as unknown[];
      const row: StoredRow = {};
      for (let position = 0; position < columns.length; position += 1) {
        const value = cells[position];
        const decode = decodes && value !== null ? decoders[position] : undefined;
        row[columns[position] as string] = decode === undefined ? value : decode(value);
      }
      rows[index] = row;
    }
    return rows;
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

  private prepare(statement: Statement): SqliteStatement {
    const known = statement.prepared[this.slot] as SqliteStatement | undefined;
    if (known !== undefined) return known;
    const made = this.database.prepare(statement.sql);
    statement.prepared[this.slot] = made;
    return made;
  }
}
