import { createHash } from "node:crypto";
import type { PhysicalColumn, PhysicalIndex, PhysicalTable } from "../storage/physical-schema.js";
import type { FieldModel } from "./field-model.js";
import { LIVE_COLUMN, SEARCH_COLUMN, TENANT_COLUMN } from "./system-fields.js";

const MAX_NAME = 60;

/** PostgreSQL cuts names at 63 bytes and MySQL at 64: longer ones end in a hash instead. */
export function indexName(prefix: string, table: string, columns: readonly string[]): string {
  // Two underscores, which no name has within: `price.bookOwnerId` and `priceBook.ownerId` are different columns.
  const name = `${prefix}_${table}__${columns.join("_")}`;
  if (name.length <= MAX_NAME) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, MAX_NAME - 9)}_${hash}`;
}

const BYTES: Partial<Record<PhysicalColumn["type"], number>> = { id: 36, boolean: 1, date: 4 };

/** Bytes that an index over fields may take of what the engines allow: four per character, and the tenant, and the id. */
export function indexBytes(fields: readonly FieldModel[]): number {
  const sizes = fields.map(({ columns, keyColumn }) => {
    const column = columns.find(({ name }) => name === keyColumn);
    return column?.type === "string" ? 4 * (column.length ?? 255) : (BYTES[column?.type ?? "integer"] ?? 8);
  });
  return sizes.reduce((sum, size) => sum + size, 4 * 64 + 36);
}

/** The table of an entity: its columns, and the indexes that queries and uniqueness need. */
export function physicalTable(
  table: string,
  fields: readonly FieldModel[],
  options: {
    readonly indexes: readonly (readonly string[])[];
    readonly unique: readonly (readonly string[])[];
    readonly searchable: boolean;
  },
): PhysicalTable {
  const byName = new Map(fields.map((field) => [field.name, field]));
  const columnOf = (name: string) => (byName.get(name) as FieldModel).keyColumn;
  const columns: PhysicalColumn[] = fields.flatMap((field) => field.columns);
  columns.push({ name: LIVE_COLUMN, type: "integer", nullable: true });
  if (options.searchable) columns.push({ name: SEARCH_COLUMN, type: "text", nullable: true });

  const indexes = new Map<string, PhysicalIndex>();
  const add = (prefix: string, names: readonly string[], unique: boolean) => {
    const index = { name: indexName(prefix, table, names), columns: names, unique };
    indexes.set(index.name, index);
  };
  // Lists without another order walk the ids of one tenant.
  add("ix", [TENANT_COLUMN, "id"], false);
  for (const field of fields) {
    // One index per foreign key: joins, cascades, and what MySQL would otherwise add by itself.
    if (field.kind === "reference" && !field.system) add("fk", [field.column], false);
  }
  for (const names of options.indexes) add("ix", [TENANT_COLUMN, ...names.map(columnOf), "id"], false);
  for (const names of options.unique) add("uq", [TENANT_COLUMN, ...names.map(columnOf), LIVE_COLUMN], true);
  return { name: table, columns, primaryKey: ["id"], indexes: [...indexes.values()], tenant: TENANT_COLUMN };
}
