import type { Dialect } from "../../dialects/dialect.js";
import type { SchemaTools } from "../manager.js";
import { applyPostgres } from "./apply.js";
import { inspectPostgres } from "./inspect.js";

export function postgresSchema(dialect: Dialect): SchemaTools {
  return {
    inspect: (connection) => inspectPostgres(connection, dialect),
    apply: (connection, steps) => applyPostgres(connection, dialect, steps),
  };
}
