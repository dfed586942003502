import type {
  ColumnType,
  PhysicalColumn,
  PhysicalIndex,
  PhysicalSchema,
  PhysicalTable,
} from "../../../physical-schema.js";
import type { Dialect } from "../../dialects/dialect.js";
import type { RawConnection } from "../../statement.js";
import { securedTables } from "./row-security.js";

type Row = Record<string, unknown>;

const types: Readonly<Record<string, ColumnType>> = {
  uuid: "id",
  text: "text",
  varchar: "string",
  int8: "integer",
  int4: "integer",
  int2: "integer",
  float8: "float",
  float4: "float",
  bool: "boolean",
  date: "date",
  timestamptz: "instant",
  jsonb: "json",
  json: "json",
};

/** The tables of the session's schema. */
export async function inspectPostgres(
  connection: RawConnection,
  { quote }: Dialect,
): Promise<PhysicalSchema> {
  const tables = await connection.query(tablesSql);
  const columns = groupByTable(await connection.query(columnsSql));
  const references = groupByTable(await connection.query(referencesSql));
  const indexes = groupByTable(await connection.query(indexesSql));
  const secured = await securedTables(connection);
  const found: PhysicalTable[] = [];
  for (const { name: raw, readable } of tables) {
    const name = String(raw);
    // What one may not read is somebody else's.
    const [filled] = readable === true ? await connection.query(`select 1 from ${quote(name)} limit 1`) : [1];
    const tenant = secured.get(name);
    const ofTable = indexes.get(name) ?? [];
    found.push({
      name,
      columns: (columns.get(name) ?? []).map((row) => column(row, references.get(name) ?? [])),
      primaryKey: (ofTable.find((index) => index["is_primary"] === true)?.["columns"] as string[]) ?? [],
      indexes: ofTable.filter((index) => index["is_primary"] !== true).map(index),
      ...(tenant === undefined ? {} : { tenant }),
      empty: filled === undefined,
    });
  }
  return { tables: found };
}

function groupByTable(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const table = String(row["table_name"]);
    groups.set(table, [...(groups.get(table) ?? []), row]);
  }
  return groups;
}

function column(row: Row, references: readonly Row[]): PhysicalColumn {
  const name = String(row["name"]);
  const type = types[String(row["type"])] ?? "text";
  const to = references.find((reference) => reference["column_name"] === name);
  const actions: Readonly<Record<string, "cascade" | "set null">> = { c: "cascade", n: "set null" };
  return {
    name,
    type,
    // The modifier of varchar counts four bytes more.
    ...(type === "string" && Number(row["modifier"]) > 0 ? { length: Number(row["modifier"]) - 4 } : {}),
    nullable: row["nullable"] === true,
    ...(to === undefined
      ? {}
      : {
          references: {
            table: String(to["to_table"]),
            column: String(to["to_column"]),
            onDelete: actions[String(to["on_delete"])] ?? "restrict",
          },
        }),
  };
}

const index = (row: Row): PhysicalIndex => ({
  name: String(row["name"]),
  columns: row["columns"] as string[],
  unique: row["is_unique"] === true,
});

const ours = "n.nspname = current_schema() and c.relkind in ('r', 'p')";

const tablesSql = `select c.relname as name, has_table_privilege(c.oid, 'select') as readable
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${ours} order by c.relname`;

const columnsSql = `select c.relname as table_name, a.attname as name, t.typname as type, a.atttypmod as modifier,
    not a.attnotnull as nullable
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid
  where ${ours} and a.attnum > 0 and not a.attisdropped order by c.relname, a.attnum`;

const referencesSql = `select c.relname as table_name, a.attname as column_name, f.relname as to_table,
    b.attname as to_column, k.confdeltype as on_delete
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class f on f.oid = k.confrelid
    join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
  where ${ours} and k.contype = 'f' and cardinality(k.conkey) = 1`;

/** Without partial indexes and those over expressions: they are nobody's but their maker's. */
const indexesSql = `select c.relname as table_name, i.relname as name, x.indisunique as is_unique,
    x.indisprimary as is_primary,
    (select json_agg(a.attname order by k.position) from unnest(x.indkey) with ordinality as k(number, position)
      join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.number) as columns
  from pg_index x join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class i on i.oid = x.indexrelid join pg_am m on m.oid = i.relam
  where ${ours} and x.indpred is null and x.indexprs is null and m.amname = 'btree' order by i.relname`;
