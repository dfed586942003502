import type { StoredRow } from "../adapter.js";
import { type Catalog, columnOf, type TableInfo, type ValueType } from "./catalog.js";
import type { Dialect } from "./dialects/dialect.js";
import { Shape } from "./shape.js";
import { type Call, makeStatement, marker, type Statement } from "./statement.js";
import type { StatementCache } from "./statement-cache.js";

export interface InsertSpec {
  readonly table: string;
  readonly rows: readonly StoredRow[];
  /** For an upsert: the columns of a unique index, and those to overwrite. */
  readonly on?: readonly string[];
  readonly update?: readonly string[];
}

/** What all inserts of the same columns into a table have in common. */
interface Plan {
  readonly columns: readonly string[];
  readonly types: readonly ValueType[];
  /** Of the statement, but for what to do with rows that are there already. */
  readonly key: string;
}

interface Insert {
  readonly spec: InsertSpec;
  readonly columns: readonly string[];
  readonly types: readonly ValueType[];
  readonly key: string;
  readonly catalog: Catalog;
  readonly dialect: Dialect;
  readonly cache: StatementCache<Statement>;
}

/** The calls that insert rows: how many depends on what one statement of the engine can carry. */
export function insertCalls(
  spec: InsertSpec,
  catalog: Catalog,
  dialect: Dialect,
  cache: StatementCache<Statement>,
): Call[] {
  const [first] = spec.rows;
  if (first === undefined) return [];
  const plan = planOf(spec.table, Object.keys(first), catalog);
  const conflict = spec.on === undefined ? "" : `|${spec.on.join()}|${spec.update?.join() ?? ""}`;
  const insert: Insert = { spec, ...plan, key: plan.key + conflict, catalog, dialect, cache };
  const rows = spec.rows.map((row) => encodeRow(row, insert));
  if (dialect.bulk === "rows") {
    const statement = statementFor(insert, 1);
    return rows.map((values) => ({ statement, values }));
  }
  return dialect.bulk === "arrays" ? arrayCalls(insert, rows) : valueCalls(insert, rows);
}

const plans = new WeakMap<TableInfo, Plan>();

/** Rows of one table come with the same columns mostly: comparing those costs less than joining their names. */
function planOf(table: string, columns: readonly string[], catalog: Catalog): Plan {
  const info = catalog.table(table);
  const last = plans.get(info);
  if (last?.columns.length === columns.length && columns.every((name, i) => name === last.columns[i]))
    return last;
  const types = columns.map((name) => columnOf(info, name).type);
  const plan: Plan = { columns, types, key: `n${table}|${columns.join()}` };
  plans.set(info, plan);
  return plan;
}

function encodeRow(row: StoredRow, { columns, types, dialect }: Insert): unknown[] {
  const shape = new Shape("", dialect);
  for (let i = 0; i < columns.length; i += 1) {
    const name = columns[i] as string;
    shape.push(types[i] as ValueType, row[name], name);
  }
  return shape.values;
}

/** Rows of one statement; more would only grow the message. */
const arrayRows = 5_000;

function arrayCalls(insert: Insert, rows: readonly unknown[][]): Call[] {
  if (rows.length === 1) return [{ statement: statementFor(insert, 1), values: rows[0] as unknown[] }];
  const calls: Call[] = [];
  const statement = statementFor(insert, "arrays");
  for (const part of parts(insert, rows)) {
    for (let start = 0; start < part.length; start += arrayRows) {
      const slice = part.slice(start, start + arrayRows);
      calls.push({ statement, values: insert.columns.map((_, index) => slice.map((row) => row[index])) });
    }
  }
  return calls;
}

/** An upsert may not touch a row twice in one statement: equal keys go into different ones. */
function parts(insert: Insert, rows: readonly unknown[][]): readonly (readonly unknown[][])[] {
  const { on } = insert.spec;
  if (on === undefined) return [rows];
  const positions = on.map((name) => insert.columns.indexOf(name));
  const turns: unknown[][][] = [];
  const seen = new Map<string, number>();
  for (const row of rows) {
    const key = JSON.stringify(positions.map((position) => String(row[position])));
    const turn = seen.get(key) ?? 0;
    seen.set(key, turn + 1);
    const rowsOfTurn = turns[turn] ?? [];
    turns[turn] = rowsOfTurn;
    rowsOfTurn.push(row);
  }
  return turns;
}

/** Sizes of multi-row statements; few, so that their shapes come again. */
const sizes = [512, 64, 8, 1];
/** Characters of one statement, far below any server's limit of a packet. */
const characters = 2_000_000;

function valueCalls(insert: Insert, rows: readonly unknown[][]): Call[] {
  const calls: Call[] = [];
  const most = Math.floor(insert.dialect.capabilities.maxBindings / Math.max(1, insert.columns.length));
  let start = 0;
  while (start < rows.length) {
    const fits = Math.min(rows.length - start, most, rowsWithin(rows, start));
    const size = sizes.find((candidate) => candidate <= fits) ?? 1;
    calls.push({ statement: statementFor(insert, size), values: rows.slice(start, start + size).flat() });
    start += size;
  }
  return calls;
}

function rowsWithin(rows: readonly unknown[][], start: number): number {
  let total = 0;
  let index = start;
  for (; index < rows.length && index - start < (sizes[0] as number); index += 1) {
    for (const value of rows[index] as unknown[]) total += typeof value === "string" ? value.length : 8;
    if (total > characters) break;
  }
  return Math.max(1, index - start);
}

function statementFor(insert: Insert, size: number | "arrays"): Statement {
  const key = `${insert.key}|${size}`;
  const known = insert.cache.get(key);
  if (known !== undefined) return known;
  const { spec, columns, catalog, dialect } = insert;
  const table = catalog.table(spec.table);
  const names = columns.map(dialect.quote).join(", ");
  const conflict =
    spec.on === undefined ? "" : dialect.onConflict(spec.on, spec.update ?? [], table.table.primaryKey);
  const statement = makeStatement(
    {
      sql: `insert into ${table.sql} (${names}) ${source(insert, size)}${conflict}`,
      operation: spec.on === undefined ? "insert into" : "upsert into",
      table: spec.table,
    },
    dialect.placeholder,
  );
  insert.cache.set(key, statement);
  return statement;
}

function source({ columns, spec, catalog, dialect }: Insert, size: number | "arrays"): string {
  if (size === "arrays") {
    const scope = catalog.table(spec.table);
    const arrays = columns.map((name, index) => dialect.array(marker(index), columnOf(scope, name).type));
    return `select * from unnest(${arrays.join(", ")})`;
  }
  const rows = Array.from({ length: size }, (_, row) => {
    const markers = columns.map((_, index) => marker(row * columns.length + index));
    return `(${markers.join(", ")})`;
  });
  return `values ${rows.join(", ")}`;
}
