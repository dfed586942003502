import { ReferenceViolation } from "../../../../errors/storage-errors.js";
import type { PhysicalColumn, SchemaStep } from "../../../physical-schema.js";
import type { Dialect } from "../../dialects/dialect.js";
import type { RawConnection } from "../../statement.js";
import { columnSql, createIndexSql, createTableSql, foreignKeyClauses } from "../ddl.js";
import { rebuildTable } from "./rebuild.js";

/** All steps in one transaction. Foreign keys are off meanwhile, and checked before the commit. */
export async function applySqlite(
  connection: RawConnection,
  dialect: Dialect,
  steps: readonly SchemaStep[],
): Promise<void> {
  // Cannot be changed inside a transaction.
  await connection.exec("pragma foreign_keys = off");
  try {
    await connection.exec("begin immediate");
    try {
      for (const step of steps) await applyStep(connection, dialect, step);
      await checkReferences(connection);
      await connection.exec("commit");
    } catch (error) {
      await connection.exec("rollback");
      throw error;
    }
  } finally {
    await connection.exec("pragma foreign_keys = on");
  }
}

async function applyStep(connection: RawConnection, dialect: Dialect, step: SchemaStep): Promise<void> {
  const { quote } = dialect;
  switch (step.kind) {
    case "createTable":
      await connection.exec(createTableSql(step.table, dialect, foreignKeyClauses(step.table, dialect)));
      for (const index of step.table.indexes) {
        await connection.exec(createIndexSql(step.table.name, index, dialect));
      }
      return;
    case "addColumn":
      return addColumn(connection, dialect, step.table, step.column);
    case "createIndex":
      return connection.exec(createIndexSql(step.table, step.index, dialect));
    case "dropIndex":
      return connection.exec(`drop index ${quote(step.index)}`);
    case "widenColumn":
    case "setReference":
      return rebuildTable(connection, dialect, step.table, { replace: step.column });
    case "dropColumn":
      return rebuildTable(connection, dialect, step.table, { drop: step.column });
    case "secureTable":
      throw new TypeError("SQLite has no row-level security");
    case "dropTable":
      return connection.exec(`drop table ${quote(step.table)}`);
  }
}

async function addColumn(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  column: PhysicalColumn,
): Promise<void> {
  // What ALTER TABLE refuses: a required column without default, and a reference with one.
  const plain = column.nullable
    ? column.references === undefined || column.default === undefined
    : column.default !== undefined && column.references === undefined;
  if (!plain) return rebuildTable(connection, dialect, table, { add: column });
  await connection.exec(
    `alter table ${dialect.quote(table)} add column ${referringColumnSql(column, dialect)}`,
  );
}

export function referringColumnSql(column: PhysicalColumn, dialect: Dialect): string {
  const { references: to } = column;
  const sql = columnSql(column, dialect);
  if (to === undefined) return sql;
  return `${sql} references ${dialect.quote(to.table)} (${dialect.quote(to.column)}) on delete ${to.onDelete}`;
}

async function checkReferences(connection: RawConnection): Promise<void> {
  // With references off, SQLite drops tables that others refer to.
  const [dangling] = await connection.query(
    `select m.name as "table" from sqlite_master as m, pragma_foreign_key_list(m.name) as k
    where m.type = 'table' and k."table" not in (select name from sqlite_master where type = 'table')`,
  );
  if (dangling !== undefined) throw ReferenceViolation({ table: String(dangling["table"]) });
  const [broken] = await connection.query("pragma foreign_key_check");
  if (broken !== undefined) throw ReferenceViolation({ table: String(broken["table"]) });
}
