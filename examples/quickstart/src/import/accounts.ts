import { CURRENCY, type Session } from "../crm.js";
import { nameKey, optionalInteger, optionalText, RowProblem, requiredText, shown } from "../data/cells.js";
import type { CsvTable } from "../data/csv.js";
import { acceptedKeys, type Ids, loadIds } from "./ids.js";
import { importTable } from "./import-table.js";
import type { RejectedRows } from "./rejected-rows.js";

export const ACCOUNT_COLUMNS = [
  "account",
  "sector",
  "year_established",
  "revenue",
  "employees",
  "office_location",
  "subsidiary_of",
] as const;

type Column = (typeof ACCOUNT_COLUMNS)[number];
type Cells = Readonly<Record<Column, string>>;

/** Accounts by the key of their name; parents are set in a second round, when all are there. */
export async function importAccounts(
  session: Session,
  table: CsvTable<Column>,
  rejected: RejectedRows,
): Promise<Ids> {
  const { account } = session.entities;
  const keys = new Map<number, string>();
  const children = new Map<number, string>();
  const { refused } = await importTable(account, {
    file: table.name,
    rows: table.rows(),
    rejected,
    key: ["externalId"],
    columns: {
      name: "account",
      externalId: "account",
      industry: "sector",
      yearEstablished: "year_established",
      annualRevenue: "revenue",
      country: "office_location",
    },
    map: (cells, line) => {
      const name = requiredText(cells, "account");
      keys.set(line, nameKey(name));
      const parent = optionalText(cells, "subsidiary_of");
      if (parent !== null) children.set(line, parent);
      return {
        externalId: nameKey(name),
        name,
        industry: optionalText(cells, "sector"),
        yearEstablished: optionalInteger(cells, "year_established", 1000, 2999),
        annualRevenue: millions(cells),
        employees: optionalInteger(cells, "employees", 0, 100_000_000),
        country: optionalText(cells, "office_location"),
      };
    },
  });
  const ids = await loadIds(acceptedKeys(keys, refused), (externalIds) =>
    account.find({
      where: { externalId: { in: externalIds } },
      select: ["id", "externalId"],
      limit: externalIds.length,
    }),
  );
  const changes = [...children].flatMap(([line, parent]) => {
    const id = refused.has(line) ? undefined : ids.get(keys.get(line) as string);
    if (id === undefined) return [];
    const parentId = ids.get(nameKey(parent));
    if (parentId !== undefined && parentId !== id) return [{ id, patch: { parentId } }];
    const reason = `there is no other account "${shown(parent)}": imported without it`;
    rejected.add({ file: table.name, line, column: "subsidiary_of", reason, kept: true });
    return [];
  });
  for (let i = 0; i < changes.length; i += BATCH) await account.updateMany(changes.slice(i, i + BATCH));
  return ids;
}

const BATCH = 500;

/** "1100.04" million as exact money: the point moves six places to the right. */
function millions(cells: Cells) {
  const text = optionalText(cells, "revenue");
  if (text === null) return null;
  const [, whole, fraction = ""] = /^(\d{1,7})(?:\.(\d{1,8}))?$/.exec(text) ?? [];
  if (whole === undefined) {
    throw new RowProblem("revenue", `"${shown(text)}" is not a plain number of millions such as 1250.5`);
  }
  const digits = fraction.padEnd(8, "0");
  return { amount: `${whole}${digits.slice(0, 6)}.${digits.slice(6)}`, currency: CURRENCY };
}
