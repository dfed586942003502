import type { PhysicalColumn, PhysicalIndex, PhysicalTable } from "../../physical-schema.js";
import type { Dialect } from "../dialects/dialect.js";

/** CREATE TABLE without its indexes; references only where `withReferences` says so. */
export function createTableSql(
  table: PhysicalTable,
  { knex, columnType }: Dialect,
  withReferences = false,
): string[] {
  const builder = knex.schema.createTable(table.name, (t) => {
    for (const column of table.columns) {
      const made = t.specificType(column.name, columnType(column));
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

/** Servers limit names to 63 characters; a hash keeps long ones apart. */
export function foreignKeyName(table: string, column: string): string {
  const name = `${table}_${column}_fk`;
  if (name.length <= 60) return name;
  let hash = 0;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) as number)) >>> 0;
  return `${name.slice(0, 48)}_${hash.toString(36)}_fk`;
}

/** The DEFAULT clause that fills a new column in existing rows. */
export function defaultSql(column: PhysicalColumn, dialect: Dialect): string {
  if (column.default === undefined) return "";
  const value = dialect.encode(column.type, column.default);
  return ` default ${typeof value === "string" ? dialect.text(value) : String(value)}`;
}
