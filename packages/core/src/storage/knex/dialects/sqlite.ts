import createKnex from "knex";
import type { Bucket } from "../../adapter.js";
import type { PhysicalColumn } from "../../physical-schema.js";
import type { ColumnInfo, ValueType } from "../catalog.js";
import type { Decoder } from "../statement.js";
import { fold } from "../text-fold.js";
import type { BoundList, BucketKind, Dialect } from "./dialect.js";
import { classifySqlite } from "./sqlite-errors.js";
import { jsonRow } from "./sqlite-json.js";

/** Declared types; their affinities keep text as text, and `inspect` reads the column type back from them. */
const declared = {
  id: "char(36)",
  text: "text",
  integer: "bigint",
  float: "double",
  boolean: "boolean",
  date: "date_text",
  instant: "instant_text",
  json: "json_text",
} as const;

const decoders: Partial<Record<ValueType, Decoder>> = {
  boolean: (raw) => raw === 1,
  json: (raw) => JSON.parse(raw as string) as unknown,
};

/** Lists up to this length are padded to a power of two; longer ones are bound as one JSON array. */
const listedOneByOne = 8;

const buckets: Readonly<Record<Bucket, (sql: string) => string>> = {
  hour: (sql) => `substr(${sql}, 1, 13)`,
  day: (sql) => `substr(${sql}, 1, 10)`,
  week: (sql) => `strftime('%G-W%V', ${sql})`,
  month: (sql) => `substr(${sql}, 1, 7)`,
  quarter: (sql) => `substr(${sql}, 1, 4) || '-Q' || ((cast(substr(${sql}, 6, 2) as integer) + 2) / 3)`,
  year: (sql) => `substr(${sql}, 1, 4)`,
};

export function sqliteDialect(): Dialect {
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  return {
    engine: "sqlite",
    knex: createKnex({ client: "better-sqlite3", useNullAsDefault: true }),
    capabilities: {
      transactions: true,
      savepoints: true,
      concurrentWriters: false,
      rowLocks: false,
      transactionalDdl: true,
      jsonRows: true,
      plansBlindly: true,
      maxBindings: 32_766,
    },
    bulk: "rows",
    rowValues: true,
    idAsText: (sql) => sql,
    derivesUnions: false,
    whileChanging: (table) => table,
    quote,
    text: (value) => `'${value.replaceAll("'", "''")}'`,
    placeholder: () => "?",
    classify: classifySqlite,
    encode: (type, value) => {
      if (type === "boolean") return value === true ? 1 : 0;
      if (type === "json") return JSON.stringify(value);
      // Some drivers bind numbers next to zero as zero; as text SQLite itself makes them numbers of the column.
      if (type === "float" && Math.abs(value as number) < tiny && value !== 0) return String(value);
      return type === "decimal" && typeof value === "string" ? decimal(value) : value;
    },
    decoder: (type) => decoders[type],
    columnType: (column: PhysicalColumn) =>
      column.type === "string" ? `varchar(${column.length ?? 255})` : declared[column.type],
    // NULLs are the least values to SQLite already.
    orderBy: (sql, direction) => `${sql} ${direction}`,
    jsonRow,
    // For a bare parameter SQLite plans by its value, and makes the plan anew whenever a value is bound.
    limit: (marker) => `+${marker}`,
    parameter: (marker) => marker,
    array: (marker) => marker,
    onConflict: (on, update) => {
      const set = update.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(", ");
      return ` on conflict (${on.map(quote).join(", ")}) do ${set === "" ? "nothing" : `update set ${set}`}`;
    },
    bindList,
    inList: (column: ColumnInfo, markers, kind) =>
      kind === "each"
        ? `${column.sql} in (${markers.join(", ")})`
        : `${column.sql} in (select value from json_each(${markers[0]}))`,
    contains: (column, caseSensitive, how, text) => {
      if (!caseSensitive) return `corm_match(${column}, ${text}, '${how}')`;
      return how === "ends"
        ? `substr(${column}, -length(${text})) = ${text}`
        : `instr(${column}, ${text}) ${how === "starts" ? "= 1" : "> 0"}`;
    },
    matchValue: (text, caseSensitive) => (caseSensitive ? text : fold(text)),
    bucket: (sql, kind: BucketKind, bucket, timeZone) =>
      kind === "date" || timeZone === "UTC"
        ? buckets[bucket](sql)
        : `corm_bucket(${sql}, '${bucket}', '${timeZone}')`,
    // sum() of integers fails beyond 64 bits; quotients and remainders added apart do not.
    sum: (sql, type, exact) =>
      type === "integer" && exact ? `(sum(${high(sql)}) * ${billion} + sum(${low(sql)}))` : `sum(${sql})`,
    exactSum: (sql) => `corm_sum(cast(sum(${high(sql)}) as text), cast(sum(${low(sql)}) as text))`,
    avg: (sql) => `avg(${sql})`,
    extreme: (fn, sql) => `${fn}(${sql})`,
    project: (sql, type) => (type === "decimal" ? `cast(${sql} as text)` : sql),
  };
}

const tiny = 1e-15;
const billion = 1_000_000_000;
const high = (sql: string): string => `(${sql}) / ${billion}`;
const low = (sql: string): string => `(${sql}) % ${billion}`;

function decimal(text: string): number | bigint {
  return text.includes(".") ? Number(text) : BigInt(text);
}

function bindList(type: ValueType, values: readonly unknown[]): BoundList {
  const plain = type === "boolean" ? values.map((value) => (value === true ? 1 : 0)) : values;
  if (values.length > listedOneByOne) return { kind: "whole", values: [JSON.stringify(plain, numbers)] };
  const size = 2 ** Math.ceil(Math.log2(values.length));
  return { kind: "each", values: Array.from({ length: size }, (_, index) => plain[index] ?? plain[0]) };
}

const numbers = (_: string, value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
