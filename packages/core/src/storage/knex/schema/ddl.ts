import type { PhysicalColumn, PhysicalIndex, PhysicalTable } from "../../physical-schema.js";
import type { Dialect } from "../dialects/dialect.js";

/**
 * CREATE TABLE with the defaults of its columns: whoever no longer knows a column must still be able to insert.
 * `clauses` are its references and, where an engine takes them here, its indexes.
 */
export function createTableSql(
  table: PhysicalTable,
  dialect: Dialect,
  clauses: readonly string[] = [],
): string {
  const { quote } = dialect;
  const key = `primary key (${table.primaryKey.map(quote).join(", ")})`;
  const columns = table.columns.map((column) => columnSql(column, dialect));
  return `create table ${quote(table.name)} (${[...columns, key, ...clauses].join(", ")})`;
}

/** NULL is said, as old MySQL would otherwise decide about times by itself. */
export function columnSql(column: PhysicalColumn, dialect: Dialect): string {
  const required = column.nullable ? " null" : " not null";
  return `${dialect.quote(column.name)} ${dialect.columnType(column)}${required}${defaultSql(column, dialect)}`;
}

/** Adds the constraint of one column. */
export function foreignKeySql(table: string, column: PhysicalColumn, dialect: Dialect): string {
  return `alter table ${dialect.quote(table)} add ${foreignKeyClause(table, column, dialect)}`;
}

export function foreignKeyClause(table: string, column: PhysicalColumn, { quote }: Dialect): string {
  const to = column.references;
  if (to === undefined) throw new TypeError(`Column "${column.name}" refers to nothing`);
  const name = quote(foreignKeyName(table, column.name));
  return `constraint ${name} foreign key (${quote(column.name)}) references ${quote(to.table)} (${quote(to.column)}) on delete ${to.onDelete}`;
}

/** The clauses of all columns that refer to something that `exists` takes. */
export function foreignKeyClauses(
  table: PhysicalTable,
  dialect: Dialect,
  exists: (table: string) => boolean = () => true,
): string[] {
  return table.columns
    .filter(({ references: to }) => to !== undefined && exists(to.table))
    .map((column) => foreignKeyClause(table.name, column, dialect));
}

export function createIndexSql(table: string, index: PhysicalIndex, { quote }: Dialect): string {
  const columns = index.columns.map(quote).join(", ");
  return `create ${index.unique ? "unique " : ""}index ${quote(index.name)} on ${quote(table)} (${columns})`;
}

/**
 * Unique in the database, as MySQL wants it: a hash keeps apart `lead` + `source_id` and `lead_source` + `id`,
 * and names that are cut off because servers limit them to 63 characters.
 */
export function foreignKeyName(table: string, column: string): string {
  let hash = 0;
  for (const char of `${table}.${column}`) hash = (hash * 31 + (char.codePointAt(0) as number)) >>> 0;
  const readable = `${table}_${column}`.slice(0, 50);
  return `${readable}_${hash.toString(36)}_fk`;
}

/** The DEFAULT clause that fills a new column in existing rows. */
export function defaultSql(column: PhysicalColumn, dialect: Dialect): string {
  if (column.default === undefined) return "";
  const value = dialect.encode(column.type, column.default);
  const literal = typeof value === "string" ? dialect.text(value) : String(value);
  // MySQL takes a default of long text as an expression only.
  const long = dialect.engine === "mysql" && (column.type === "text" || column.type === "json");
  return ` default ${long ? `(${literal})` : literal}`;
}
