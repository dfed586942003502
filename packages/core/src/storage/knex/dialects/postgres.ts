import createKnex from "knex";
import type { Bucket } from "../../adapter.js";
import type { PhysicalColumn } from "../../physical-schema.js";
import type { ColumnInfo, ValueType } from "../catalog.js";
import { fold, likeLiteral } from "../text-fold.js";
import type { Dialect } from "./dialect.js";
import { classifyPostgres } from "./postgres-errors.js";

const declared = {
  id: "uuid",
  text: 'text collate "C"',
  integer: "bigint",
  float: "double precision",
  boolean: "boolean",
  date: "date",
  instant: "timestamptz(3)",
  json: "jsonb",
} as const;

const elements: Readonly<Record<ValueType, string>> = {
  ...declared,
  text: "text",
  string: "text",
  instant: "timestamptz",
  decimal: "numeric",
};

const formats: Readonly<Record<Bucket, string>> = {
  hour: 'YYYY-MM-DD"T"HH24',
  day: "YYYY-MM-DD",
  week: 'IYYY-"W"IW',
  month: "YYYY-MM",
  quarter: 'YYYY-"Q"Q',
  year: "YYYY",
};

export interface PostgresDialect extends Dialect {
  /** Servers built without ICU fold case as the database's own locale does. */
  useIcu(available: boolean): void;
}

export function postgresDialect(): PostgresDialect {
  let folding = '"und-x-icu"';
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
  const folded = (column: string): string =>
    `replace(lower(${column} collate ${folding}), 'ς', 'σ') collate "C"`;
  return {
    engine: "postgres",
    knex: createKnex({ client: "pg" }),
    capabilities: {
      transactions: true,
      savepoints: true,
      concurrentWriters: true,
      rowLocks: true,
      transactionalDdl: true,
      maxBindings: 65_535,
    },
    bulk: "arrays",
    rowValues: true,
    idAsText: (sql) => `${sql}::text`,
    derivesUnions: false,
    whileChanging: (table) => table,
    useIcu: (available) => {
      folding = available ? '"und-x-icu"' : '"default"';
    },
    quote,
    text,
    placeholder: (position) => `$${position}`,
    classify: classifyPostgres,
    encode: (type, value) => (type === "json" ? JSON.stringify(value) : value),
    // The client's type parsers have done it already.
    decoder: () => undefined,
    columnType: (column: PhysicalColumn) =>
      column.type === "string" ? `varchar(${column.length ?? 255}) collate "C"` : declared[column.type],
    orderBy: (sql, direction, nullable) => {
      if (!nullable) return `${sql} ${direction}`;
      return `${sql} ${direction} nulls ${direction === "asc" ? "first" : "last"}`;
    },
    limit: (marker) => marker,
    parameter: (marker, type) =>
      type === "float" || type === "decimal" ? `${marker}::${elements[type]}` : marker,
    array: (marker, type) => `${marker}::${elements[type]}[]`,
    onConflict: (on, update) => {
      const set = update.map((name) => `${quote(name)} = excluded.${quote(name)}`).join(", ");
      return ` on conflict (${on.map(quote).join(", ")}) do ${set === "" ? "nothing" : `update set ${set}`}`;
    },
    bindList: (_, values) => ({ kind: "whole", values: [values] }),
    inList: (column: ColumnInfo, markers) => `${column.sql} = any(${markers[0]})`,
    contains: (column, caseSensitive, _, value) =>
      `${caseSensitive ? column : folded(column)} like ${value} escape '!'`,
    matchValue: (value, caseSensitive, how) => {
      const literal = likeLiteral(caseSensitive ? value : fold(value));
      return `${how === "starts" ? "" : "%"}${literal}${how === "ends" ? "" : "%"}`;
    },
    bucket: (sql, kind, bucket, timeZone) => {
      const local = kind === "date" ? sql : `${sql} at time zone ${text(timeZone)}`;
      return `to_char(${local}, ${text(formats[bucket])}) collate "C"`;
    },
    sum: (sql) => `sum(${sql})`,
    avg: (sql) => `avg(${sql})::double precision`,
    extreme: (fn, sql, type) => {
      if (type === "boolean") return `${fn === "min" ? "bool_and" : "bool_or"}(${sql})`;
      return type === "id" ? `${fn}((${sql})::text collate "C")::uuid` : `${fn}(${sql})`;
    },
    project: (sql) => sql,
  };
}
