import type { PhysicalColumn, PhysicalIndex, PhysicalTable } from "../../physical-schema.js";
import type { Dialect } from "../dialects/dialect.js";

/**
 * CREATE TABLE without its indexes; references only where `withReferences` says so. With the defaults of its columns:
 * whoever no longer knows a column must still be able to insert.
 */
export function createTableSql(table: PhysicalTable, dialect: Dialect, withReferences = false): string[] {
  const builder = dialect.knex.schema.createTable(table.name, (t) => {
    for (const column of table.columns) {
      const made = t.specificType(column.name, dialect.columnType(column) + defaultSql(column, dialect));
      if (column.nullable) made.nullable();
      else made.notNullable();
    }
    t.primary([...table.primaryKey]);
    for (const { name, references } of table.columns) {
      if (references === undefined || !withReferences) continue;
      t.foreign(name, foreignKeyName(table.name, name))
        .references(references.column)
        .inTable(references.table)
        .onDelete(references.onDelete);
    }
  });
  return builder.toSQL().map(({ sql }) => sql);
}

/** Adds the constraint of one column. */
export function foreignKeySql(table: string, column: PhysicalColumn, { quote }: Dialect): string {
  const to = column.references;
  if (to === undefined) throw new TypeError(`Column "${column.name}" refers to nothing`);
  const name = quote(foreignKeyName(table, column.name));
  return `alter table ${quote(table)} add constraint ${name} foreign key (${quote(column.name)}) references ${quote(to.table)} (${quote(to.column)}) on delete ${to.onDelete}`;
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
