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

const OURS = "t.schema = 'main' and t.type = 'table' and t.name not like 'sqlite\\_%' escape '\\'";
/** SQLite takes 500 parts in a compound select. */
const PARTS = 250;

/** In a few questions about all tables: one for each would be hundreds at every start. */
export async function inspectSqlite(connection: RawConnection): Promise<PhysicalSchema> {
  const about = (what: string, from: string, order: string) =>
    connection.query(
      `select t.name as of_table, ${what} from pragma_table_list t ${from} where ${OURS} order by t.name, ${order}`,
    );
  const columns = byTable(await about("c.*", "join pragma_table_info(t.name) c", "c.cid"));
  const references = byTable(await about("r.*", "join pragma_foreign_key_list(t.name) r", "r.id, r.seq"));
  const indexes = byTable(
    await about(
      'i.name, i."unique" as u, x.name as column_name',
      "join pragma_index_list(t.name) i on i.origin = 'c' and i.partial = 0 join pragma_index_info(i.name) x",
      "i.name, x.seqno",
    ),
  );
  const filled = await filledTables(connection, [...columns.keys()]);
  return {
    tables: [...columns].map(([name, rows]) => ({
      name,
      columns: columnsOf(rows, referencesOf(references.get(name) ?? [])),
      primaryKey: rows
        .filter((column) => column["pk"] !== 0)
        .sort((one, other) => Number(one["pk"]) - Number(other["pk"]))
        .map((column) => String(column["name"])),
      indexes: indexesOf(indexes.get(name) ?? []),
      empty: !filled.has(name),
    })),
  };
}

type Rows = readonly Record<string, unknown>[];

function byTable(rows: Rows): Map<string, Record<string, unknown>[]> {
  const found = new Map<string, Record<string, unknown>[]>();
  for (const row of rows) {
    const name = String(row["of_table"]);
    const list = found.get(name);
    if (list) list.push(row);
    else found.set(name, [row]);
  }
  return found;
}

async function filledTables(connection: RawConnection, names: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < names.length; at += PARTS) {
    const parts = names
      .slice(at, at + PARTS)
      .map((name) => `select ? as name where exists (select 1 from "${name.replaceAll('"', '""')}")`);
    const rows = await connection.query(parts.join(" union all "), names.slice(at, at + PARTS));
    for (const { name } of rows) found.add(String(name));
  }
  return found;
}

function columnsOf(rows: Rows, references: Map<string, NonNullable<PhysicalColumn["references"]>>) {
  return rows.map((column): PhysicalColumn => {
    const reference = references.get(String(column["name"]));
    return {
      name: String(column["name"]),
      ...typeOf(String(column["type"])),
      nullable: column["notnull"] === 0 && column["pk"] === 0,
      ...(reference === undefined ? {} : { references: reference }),
    };
  });
}

function typeOf(declared: string): { type: ColumnType; length?: number } {
  const lower = declared.toLowerCase();
  const length = /^varchar\((\d+)\)$/.exec(lower)?.[1];
  if (length !== undefined) return { type: "string", length: Number(length) };
  return { type: types[lower] ?? "text" };
}

function referencesOf(rows: Rows): Map<string, NonNullable<PhysicalColumn["references"]>> {
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

function indexesOf(rows: Rows): PhysicalTable["indexes"] {
  const found = new Map<string, { readonly columns: unknown[]; readonly unique: boolean }>();
  for (const { name, u, column_name: column } of rows) {
    const index = found.get(String(name)) ?? { columns: [], unique: u === 1 };
    index.columns.push(column);
    found.set(String(name), index);
  }
  return (
    [...found]
      // An index over an expression is nobody's but its maker's.
      .filter(([, { columns }]) => !columns.includes(null))
      .map(([name, { columns, unique }]) => ({ name, columns: columns.map(String), unique }))
  );
}
