import type { AggregateSpec, Group, Measure } from "../adapter.js";
import { type Catalog, type ColumnInfo, columnOf, type Scope, type ValueType } from "./catalog.js";
import { FilterCompiler, shapeFilter } from "./compile-filter.js";
import type { Dialect } from "./dialects/dialect.js";
import { Shape } from "./shape.js";
import { makeStatement, type Statement } from "./statement.js";
import { zone } from "./time-zone.js";

/** `exact`: sums that exceed 64 bits are expected (SQLite only; elsewhere they are exact in any case). */
export function shapeAggregate(
  spec: AggregateSpec,
  catalog: Catalog,
  dialect: Dialect,
  exact: boolean,
): Shape {
  const table = catalog.table(spec.table);
  const shape = new Shape(`${exact ? "A" : "a"}${spec.table}|`, dialect);
  for (const group of spec.groupBy) {
    checkName(group.as);
    // Refuses what is no zone before the name becomes part of SQL text.
    if (group.timeZone !== undefined) zone(group.timeZone);
    shape.key += `${group.as}=${group.column},${group.bucket ?? ""},${group.timeZone ?? ""};`;
  }
  shape.key += "|";
  for (const measure of spec.measures) {
    checkName(measure.as);
    shape.key += `${measure.as}=${measure.fn},${measure.column ?? ""}?`;
    if (measure.where !== undefined) shapeFilter(measure.where, table, catalog, shape);
    shape.key += ";";
  }
  shape.key += "|";
  shapeFilter(spec.where, table, catalog, shape);
  if (spec.having !== undefined) {
    shape.key += "|having";
    shapeFilter(spec.having, answers(spec, table, dialect), catalog, shape);
  }
  shape.key += "|";
  for (const { column, direction } of spec.orderBy) shape.key += `${direction[0]}${column};`;
  shape.pushNumber(spec.limit);
  return shape;
}

export function compileAggregate(
  spec: AggregateSpec,
  catalog: Catalog,
  dialect: Dialect,
  exact: boolean,
): Statement {
  const { knex } = dialect;
  const table = catalog.table(spec.table);
  const filters = new FilterCompiler(dialect, catalog);
  // Callers' names stay out of SQL: results are told by their position.
  const selected: string[] = [];
  const exactly: string[] = [];
  const select = (sql: string): void =>
    void selected.push(`${sql} as ${dialect.quote(`c${selected.length}`)}`);
  for (const group of spec.groupBy) select(groupKey(group, table, dialect));
  for (const measure of spec.measures) {
    const condition = measure.where === undefined ? undefined : filters.compile(measure.where, table);
    select(measured(measure, condition, table, dialect, exact));
    if (exact && answerType(measure, table) === "decimal") {
      const name = dialect.quote(`c${selected.length - 1}${exactSuffix}`);
      exactly.push(`${exactSum(measure, condition, table, dialect)} as ${name}`);
    }
  }
  const inner = knex(spec.table).select([...selected, ...exactly].map((sql) => knex.raw(sql)));
  inner.whereRaw(filters.rows(spec.where, table));
  // By position: on PostgreSQL a key with placeholders would not equal itself.
  if (spec.groupBy.length > 0) inner.groupByRaw(spec.groupBy.map((_, index) => index + 1).join(", "));

  const scope = answers(spec, table, dialect);
  const outer = knex.queryBuilder();
  outer.select(
    [...scope.columns.values()].map(({ sql, type }, index) => {
      const wide = exact && type === "decimal";
      const source = wide
        ? `${dialect.quote(scope.name)}.${dialect.quote(`c${index}${exactSuffix}`)}`
        : dialect.project(sql, type);
      return knex.raw(`${source} as ${dialect.quote(`c${index}`)}`);
    }),
  );
  outer.from(knex.raw(`(${inner.toSQL().sql}) as ${dialect.quote(scope.name)}`));
  if (spec.having !== undefined) outer.whereRaw(filters.compile(spec.having, scope));
  if (spec.orderBy.length > 0) {
    outer.orderByRaw(
      spec.orderBy
        .map(({ column, direction }) => {
          const { sql, nullable } = columnOf(scope, column);
          return dialect.orderBy(sql, direction, nullable);
        })
        .join(", "),
    );
  }
  return makeStatement(
    {
      sql: `${outer.toSQL().sql} limit ${dialect.limit(filters.marker())}`,
      operation: "aggregate",
      table: spec.table,
      guard: filters.tenants.guard,
      results: [...scope.columns].map(([name, { type }]) => ({ name, decode: dialect.decoder(type) })),
    },
    dialect.placeholder,
  );
}

