import type { MysqlDialect } from "../../dialects/mysql.js";
import type { SchemaTools } from "../manager.js";
import { applyMysql } from "./apply.js";
import { inspectMysql } from "./inspect.js";

export function mysqlSchema(dialect: MysqlDialect): SchemaTools {
  return {
    inspect: (connection) => inspectMysql(connection, dialect),
    apply: (connection, steps) => applyMysql(connection, dialect, steps),
  };
}
