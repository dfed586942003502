import type { Dialect } from "../../dialects/dialect.js";
import type { SchemaTools } from "../manager.js";
import { applySqlite } from "./apply.js";
import { inspectSqlite } from "./inspect.js";

export function sqliteSchema(dialect: Dialect): SchemaTools {
  return {
    inspect: inspectSqlite,
    apply: (connection, steps) => applySqlite(connection, dialect, steps),
  };
}