/** Names are part of a shape's key, whose parts these characters divide. */
function checkName(as: string): void {
  if (as === "" || /[;=?|]/.test(as)) throw new TypeError(`"${as}" cannot be the name of a group or measure`);
}

/** The columns of the answer, as `having` and `orderBy` see them. */
function answers(spec: AggregateSpec, table: Scope, dialect: Dialect): Scope {
  const name = "corm_groups";
  const columns = new Map<string, ColumnInfo>();
  const add = (as: string, type: ValueType, nullable: boolean): void => {
    if (columns.has(as)) throw new TypeError(`Two groups or measures are called "${as}"`);
    columns.set(as, { sql: `${dialect.quote(name)}.${dialect.quote(`c${columns.size}`)}`, type, nullable });
  };
  for (const group of spec.groupBy) {
    const column = columnOf(table, group.column);
    add(group.as, group.bucket === undefined ? column.type : "text", column.nullable);
  }
  for (const measure of spec.measures) {
    const type = answerType(measure, table);
    add(measure.as, type, measure.fn !== "count" && measure.fn !== "countDistinct");
  }
  return { name, tenant: undefined, columns };
}

function answerType(measure: Measure, table: Scope): ValueType {
  if (measure.fn === "count" || measure.fn === "countDistinct") return "integer";
  const { type } = columnOf(table, measure.column ?? "");
  if (measure.fn === "min" || measure.fn === "max") return type;
  if (type !== "integer" && type !== "float") throw new TypeError(`"${measure.as}" needs a number column`);
  return measure.fn === "avg" || type === "float" ? "float" : "decimal";
}

function groupKey(group: Group, table: Scope, dialect: Dialect): string {
  const { sql, type } = columnOf(table, group.column);
  if (group.bucket === undefined) return sql;
  if (type !== "instant" && type !== "date") throw new TypeError(`"${group.column}" has no date to group by`);
  if (type === "date" && group.bucket === "hour") throw new TypeError(`"${group.column}" has no hours`);
  const timeZone = type === "date" ? "UTC" : (group.timeZone ?? "UTC");
  return dialect.bucket(sql, type, group.bucket, timeZone);
}

const exactSuffix = "_exact";

function exactSum(measure: Measure, condition: string | undefined, table: Scope, dialect: Dialect): string {
  const { sql } = columnOf(table, measure.column ?? "");
  const value = condition === undefined ? sql : `case when ${condition} then ${sql} end`;
  if (dialect.exactSum === undefined) throw new TypeError(`${dialect.engine} needs no exact form of sums`);
  return dialect.exactSum(value);
}

function measured(
  measure: Measure,
  condition: string | undefined,
  table: Scope,
  dialect: Dialect,
  exact: boolean,
): string {
  if (measure.column === undefined) {
    if (measure.fn !== "count") throw new TypeError(`"${measure.as}" needs a column`);
    return condition === undefined ? "count(*)" : `count(case when ${condition} then 1 end)`;
  }
  const { sql, type } = columnOf(table, measure.column);
  const value = condition === undefined ? sql : `case when ${condition} then ${sql} end`;
  switch (measure.fn) {
    case "count":
      return `count(${value})`;
    case "countDistinct":
      return `count(distinct ${value})`;
    case "sum":
      return dialect.sum(value, type, exact);
    case "avg":
      return dialect.avg(value);
    default:
      return dialect.extreme(measure.fn, value, type);
  }
}
