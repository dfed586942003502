import type { Knex } from "knex";
import { tenant } from "../app/identity.js";
import {
  accountColumns,
  contactColumns,
  dealColumns,
  journalEntry,
  newContact,
  type Row,
  searchTextOf,
  withMoney,
} from "./columns.js";
import { type Contender, pageSize } from "./contender.js";

const mine = { tenant_id: tenant, live: 1 };
const columnNames = Object.entries(contactColumns);

/** Rows that Knex inserts at once: SQLite takes 32,766 values in a statement. */
const chunk = 500;

/** Plain Knex, as its guide writes it: queries are built, compiled and prepared on every call. */
export function knexContender(knex: Knex, month: (column: string) => string): Contender {
  const stored = (row: Row): Row => {
    const columns: Row = {};
    for (const [name, column] of columnNames) columns[column] = row[name];
    columns["live"] = 1;
    columns["search_text"] = searchTextOf(row);
    return columns;
  };
  const related = async (
    table: string,
    columns: Record<string, string>,
    rows: readonly Row[],
    key: string,
  ) => {
    const ids = [...new Set(rows.map((row) => row[key] as string))];
    const found: Row[] = await knex(table).select(columns).whereIn("id", ids).where(mine);
    return new Map(found.map((row) => [row["id"], row]));
  };
  return {
    name: "knex",
    async create(input) {
      const row = newContact(input);
      await knex.transaction(async (tx) => {
        await tx("contact").insert(stored(row));
        await tx("corm_journal").insert(journalEntry("create", row));
      });
      return row;
    },
    get: (id) =>
      knex("contact")
        .select(contactColumns)
        .where({ id, ...mine })
        .first(),
    async list(after) {
      const place = after as { lastName: string; id: string } | null;
      const query = knex("contact")
        .select(contactColumns)
        .where({ ...mine, status: "customer" });
      if (place) query.whereRaw("(last_name, id) > (?, ?)", [place.lastName, place.id]);
      const rows: Row[] = await query
        .orderBy("last_name")
        .orderBy("id")
        .limit(pageSize + 1);
      const next = rows.length > pageSize;
      if (next) rows.length = pageSize;
      const last = rows[rows.length - 1];
      return { items: rows, next: next ? { lastName: last?.["lastName"], id: last?.["id"] } : null };
    },
    async listIncluding(after) {
      const place = after as { closeDate: string; id: string } | null;
      const query = knex("deal")
        .select(dealColumns)
        .where({ ...mine, stage: "open" });
      if (place) query.whereRaw("(close_date, id) < (?, ?)", [place.closeDate, place.id]);
      const rows: Row[] = await query
        .orderBy("close_date", "desc")
        .orderBy("id", "desc")
        .limit(pageSize + 1);
      const next = rows.length > pageSize;
      if (next) rows.length = pageSize;
      const accounts = await related("account", accountColumns, rows, "accountId");
      const contacts = await related("contact", contactColumns, rows, "contactId");
      const items = rows.map((row) => {
        const item = withMoney(row);
        item["account"] = accounts.get(row["accountId"]) ?? null;
        item["contact"] = contacts.get(row["contactId"]) ?? null;
        return item;
      });
      const last = rows[rows.length - 1];
      return { items, next: next ? { closeDate: last?.["closeDate"], id: last?.["id"] } : null };
    },
    update: (id, phone) =>
      knex.transaction(async (tx) => {
        const before = await tx("contact")
          .select(contactColumns)
          .where({ id, ...mine })
          .forUpdate()
          .first();
        const [changed] = await tx("contact")
          .where({ id, ...mine })
          .update({ phone, updated_at: new Date().toISOString(), version: knex.raw("version + 1") })
          .returning<Row[]>(Object.values(contactColumns));
        const row: Row = {};
        for (const [name, column] of columnNames) row[name] = changed?.[column];
        await tx("corm_journal").insert(journalEntry("update", row, before));
        return row;
      }),
    async bulk(inputs) {
      const rows = inputs.map(newContact);
      await knex.transaction(async (tx) => {
        await tx.batchInsert("contact", rows.map(stored), chunk);
        const entries = rows.map((row) => journalEntry("create", row));
        await tx.batchInsert("corm_journal", entries, chunk);
      });
    },
    async monthly() {
      const rows: Row[] = await knex("deal")
        .select({ month: knex.raw(month("close_date")), currency: "amount_currency" })
        .sum({ total: "amount" })
        .where({ ...mine, stage: "won" })
        .groupByRaw("1, 2")
        .orderByRaw("1, 2");
      return rows.map((row) => ({
        month: row["month"],
        total: { amount: (Number(row["total"]) / 100).toFixed(2), currency: row["currency"] },
      }));
    },
    async keyHash(prefix) {
      const found = await knex("api_key")
        .select({ hash: "hash" })
        .where({ prefix, revoked_at: null, ...mine })
        .first();
      return found?.["hash"] as string | undefined;
    },
    close: () => knex.destroy(),
  };
}
