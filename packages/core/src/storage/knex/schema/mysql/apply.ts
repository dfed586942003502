import type { PhysicalIndex, PhysicalTable, SchemaStep } from "../../../physical-schema.js";
import type { MysqlDialect } from "../../dialects/mysql.js";
import type { RawConnection } from "../../statement.js";
import { columnSql, createTableSql, foreignKeyClauses, foreignKeySql } from "../ddl.js";
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
  const created = steps.flatMap((step) => (step.kind === "createTable" ? [step.table] : []));
  await createTables(connection, dialect, created);
  // Tables that go together may refer to one another.
  for (const step of steps)
    if (step.kind === "dropTable") await dropReferences(connection, dialect, step.table);
  for (const step of steps) if (step.kind !== "createTable") await applyStep(connection, dialect, step);
}

/**
 * Each statement waits for the disk: a table comes with its indexes, and with its references to tables that are there.
 * Tables may refer to one another in a circle: what refers forward is added at the end.
 */
async function createTables(
  connection: RawConnection,
  dialect: MysqlDialect,
  created: readonly PhysicalTable[],
): Promise<void> {
  const ordered = referredFirst(created);
  const missing = new Set(ordered.map(({ name }) => name));
  const later = new Map<string, string[]>();
  for (const table of ordered) {
    missing.delete(table.name);
    const indexes = table.indexes.map((index) => indexClause(table, index, dialect));
    const references = foreignKeyClauses(table, dialect, (name) => !missing.has(name));
    const sql = createTableSql(table, dialect, [...indexes, ...references]);
    await connection.exec(`${sql} engine = InnoDB`);
    const forward = foreignKeyClauses(table, dialect, (name) => missing.has(name));
    if (forward.length > 0) later.set(table.name, forward);
  }
  for (const [table, clauses] of later) {
    const added = clauses.map((clause) => `add ${clause}`).join(", ");
    await connection.exec(`alter table ${dialect.quote(table)} ${added}`);
  }
}

/** What others refer to comes before them, where that can be. */
function referredFirst(tables: readonly PhysicalTable[]): PhysicalTable[] {
  const waiting = new Map(tables.map((table) => [table.name, table]));
  const ordered: PhysicalTable[] = [];
  const place = (table: PhysicalTable): void => {
    if (!waiting.delete(table.name)) return;
    for (const { references } of table.columns) {
      const before = references === undefined ? undefined : waiting.get(references.table);
      if (before !== undefined) place(before);
    }
    ordered.push(table);
  };
  for (const table of tables) place(table);
  return ordered;
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

function indexSql(table: PhysicalTable, index: PhysicalIndex, dialect: MysqlDialect): string {
  return `alter table ${dialect.quote(table.name)} add ${indexClause(table, index, dialect)}`;
}

function indexClause(table: PhysicalTable, index: PhysicalIndex, { quote }: MysqlDialect): string {
  const columns = index.columns.map((name) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    const long = column?.type === "text" || (column?.length ?? 0) > 700;
    // MariaDB makes whole long texts unique by a hash; a prefix would make other texts equal.
    return long && !index.unique ? `${quote(name)}(${prefix})` : quote(name);
  });
  return `${index.unique ? "unique " : ""}index ${quote(index.name)} (${columns.join(", ")})`;
}
