import type { StoredRow } from "../../storage/adapter.js";
import type { PhysicalColumn, PhysicalSchema, PhysicalTable } from "../../storage/physical-schema.js";

const column = (
  name: string,
  type: PhysicalColumn["type"],
  rest: Partial<PhysicalColumn> = {},
): PhysicalColumn => ({ name, type, nullable: false, ...rest });

const optional = (
  name: string,
  type: PhysicalColumn["type"],
  rest: Partial<PhysicalColumn> = {},
): PhysicalColumn => column(name, type, { nullable: true, ...rest });

const to = (table: string, onDelete: "restrict" | "cascade" | "set null"): Partial<PhysicalColumn> => ({
  references: { table, column: "id", onDelete },
});

/** Rows that belong to tenants. */
const note: PhysicalTable = {
  name: "note",
  columns: [
    column("id", "id"),
    column("tenant_id", "string", { length: 64 }),
    column("label", "string"),
    optional("account_id", "id", to("account", "cascade")),
  ],
  primaryKey: ["id"],
  indexes: [
    { name: "note_tenant_label", columns: ["tenant_id", "label"], unique: true },
    { name: "note_account", columns: ["account_id"], unique: false },
  ],
  tenant: "tenant_id",
};

/** Tables with a column of every type, references of every kind, and unique indexes of one and two columns. */
export const fixtureSchema: PhysicalSchema = {
  tables: [
    {
      name: "account",
      columns: [column("id", "id"), column("tenant", "string", { length: 40 }), column("name", "string")],
      primaryKey: ["id"],
      indexes: [{ name: "account_tenant_name", columns: ["tenant", "name"], unique: true }],
    },
    {
      name: "item",
      columns: [
        column("id", "id"),
        column("rank", "integer"),
        column("label", "string"),
        optional("code", "string", { length: 64 }),
        optional("note", "text"),
        optional("amount", "integer"),
        optional("rate", "float"),
        optional("flag", "boolean"),
        optional("day", "date"),
        optional("at", "instant"),
        optional("data", "json"),
        optional("account_id", "id", to("account", "restrict")),
      ],
      primaryKey: ["id"],
      indexes: [
        { name: "item_code", columns: ["code"], unique: true },
        { name: "item_rank_amount", columns: ["rank", "amount"], unique: false },
        { name: "item_account", columns: ["account_id"], unique: false },
      ],
    },
    {
      name: "part",
      columns: [
        column("id", "id"),
        column("item_id", "id", to("item", "cascade")),
        optional("account_id", "id", to("account", "set null")),
        column("size", "integer"),
      ],
      primaryKey: ["id"],
      indexes: [{ name: "part_item", columns: ["item_id"], unique: false }],
    },
    {
      name: "node",
      columns: [
        column("id", "id"),
        optional("parent_id", "id", to("node", "cascade")),
        column("name", "string"),
      ],
      primaryKey: ["id"],
      indexes: [{ name: "node_parent", columns: ["parent_id"], unique: false }],
    },
    {
      name: "counter",
      columns: [column("id", "id"), column("n", "integer"), column("version", "integer")],
      primaryKey: ["id"],
      indexes: [],
    },
    note,
  ],
};

/** A UUID that sorts as its number. */
export const id = (number: number): string => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;

export const account = (number: number, rest: StoredRow = {}): StoredRow => ({
  id: id(number),
  tenant: "t1",
  name: `Account ${number}`,
  ...rest,
});

/** All columns, so that rows of one insert agree. */
export const item = (number: number, rest: StoredRow = {}): StoredRow => ({
  id: id(number),
  rank: number,
  label: `Item ${number}`,
  code: null,
  note: null,
  amount: null,
  rate: null,
  flag: null,
  day: null,
  at: null,
  data: null,
  account_id: null,
  ...rest,
});

/** One item for each value of a column, numbered from 1. */
export const items = (column: string, values: readonly unknown[]): StoredRow[] =>
  values.map((value, index) => item(index + 1, { [column]: value }));
