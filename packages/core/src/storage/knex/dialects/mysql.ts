import createKnex from "knex";
import type { Bucket } from "../../adapter.js";
import type { PhysicalColumn } from "../../physical-schema.js";
import type { ColumnInfo, ValueType } from "../catalog.js";
import type { Decoder } from "../statement.js";
import { fold, likeLiteral } from "../text-fold.js";
import { type OffsetSpan, zone } from "../time-zone.js";
import type { BoundList, Dialect } from "./dialect.js";
import { classifyMysql } from "./mysql-errors.js";

/** What MariaDB and MySQL call differently, and what older servers lack. */
export interface MysqlFlavor {
  /** Compares code points, and trailing blanks matter. */
  readonly collation: string;
  /** Lowers case as Unicode says. */
  readonly folding: string;
  readonly mariadb: boolean;
}

export interface MysqlDialect extends Dialect {
  readonly flavor: MysqlFlavor;
  setFlavor(flavor: MysqlFlavor): void;
}

const decoders: Partial<Record<ValueType, Decoder>> = {
  boolean: (raw) => raw === 1 || raw === "1",
  json: (raw) => JSON.parse(raw as string) as unknown,
  instant: (raw) => {
    const text = raw as string;
    return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20).padEnd(3, "0")}Z`;
  },
  decimal: String,
};

const formats: Readonly<Record<Bucket, (sql: string) => string>> = {
  hour: (sql) => `date_format(${sql}, '%Y-%m-%dT%H')`,
  day: (sql) => `date_format(${sql}, '%Y-%m-%d')`,
  week: (sql) => `date_format(${sql}, '%x-W%v')`,
  month: (sql) => `date_format(${sql}, '%Y-%m')`,
  quarter: (sql) => `concat(date_format(${sql}, '%Y-Q'), quarter(${sql}))`,
  year: (sql) => `date_format(${sql}, '%Y')`,
};

/** Longer lists are sent as text and not prepared: a prepared statement has a limited number of values. */
const listedOneByOne = 1_024;

export function mysqlDialect(): MysqlDialect {
  let flavor: MysqlFlavor = {
    collation: "utf8mb4_nopad_bin",
    folding: "utf8mb4_uca1400_nopad_as_cs",
    mariadb: true,
  };
  const quote = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
  const encode = (type: ValueType, value: unknown): unknown => {
    if (type === "boolean") return value === true ? 1 : 0;
    if (type === "json") return JSON.stringify(value);
    if (type === "instant") return `${(value as string).slice(0, 10)} ${(value as string).slice(11, 23)}`;
    return typeof value === "bigint" ? String(value) : value;
  };
  const columnType = (column: PhysicalColumn): string => {
    const text = `character set utf8mb4 collate ${flavor.collation}`;
    switch (column.type) {
      case "id":
        return "char(36) character set ascii collate ascii_bin";
      case "string":
        return `varchar(${column.length ?? 255}) ${text}`;
      case "text":
        return `longtext ${text}`;
      case "integer":
        return "bigint";
      case "float":
        return "double";
      case "boolean":
        return "tinyint(1)";
      case "instant":
        return "datetime(3)";
      default:
        return column.type;
    }
  };
  const folded = (column: string): string =>
    // The one letter whose lower case is two characters, which the server makes one.
    `replace(lower(replace(${column}, 'İ', 'i\u0307') collate ${flavor.folding}) collate ${flavor.collation}, 'ς', 'σ')`;
  return {
    engine: "mysql",
    knex: createKnex({ client: "mysql2" }),
    capabilities: {
      transactions: true,
      savepoints: true,
      concurrentWriters: true,
      rowLocks: true,
      transactionalDdl: false,
      maxBindings: 65_535,
    },
    bulk: "values",
    rowValues: false,
    idAsText: (sql) => sql,
    derivesUnions: true,
    // MySQL refuses to read it; the limit keeps it from merging the derived table back into the statement.
    whileChanging: (table) => `(select * from ${table} limit 18446744073709551615)`,
    get flavor() {
      return flavor;
    },
    setFlavor: (found) => {
      flavor = found;
    },
    quote,
    text: (value) => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`,
    placeholder: () => "?",
    classify: classifyMysql,
    encode,
    decoder: (type) => decoders[type],
    columnType,
    // NULLs are the least values to MySQL already.
    orderBy: (sql, direction) => `${sql} ${direction}`,
    limit: (marker) => marker,
    parameter: (marker, type) => (type === "decimal" ? `cast(${marker} as decimal(65, 10))` : marker),
    array: (marker) => marker,
    onConflict: (on, update, [key = ""]) => {
      // MySQL takes any unique index for the one that was meant. Where it is another one, the key becomes NULL,
      // and the statement fails.
      const same = on.map((name) => `${quote(name)} <=> values(${quote(name)})`).join(" and ");
      const guard = `${quote(key)} = if(${same}, ${quote(key)}, null)`;
      const set = update.map((name) => `${quote(name)} = values(${quote(name)})`);
      return ` on duplicate key update ${[guard, ...set].join(", ")}`;
    },
    bindList: (type, values): BoundList => {
      const plain = values.map((value) => encode(type, value));
      if (values.length > listedOneByOne) return { kind: "whole", values: [plain] };
      const size = 2 ** Math.ceil(Math.log2(values.length));
      return { kind: "each", values: Array.from({ length: size }, (_, index) => plain[index] ?? plain[0]) };
    },
    inList: (column: ColumnInfo, markers) => `${column.sql} in (${markers.join(", ")})`,
    contains: (column, caseSensitive, _, value) =>
      `${caseSensitive ? column : folded(column)} like ${value} escape '!'`,
    matchValue: (value, caseSensitive, how) => {
      const literal = likeLiteral(caseSensitive ? value : fold(value));
      return `${how === "starts" ? "" : "%"}${literal}${how === "ends" ? "" : "%"}`;
    },
    bucket: (sql, kind, bucket, timeZone) =>
      formats[bucket](kind === "date" || timeZone === "UTC" ? sql : inZone(sql, timeZone)),
    sum: (sql) => `sum(${sql})`,
    // Of integers the server would give a decimal of few digits.
    avg: (sql) => `avg((${sql}) + 0e0)`,
    extreme: (fn, sql) => `${fn}(${sql})`,
    project: (sql) => sql,
  };
}

/** Years whose changes of clock are spelled out; outside, the nearest offset counts. */
const firstYear = 1900;
const lastYear = 2100;

/**
 * Local time by a tree of comparisons with the zone's changes of clock: the server's own tables of zones are
 * filled on few installations, and are older than the ones here.
 */
function inZone(sql: string, timeZone: string): string {
  return `date_add(${sql}, interval ${offsetTree(sql, zone(timeZone).spans(firstYear, lastYear))} second)`;
}

function offsetTree(sql: string, spans: readonly OffsetSpan[]): string {
  if (spans.length === 1) return String((spans[0] as OffsetSpan).offset / 1000);
  const half = spans.length >> 1;
  const change = new Date((spans[half] as OffsetSpan).from).toISOString().slice(0, 19).replace("T", " ");
  return `if(${sql} < '${change}', ${offsetTree(sql, spans.slice(0, half))}, ${offsetTree(sql, spans.slice(half))})`;
}
