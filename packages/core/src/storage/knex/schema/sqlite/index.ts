import type { Dialect } from "../../dialects/dialect.js";
import type { SchemaTools } from "../manager.js";
import { applySqlite } from "./apply.js";
import { inspectSqlite } from "./inspect.js";
import { sqliteLock } from "./lock.js";

export function sqliteSchema(dialect: Dialect, path: string): SchemaTools {
  return {
    inspect: async (connection) => inspectSqlite(connection),
    apply: async (connection, steps) => applySqlite(connection, dialect, steps),
    withLock: sqliteLock(path),
  };
}
