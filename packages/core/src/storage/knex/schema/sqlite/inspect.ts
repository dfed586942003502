import type { ColumnType, PhysicalColumn, PhysicalSchema, PhysicalTable } from "../../../physical-schema.js";
import type { RawConnection } from "../../statement.js";

/** SQLite answers at once; the other engines do not. */
export interface SyncConnection extends RawConnection {
  query(sql: string, values?: readonly unknown[]): Record<string, unknown>[];
  exec(sql: string): void;
}

const types: Readonly<Record<string, ColumnType>> = {
  "char(36)": "id",
  text: "text",
  bigint: "integer",
  integer: "integer",
  int: "integer",
  double: "float",
  real: "float",
  float: "float",
  boolean: "boolean",
  date_text: "date",
  instant_text: "instant",
  json_text: "json",
};

export async function inspectSqlite(connection: RawConnection): Promise<PhysicalSchema> {
  const tables = await connection.query(
    "select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite\\_%' escape '\\' order by name",
  );
  const found: PhysicalTable[] = [];
  for (const { name } of tables) found.push(await inspectTable(connection, String(name)));
  return { tables: found };
}

async function inspectTable(connection: RawConnection, name: string): Promise<PhysicalTable> {
  const columns = await connection.query("select * from pragma_table_info(?) order by cid", [name]);
  const references = await referencesOf(connection, name);
  const quoted = `"${name.replaceAll('"', '""')}"`;
  const [row] = await connection.query(`select 1 from ${quoted} limit 1`);
  return {
    name,
    columns: columns.map((column): PhysicalColumn => {
      const reference = references.get(String(column["name"]));
      return {
        name: String(column["name"]),
        ...typeOf(String(column["type"])),
        nullable: column["notnull"] === 0 && column["pk"] === 0,
        ...(reference === undefined ? {} : { references: reference }),
      };
    }),
    primaryKey: columns
      .filter((column) => column["pk"] !== 0)
      .sort((one, other) => Number(one["pk"]) - Number(other["pk"]))
      .map((column) => String(column["name"])),
    indexes: await indexesOf(connection, name),
    empty: row === undefined,
  };
}

function typeOf(declared: string): { type: ColumnType; length?: number } {
  const lower = declared.toLowerCase();
  const length = /^varchar\((\d+)\)$/.exec(lower)?.[1];
  if (length !== undefined) return { type: "string", length: Number(length) };
  return { type: types[lower] ?? "text" };
}

async function referencesOf(
  connection: RawConnection,
  table: string,
): Promise<Map<string, NonNullable<PhysicalColumn["references"]>>> {
  const rows = await connection.query("select * from pragma_foreign_key_list(?) order by id, seq", [table]);
  const actions = { CASCADE: "cascade", "SET NULL": "set null" } as const;
  return new Map(
    rows.map((row) => [
      String(row["from"]),
      {
        table: String(row["table"]),
        column: String(row["to"] ?? "id"),
        onDelete: actions[row["on_delete"] as keyof typeof actions] ?? "restrict",
      },
    ]),
  );
}

async function indexesOf(connection: RawConnection, table: string): Promise<PhysicalTable["indexes"]> {
  const indexes = await connection.query(
    "select name, \"unique\" as u from pragma_index_list(?) where origin = 'c' and partial = 0 order by name",
    [table],
  );
  const found: PhysicalTable["indexes"][number][] = [];
  for (const { name, u } of indexes) {
    const columns = await connection.query("select name from pragma_index_info(?) order by seqno", [name]);
    // An index over an expression is nobody's but its maker's.
    if (columns.some((column) => column["name"] === null)) continue;
    found.push({
      name: String(name),
      columns: columns.map((column) => String(column["name"])),
      unique: u === 1,
    });
  }
  return found;
}
