import { createRequire } from "node:module";
import createKnex, { type Knex } from "knex";
import { openSqlite, type SqliteHandle, type Synchronous } from "./raw-driver.js";

interface QueryObject {
  sql: string;
  bindings?: unknown[];
  response?: unknown;
  context?: unknown;
}

type ClientClass = new (
  config: object,
) => {
  _formatBindings(bindings: unknown[] | undefined): unknown[];
};

/** Knex has no client for drivers like `node:sqlite`: its nearest one, with another way to open and to query. */
export function knexOnSqlite(path: string, synchronous: Synchronous): Knex {
  const Base = createRequire(import.meta.url)("knex/lib/dialects/better-sqlite3") as ClientClass;
  class Client extends Base {
    _driver(): object {
      return {};
    }
    async acquireRawConnection(): Promise<SqliteHandle> {
      return openSqlite(path, synchronous);
    }
    async destroyRawConnection(connection: SqliteHandle): Promise<void> {
      connection.close();
    }
    async _query(connection: SqliteHandle, query: QueryObject): Promise<QueryObject> {
      const statement = connection.prepare(query.sql);
      const bindings = this._formatBindings(query.bindings);
      if (statement.columns().length > 0) {
        query.response = statement.all(...bindings);
      } else {
        const result = statement.run(...bindings) as { changes: number; lastInsertRowid: number };
        query.response = result;
        query.context = { lastID: result.lastInsertRowid, changes: result.changes };
      }
      return query;
    }
  }
  const client = Client as unknown as typeof Knex.Client;
  return createKnex({ client, connection: { filename: path }, useNullAsDefault: true });
}
