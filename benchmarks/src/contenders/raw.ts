import { tenant } from "../app/identity.js";
import {
  accountColumns,
  contactColumns,
  contactInsert,
  dealColumns,
  journalColumns,
  journalEntry,
  newContact,
  type Row,
  searchTextOf,
  withMoney,
} from "./columns.js";
import { type Contender, pageSize } from "./contender.js";
import type { Awaitable, RawDriver } from "./raw-driver.js";

const select = (columns: Readonly<Record<string, string>>): string =>
  Object.entries(columns)
    .map(([name, column]) => `${column} as "${name}"`)
    .join(", ");
const mine = "tenant_id = ? and live = 1";

/** Waits only where there is something to wait for. */
function then<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Hand-written SQL on the bare driver: no validation, no hooks, no sessions. */
export function rawContender(driver: RawDriver): Contender {
  const places = contactInsert.map(() => "?").join(", ");
  const insert = driver.run(`insert into contact (${contactInsert.join(", ")}) values (${places})`);
  const get = driver.one(`select ${select(contactColumns)} from contact where id = ? and ${mine}`);
  const customers = (keyset: string) =>
    driver.all(
      `select ${select(contactColumns)} from contact where ${mine} and status = ?${keyset}
       order by last_name, id limit ${pageSize + 1}`,
    );
  const firstCustomers = customers("");
  const nextCustomers = customers(" and (last_name, id) > (?, ?)");
  const openDeals = (keyset: string) =>
    driver.all(
      `select ${select(dealColumns)} from deal where ${mine} and stage = ?${keyset}
       order by close_date desc, id desc limit ${pageSize + 1}`,
    );
  const firstDeals = openDeals("");
  const nextDeals = openDeals(" and (close_date, id) < (?, ?)");
  const accounts = driver.all(
    `select ${select(accountColumns)} from account where ${driver.anyOf("id")} and ${mine}`,
  );
  const contacts = driver.all(
    `select ${select(contactColumns)} from contact where ${driver.anyOf("id")} and ${mine}`,
  );
  const update = driver.one(
    `update contact set phone = ?, updated_at = ?, version = version + 1
     where id = ? and ${mine} returning ${select(contactColumns)}`,
  );
  const lock = driver.one(
    `select ${select(contactColumns)} from contact where id = ? and ${mine}${driver.forUpdate}`,
  );
  const journal = driver.run(
    `insert into corm_journal (${journalColumns.join(", ")}) values (${journalColumns.map(() => "?").join(", ")})`,
  );
  const journalMany = driver.insertMany("corm_journal", journalColumns);
  const insertMany = driver.insertMany("contact", contactInsert);
  const monthly = driver.all(
    `select ${driver.month("close_date")} as "month", amount_currency as "currency", sum(amount) as "total"
     from deal where ${mine} and stage = ? group by 1, 2 order by 1, 2`,
  );

  const key = driver.one(
    `select hash as "hash" from api_key where prefix = ? and revoked_at is null and ${mine}`,
  );

  const related = async (load: typeof accounts, rows: readonly Row[], key: string) => {
    const ids = [...new Set(rows.map((row) => row[key] as string))];
    const found = await load([driver.list(ids), tenant]);
    return new Map(found.map((row) => [row["id"], row]));
  };

  return {
    name: "raw",
    create: (input) => {
      const row = newContact(input);
      return driver.transaction(() =>
        then(insert([...Object.values(row), 1, searchTextOf(row)]), () =>
          then(journal(Object.values(journalEntry("create", row))), () => row),
        ),
      );
    },
    get: (id) => get([id, tenant]),
    async list(after) {
      const place = after as { lastName: string; id: string } | null;
      const rows = place
        ? await nextCustomers([tenant, "customer", place.lastName, place.id])
        : await firstCustomers([tenant, "customer"]);
      const next = rows.length > pageSize;
      if (next) rows.length = pageSize;
      const last = rows[rows.length - 1];
      return { items: rows, next: next ? { lastName: last?.["lastName"], id: last?.["id"] } : null };
    },
    async listIncluding(after) {
      const place = after as { closeDate: string; id: string } | null;
      const rows = place
        ? await nextDeals([tenant, "open", place.closeDate, place.id])
        : await firstDeals([tenant, "open"]);
      const next = rows.length > pageSize;
      if (next) rows.length = pageSize;
      const byAccount = await related(accounts, rows, "accountId");
      const byContact = await related(contacts, rows, "contactId");
      const items = rows.map((row) => {
        const item = withMoney(row);
        item["account"] = byAccount.get(row["accountId"]) ?? null;
        item["contact"] = byContact.get(row["contactId"]) ?? null;
        return item;
      });
      const last = rows[rows.length - 1];
      return { items, next: next ? { closeDate: last?.["closeDate"], id: last?.["id"] } : null };
    },
    update: (id, phone) =>
      driver.transaction(() =>
        then(lock([id, tenant]), (before) =>
          then(update([phone, new Date().toISOString(), id, tenant]), (row) =>
            then(journal(Object.values(journalEntry("update", row as Row, before))), () => row),
          ),
        ),
      ),
    bulk: (inputs) => {
      const rows = inputs.map(newContact);
      return driver.transaction(() =>
        then(insertMany(rows.map((row) => [...Object.values(row), 1, searchTextOf(row)])), () =>
          journalMany(rows.map((row) => Object.values(journalEntry("create", row)))),
        ),
      );
    },
    async monthly() {
      const rows = await monthly([tenant, "won"]);
      return rows.map((row) => ({
        month: row["month"],
        total: { amount: (Number(row["total"]) / 100).toFixed(2), currency: row["currency"] },
      }));
    },
    async keyHash(prefix) {
      const found = await key([prefix, tenant]);
      return found?.["hash"] as string | undefined;
    },
    close: () => driver.close(),
  };
}
