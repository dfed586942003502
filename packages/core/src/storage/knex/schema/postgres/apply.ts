import type { PhysicalColumn, PhysicalIndex, PhysicalTable, SchemaStep } from "../../../physical-schema.js";
import type { Dialect } from "../../dialects/dialect.js";
import type { RawConnection } from "../../statement.js";
import { columnSql, createTableSql, foreignKeySql } from "../ddl.js";
import { inspectPostgres } from "./inspect.js";
import { secureSql } from "./row-security.js";

/** All steps in one transaction. */
export async function applyPostgres(
  connection: RawConnection,
  dialect: Dialect,
  steps: readonly SchemaStep[],
  { begin, secures }: { readonly begin: string; readonly secures: boolean },
): Promise<void> {
  await connection.exec(begin);
  // New tables may refer to one another in a circle: their references come after all of them.
  const created = steps.flatMap((step) => (step.kind === "createTable" ? [step.table] : []));
  const making = created.map((table) => createTableSql(table, dialect));
  for (const table of created) {
    for (const column of table.columns) making.push(...referenceSql(dialect, table.name, column));
    for (const index of table.indexes) making.push(indexSql(table, index, dialect));
    if (secures && table.tenant !== undefined) making.push(...secureSql(dialect, table.name, table.tenant));
  }
  // Hundreds of statements in one message.
  if (making.length > 0) await connection.exec(making.join(";\n"));
  // Tables that go together may refer to one another.
  for (const step of steps)
    if (step.kind === "dropTable") await dropReferences(connection, dialect, step.table);
  for (const step of steps) if (step.kind !== "createTable") await applyStep(connection, dialect, step);
  await connection.exec("commit");
}

async function applyStep(
  connection: RawConnection,
  dialect: Dialect,
  step: Exclude<SchemaStep, { kind: "createTable" }>,
): Promise<void> {
  const { quote } = dialect;
  const table = quote(step.table);
  switch (step.kind) {
    case "addColumn": {
      const { column } = step;
      await connection.exec(`alter table ${table} add column ${columnSql(column, dialect)}`);
      return reference(connection, dialect, step.table, column);
    }
    case "createIndex":
      return connection.exec(indexSql(await present(connection, dialect, step.table), step.index, dialect));
    case "dropIndex":
      return connection.exec(`drop index ${quote(step.index)}`);
    case "widenColumn":
      return widen(connection, dialect, step.table, step.column);
    case "setReference":
      return setReference(connection, dialect, step.table, step.column);
    case "secureTable":
      return connection.exec(secureSql(dialect, step.table, step.column).join(";\n"));
    case "dropColumn":
      return connection.exec(`alter table ${table} drop column ${quote(step.column)}`);
    case "dropTable":
      return connection.exec(`drop table ${table}`);
  }
}

async function reference(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  column: PhysicalColumn,
): Promise<void> {
  for (const sql of referenceSql(dialect, table, column)) await connection.exec(sql);
}

const referenceSql = (dialect: Dialect, table: string, column: PhysicalColumn): string[] =>
  column.references === undefined ? [] : [foreignKeySql(table, column, dialect)];

async function setReference(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  column: PhysicalColumn,
): Promise<void> {
  await dropReferences(connection, dialect, table, column.name);
  await reference(connection, dialect, table, column);
}

/** The references of one column, or of the whole table. */
async function dropReferences(
  connection: RawConnection,
  { quote }: Dialect,
  table: string,
  column?: string,
): Promise<void> {
  const present = await connection.query(
    `select k.conname as name from pg_constraint k
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.conrelid = to_regclass($1) and cardinality(k.conkey) = 1
      and a.attname = coalesce($2, a.attname)`,
    [quote(table), column ?? null],
  );
  for (const { name } of present) {
    await connection.exec(`alter table ${quote(table)} drop constraint ${quote(String(name))}`);
  }
}

async function widen(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  column: PhysicalColumn,
): Promise<void> {
  const { quote } = dialect;
  const altered = `alter table ${quote(table)} alter column ${quote(column.name)}`;
  const before = await present(connection, dialect, table);
  const old = before.columns.find(({ name }) => name === column.name);
  await connection.exec(`${altered} type ${dialect.columnType(column)}`);
  if (!column.nullable || old?.nullable === true) return;
  await connection.exec(`${altered} drop not null`);
  // Its place among the NULLs is part of an index, and was not needed until now.
  const after = await present(connection, dialect, table);
  for (const index of before.indexes.filter(({ columns }) => columns.includes(column.name))) {
    await connection.exec(`drop index ${quote(index.name)}`);
    await connection.exec(indexSql(after, index, dialect));
  }
}

async function present(connection: RawConnection, dialect: Dialect, name: string): Promise<PhysicalTable> {
  const { tables } = await inspectPostgres(connection, dialect);
  const table = tables.find((candidate) => candidate.name === name);
  if (table === undefined) throw new Error(`There is no table "${name}" to change`);
  return table;
}

/** Sorted as Corm sorts, NULLs first, so that paging can follow the index. */
function indexSql(table: PhysicalTable, index: PhysicalIndex, { quote }: Dialect): string {
  const columns = index.columns.map((name) => {
    const nullable = table.columns.find((column) => column.name === name)?.nullable;
    return nullable === true ? `${quote(name)} nulls first` : quote(name);
  });
  return `create ${index.unique ? "unique " : ""}index ${quote(index.name)} on ${quote(table.name)} (${columns.join(", ")})`;
}
