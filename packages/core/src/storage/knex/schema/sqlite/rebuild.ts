import type { PhysicalColumn } from "../../../physical-schema.js";
import type { Dialect } from "../../dialects/dialect.js";
import type { RawConnection } from "../../statement.js";
import { referringColumnSql } from "./apply.js";

export interface TableChange {
  readonly add?: PhysicalColumn;
  readonly replace?: PhysicalColumn;
  readonly drop?: string;
}

interface Column {
  readonly name: string;
  readonly sql: string;
  readonly copied: boolean;
  readonly keyPosition: number;
}

/**
 * What ALTER TABLE of SQLite cannot do: a new table, the rows copied, the old one dropped, the new one given
 * its name, indexes and triggers. In a transaction with foreign keys off. Whatever else the table carries
 * (types, defaults, indexes and triggers of others) stays as it is.
 */
export async function rebuildTable(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  change: TableChange,
): Promise<void> {
  const { quote } = dialect;
  const columns = await plannedColumns(connection, dialect, table, change);
  const extras = await connection.query(
    "select name, sql from sqlite_master where tbl_name = ? and type in ('index', 'trigger') and sql is not null",
    [table],
  );
  const lost = new Set<unknown>(
    change.drop === undefined ? [] : await indexesWith(connection, table, change.drop),
  );
  const key = columns
    .filter((column) => column.keyPosition > 0)
    .sort((a, b) => a.keyPosition - b.keyPosition);
  const temporary = quote(`corm_new_${table}`);
  const primary = key.length === 0 ? "" : `, primary key (${key.map(({ name }) => quote(name)).join(", ")})`;
  await connection.exec(`create table ${temporary} (${columns.map(({ sql }) => sql).join(", ")}${primary})`);
  const copied = columns
    .filter((column) => column.copied)
    .map(({ name }) => quote(name))
    .join(", ");
  await connection.exec(`insert into ${temporary} (${copied}) select ${copied} from ${quote(table)}`);
  await connection.exec(`drop table ${quote(table)}`);
  // Without this, references of other tables would follow the renaming in the wrong direction.
  await connection.exec("pragma legacy_alter_table = on");
  await connection.exec(`alter table ${temporary} rename to ${quote(table)}`);
  await connection.exec("pragma legacy_alter_table = off");
  for (const { name, sql } of extras) if (!lost.has(name)) await connection.exec(String(sql));
}

async function plannedColumns(
  connection: RawConnection,
  dialect: Dialect,
  table: string,
  { add, replace, drop }: TableChange,
): Promise<Column[]> {
  const { quote } = dialect;
  const present = await connection.query("select * from pragma_table_info(?) order by cid", [table]);
  const references = await connection.query("select * from pragma_foreign_key_list(?)", [table]);
  const planned: Column[] = [];
  for (const raw of present) {
    const name = String(raw["name"]);
    if (name === drop) continue;
    const keyPosition = Number(raw["pk"]);
    if (name === replace?.name) {
      planned.push({ name, sql: referringColumnSql(replace, dialect), copied: true, keyPosition });
      continue;
    }
    const required = raw["notnull"] === 1 ? " not null" : "";
    const preset = raw["dflt_value"] === null ? "" : ` default ${String(raw["dflt_value"])}`;
    const to = references.find((reference) => reference["from"] === name);
    const reference =
      to === undefined
        ? ""
        : ` references ${quote(String(to["table"]))} (${quote(String(to["to"] ?? "id"))}) on delete ${String(to["on_delete"])}`;
    const sql = `${quote(name)} ${String(raw["type"])}${required}${preset}${reference}`;
    planned.push({ name, sql, copied: true, keyPosition });
  }
  if (add !== undefined)
    planned.push({ name: add.name, sql: referringColumnSql(add, dialect), copied: false, keyPosition: 0 });
  return planned;
}

async function indexesWith(connection: RawConnection, table: string, column: string): Promise<unknown[]> {
  const rows = await connection.query(
    "select distinct l.name as name from pragma_index_list(?) as l, pragma_index_info(l.name) as i where i.name = ?",
    [table, column],
  );
  return rows.map(({ name }) => name);
}
