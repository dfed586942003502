import type { Reach } from "../../../adapter.js";
import type { Dialect } from "../../dialects/dialect.js";
import type { RawConnection } from "../../statement.js";

/**
 * The second line behind the compiler's own guard: the server shows and takes only rows of the tenant that the
 * transaction has named, whatever the statement says. Settings end with their transaction, so that connections
 * can be shared by a pooler.
 */
const policy = "corm_tenant";
const tenantSetting = "corm.tenant";
/** Holds the reason where all tenants are meant. */
const acrossSetting = "corm.across";

/** Names the reach to the server, until the end of the transaction. */
export function reachSql(reach: Reach, { text }: Pick<Dialect, "text">): string {
  const [name, value] =
    "tenant" in reach ? [tenantSetting, reach.tenant] : [acrossSetting, reach.acrossTenants];
  return `select set_config(${text(name)}, ${text(value)}, true)`;
}

/** FORCE binds the owner of the table as well, who is often the application. */
export function secureSql({ quote }: Pick<Dialect, "quote">, table: string, column: string): string[] {
  const name = quote(table);
  // As subqueries, so that the settings are read once for a statement and not once for a row.
  const own = `${quote(column)} = (select current_setting('${tenantSetting}', true))`;
  const across = `(select current_setting('${acrossSetting}', true)) <> ''`;
  return [
    `alter table ${name} enable row level security`,
    `alter table ${name} force row level security`,
    `drop policy if exists ${policy} on ${name}`,
    `create policy ${policy} on ${name} using (${own} or ${across})`,
  ];
}

/** The tables that have the policy, with the column that it looks at. */
export async function securedTables(connection: RawConnection): Promise<Map<string, string>> {
  const rows = await connection.query(`select c.relname as table_name, a.attname as column_name
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refobjsubid > 0
      join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where n.nspname = current_schema() and p.polname = '${policy}' and c.relrowsecurity and c.relforcerowsecurity`);
  return new Map(rows.map((row) => [String(row["table_name"]), String(row["column_name"])]));
}
