import type { PostgresDialect } from "../../dialects/postgres.js";
import type { SchemaTools } from "../manager.js";
import { applyPostgres } from "./apply.js";
import { inspectPostgres } from "./inspect.js";
import { reachSql } from "./row-security.js";

export function postgresSchema(dialect: PostgresDialect, secures: boolean): SchemaTools {
  const reach = reachSql({ acrossTenants: "look at the schema, or change it" }, dialect);
  // Whether a table is empty must not depend on whose rows one sees.
  const begin = secures ? `begin; ${reach}` : "begin";
  return {
    secures,
    inspect: async (connection) => {
      await connection.exec(begin);
      const schema = await inspectPostgres(connection, dialect);
      await connection.exec("commit");
      return schema;
    },
    apply: (connection, steps) => applyPostgres(connection, dialect, steps, { begin, secures }),
  };
}
