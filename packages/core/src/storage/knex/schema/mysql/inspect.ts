import type {
  PhysicalColumn,
  PhysicalIndex,
  PhysicalSchema,
  PhysicalTable,
} from "../../../physical-schema.js";
import type { MysqlDialect } from "../../dialects/mysql.js";
import type { RawConnection } from "../../statement.js";

type Row = Record<string, unknown>;

/** The tables of the connection's database. */
export async function inspectMysql(
  connection: RawConnection,
  { quote }: MysqlDialect,
): Promise<PhysicalSchema> {
  const tables = await connection.query(tablesSql);
  const columns = groupByTable(await connection.query(columnsSql));
  const json = new Set((await connection.query(jsonSql)).map((row) => `${row["t"]}.${row["c"]}`));
  const references = groupByTable(await connection.query(referencesSql));
  const indexes = groupByTable(await connection.query(indexesSql));
  const names = tables.map(({ t }) => String(t));
  const filled = await filledTables(connection, names, quote);
  const found: PhysicalTable[] = [];
  for (const name of names) {
    const keys = collectIndexes(indexes.get(name) ?? []);
    const constraints = references.get(name) ?? [];
    found.push({
      name,
      columns: (columns.get(name) ?? []).map((row) =>
        column(row, constraints, json.has(`${name}.${row["c"]}`)),
      ),
      primaryKey: keys.find((index) => index.name === "PRIMARY")?.columns ?? [],
      indexes: keys.filter((index) => index.name !== "PRIMARY" && !isSupport(index, constraints)),
      empty: !filled.has(name),
    });
  }
  return { tables: found };
}

/** In one question, and not one for each table. */
async function filledTables(
  connection: RawConnection,
  names: readonly string[],
  quote: (name: string) => string,
): Promise<Set<string>> {
  if (names.length === 0) return new Set();
  const parts = names.map(
    (name, i) => `select ${i} as i from dual where exists (select 1 from ${quote(name)})`,
  );
  const rows = await connection.query(parts.join(" union all "));
  return new Set(rows.map(({ i }) => names[Number(i)] as string));
}

function groupByTable(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const table = String(row["t"]);
    groups.set(table, [...(groups.get(table) ?? []), row]);
  }
  return groups;
}

/** The server makes an index of the constraint's name for a foreign key that has none. */
function isSupport(index: PhysicalIndex, constraints: readonly Row[]): boolean {
  return constraints.some((constraint) => constraint["name"] === index.name);
}

function column(row: Row, constraints: readonly Row[], isJson: boolean): PhysicalColumn {
  const name = String(row["c"]);
  const to = constraints.find((constraint) => constraint["c"] === name);
  const actions: Readonly<Record<string, "cascade" | "set null">> = {
    CASCADE: "cascade",
    "SET NULL": "set null",
  };
  return {
    name,
    ...typeOf(row, isJson),
    nullable: row["nullable"] === "YES",
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

function typeOf(row: Row, isJson: boolean): Pick<PhysicalColumn, "type" | "length"> {
  if (isJson) return { type: "json" };
  switch (row["data_type"]) {
    case "char":
      return { type: "id" };
    case "varchar":
      return { type: "string", length: Number(row["length"]) };
    case "tinyint":
      return { type: String(row["column_type"]).startsWith("tinyint(1)") ? "boolean" : "integer" };
    case "bigint":
    case "int":
    case "mediumint":
    case "smallint":
      return { type: "integer" };
    case "double":
    case "float":
      return { type: "float" };
    case "date":
      return { type: "date" };
    case "datetime":
    case "timestamp":
      return { type: "instant" };
    case "json":
      return { type: "json" };
    default:
      return { type: "text" };
  }
}

function collectIndexes(rows: readonly Row[]): PhysicalIndex[] {
  const indexes = new Map<string, { name: string; columns: string[]; unique: boolean }>();
  for (const row of rows) {
    const name = String(row["name"]);
    const index = indexes.get(name) ?? { name, columns: [], unique: Number(row["not_unique"]) === 0 };
    index.columns.push(String(row["c"]));
    indexes.set(name, index);
  }
  return [...indexes.values()];
}

const tablesSql = `select table_name as t from information_schema.tables
  where table_schema = database() and table_type = 'BASE TABLE' order by table_name`;

const columnsSql = `select table_name as t, column_name as c, data_type as data_type, column_type as column_type,
    is_nullable as nullable, character_maximum_length as length
  from information_schema.columns where table_schema = database() order by table_name, ordinal_position`;

/** MariaDB keeps JSON as text with a check. */
const jsonSql = `select c.table_name as t, c.column_name as c
  from information_schema.columns c
  where c.table_schema = database() and c.data_type = 'longtext' and exists (
    select 1 from information_schema.table_constraints tc join information_schema.check_constraints cc
      on cc.constraint_schema = tc.constraint_schema and cc.constraint_name = tc.constraint_name
    where tc.constraint_type = 'CHECK' and tc.table_schema = c.table_schema and tc.table_name = c.table_name
      and tc.constraint_name = c.column_name and cc.check_clause like '%json_valid%')`;

const referencesSql = `select k.table_name as t, k.column_name as c, k.constraint_name as name,
    k.referenced_table_name as to_table, k.referenced_column_name as to_column, r.delete_rule as on_delete
  from information_schema.key_column_usage k join information_schema.referential_constraints r
    on r.constraint_schema = k.constraint_schema and r.constraint_name = k.constraint_name
      and r.table_name = k.table_name
  where k.table_schema = database() and k.referenced_table_name is not null`;

/** Without indexes over expressions: they are nobody's but their maker's. */
const indexesSql = `select table_name as t, index_name as name, column_name as c, non_unique as not_unique
  from information_schema.statistics where table_schema = database() and column_name is not null
  order by table_name, index_name, seq_in_index`;
