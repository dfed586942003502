import type { ColumnType, PhysicalSchema, PhysicalTable } from "../physical-schema.js";

/** What an expression yields: a column's type, or an exact number of any size (the sum of integers). */
export type ValueType = ColumnType | "decimal";

export interface ColumnInfo {
  /** How SQL text refers to it. */
  readonly sql: string;
  readonly type: ValueType;
  readonly nullable: boolean;
}

/** The columns that a filter may name. */
export interface Scope {
  readonly name: string;
  /** The column that says whose a row is. */
  readonly tenant: string | undefined;
  readonly columns: ReadonlyMap<string, ColumnInfo>;
}

export interface TableInfo extends Scope {
  readonly table: PhysicalTable;
  /** The table's name in quotes. */
  readonly sql: string;
}

/** The tables that the adapter was opened with: the only names that reach SQL text. */
export class Catalog {
  private readonly tables = new Map<string, TableInfo>();

  constructor(
    schema: PhysicalSchema,
    readonly quote: (name: string) => string,
  ) {
    for (const table of schema.tables) {
      const { name, tenant } = table;
      const sql = quote(name);
      const columns = this.columns(table, sql);
      if (tenant !== undefined && columns.get(tenant)?.type !== "string")
        throw new TypeError(`The tenant of "${name}" is not in a string column "${tenant}"`);
      this.tables.set(name, { name, tenant, table, sql, columns });
    }
  }

  find(name: string): TableInfo | undefined {
    return this.tables.get(name);
  }

  table(name: string): TableInfo {
    const table = this.tables.get(name);
    if (table === undefined) throw new TypeError(`The schema has no table "${name}"`);
    return table;
  }

  /** The same table under another name, for subqueries. */
  alias(name: string, alias: string): Scope {
    const { table, tenant } = this.table(name);
    return { name, tenant, columns: this.columns(table, alias) };
  }

  private columns(table: PhysicalTable, qualifier: string): Map<string, ColumnInfo> {
    const columns = new Map<string, ColumnInfo>();
    for (const { name, type, nullable } of table.columns) {
      columns.set(name, { sql: `${qualifier}.${this.quote(name)}`, type, nullable });
    }
    return columns;
  }
}

export function columnOf(scope: Scope, name: string): ColumnInfo {
  const column = scope.columns.get(name);
  if (column === undefined) throw new TypeError(`"${scope.name}" has no column "${name}"`);
  return column;
}
