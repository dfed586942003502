import type { PhysicalColumn, PhysicalIndex, PhysicalTable, SchemaStep } from "../../../physical-schema.js";
import type { MysqlDialect } from "../../dialects/mysql.js";
import type { RawConnection } from "../../statement.js";
import { createTableSql, defaultSql, foreignKeySql } from "../ddl.js";
import { inspectMysql } from "./inspect.js";

/**
 * Every statement commits by itself. Each step is therefore made so that a plan computed anew continues where
 * one broke off: a table without one of its references or indexes is seen as such by `inspect`.
 */
export async function applyMysql(
  connection: RawConnection,
  dialect: MysqlDialect,
  steps: readonly SchemaStep[],
): Promise<void> {
  // New tables may refer to one another in a circle: their references come after all of them.
  const created = steps.flatMap((step) => (step.kind === "createTable" ? [step.table] : []));
  for (const table of created) {
    for (const sql of createTableSql(table, dialect)) await connection.exec(`${sql} engine = InnoDB`);
    for (const index of table.indexes) await connection.exec(indexSql(table, index, dialect));
  }
  for (const table of created) {
    for (const column of table.columns) {
      if (column.references !== undefined) await connection.exec(foreignKeySql(table.name, column, dialect));
    }
  }
  // Tables that go together may refer to one another.
  for (const step of steps)
    if (step.kind === "dropTable") await dropReferences(connection, dialect, step.table);
  for (const step of steps) if (step.kind !== "createTable") await applyStep(connection, dialect, step);
}

async function applyStep(
  connection: RawConnection,
  dialect: MysqlDialect,
  step: Exclude<SchemaStep, { kind: "createTable" }>,
): Promise<void> {
  const { quote } = dialect;
  const table = quote(step.table);
  switch (step.kind) {
    case "addColumn": {
      await connection.exec(`alter table ${table} add column ${columnSql(step.column, dialect)}`);
      if (step.column.references === undefined) return;
      return connection.exec(foreignKeySql(step.table, step.column, dialect));
    }
    case "createIndex":
      return connection.exec(indexSql(await present(connection, dialect, step.table), step.index, dialect));
    case "dropIndex":
      return connection.exec(`drop index ${quote(step.index)} on ${table}`);
    case "widenColumn":
      return connection.exec(`alter table ${table} modify column ${columnSql(step.column, dialect)}`);
    case "setReference":
      await dropReferences(connection, dialect, step.table, step.column.name);
      if (step.column.references === undefined) return;
      return connection.exec(foreignKeySql(step.table, step.column, dialect));
    case "dropColumn":
      return dropColumn(connection, dialect, step.table, step.column);
    case "secureTable":
      throw new TypeError("MariaDB has no row-level security");
    case "dropTable":
      return connection.exec(`drop table ${table}`);
  }
}

function columnSql(column: PhysicalColumn, dialect: MysqlDialect): string {
  const required = column.nullable ? " null" : " not null";
  return `${dialect.quote(column.name)} ${dialect.columnType(column)}${required}${defaultSql(column, dialect)}`;
}

async function dropColumn(
  connection: RawConnection,
  dialect: MysqlDialect,
  table: string,
  column: string,
): Promise<void> {
  const { quote } = dialect;
  const before = await present(connection, dialect, table);
  const changes: string[] = [];
  await dropReferences(connection, dialect, table, column);
  // The server would keep a part of an index, and could find its values no longer unique.
  for (const index of before.indexes) {
    if (index.columns.includes(column)) changes.push(`drop index ${quote(index.name)}`);
  }
  changes.push(`drop column ${quote(column)}`);
  await connection.exec(`alter table ${quote(table)} ${changes.join(", ")}`);
}

/** The references of one column, or of the whole table. */
async function dropReferences(
  connection: RawConnection,
  { quote }: MysqlDialect,
  table: string,
  column?: string,
): Promise<void> {
  const present = await connection.query(
    `select constraint_name as name from information_schema.key_column_usage
    where table_schema = database() and table_name = ? and column_name = coalesce(?, column_name)
      and referenced_table_name is not null`,
    [table, column ?? null],
  );
  for (const { name } of present) {
    await connection.exec(`alter table ${quote(table)} drop foreign key ${quote(String(name))}`);
  }
}

async function present(
  connection: RawConnection,
  dialect: MysqlDialect,
  name: string,
): Promise<PhysicalTable> {
  const { tables } = await inspectMysql(connection, dialect);
  const table = tables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`There is no table "${name}" to change`);
  return table;
}

/** Characters of a text column that an index holds, as the length of a key is limited. */
const prefix = 255;

function indexSql(table: PhysicalTable, index: PhysicalIndex, { quote }: MysqlDialect): string {
  const columns = index.columns.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    const long = column?.type === "text" || (column?.length ?? 0) > 700;
    // MariaDB makes whole long texts unique by a hash; a prefix would make other texts equal.
    return long && !index.unique ? `${quote(name)}(${prefix})` : quote(name);
  });
  return `create ${index.unique ? "unique " : ""}index ${quote(index.name)} on ${quote(table.name)} (${columns.join(", ")})`;
}
