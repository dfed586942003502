import type { FindSpec, JsonColumn, JsonField } from "../adapter.js";
import type { Filter } from "../filter.js";
import { type Catalog, columnOf, type TableInfo } from "./catalog.js";
import { FilterCompiler, shapeFilter } from "./compile-filter.js";
import { compileKeyset, shapeKeyset } from "./compile-keyset.js";
import type { Dialect } from "./dialects/dialect.js";
import { Shape } from "./shape.js";
import { makeStatement, type Statement } from "./statement.js";

export function shapeFind(spec: FindSpec, catalog: Catalog, dialect: Dialect): Shape {
  const scope = catalog.table(spec.table);
  const shape = new Shape(`f${spec.table}|${columnsKey(spec.columns)}|`, dialect);
  shapeFilter(spec.where, scope, catalog, shape);
  shape.key += `|${spec.lock ?? ""}${spec.few ? "+" : ""}|`;
  if (spec.json) shape.key += `j${spec.json.as}(${jsonKey(spec.json.fields)})`;
  for (const { column, direction } of spec.orderBy) shape.key += `${direction[0]}${column};`;
  if (spec.after !== undefined) shapeKeyset(spec.orderBy, spec.after, scope, shape);
  shape.pushNumber(spec.limit);
  return shape;
}

/** Of lists that never change. */
const knownColumns = new WeakMap<readonly string[], string>();
let lists = 0;

/** What stands for the columns in a shape: a number for a list that never change, since joining costs as much as a short query. */
function columnsKey(columns: readonly string[]): string {
  const known = knownColumns.get(columns);
  if (known !== undefined) return known;
  if (!Object.isFrozen(columns)) return columns.join();
  lists += 1;
  const key = `#${lists}`;
  knownColumns.set(columns, key);
  return key;
}

export function compileFind(spec: FindSpec, catalog: Catalog, dialect: Dialect): Statement {
  const { knex } = dialect;
  const scope = catalog.table(spec.table);
  const filters = new FilterCompiler(dialect, catalog);
  const where = filters.rows(spec.where, scope);
  const query = knex(spec.table).select(spec.columns.map((name) => knex.raw(columnOf(scope, name).sql)));
  if (spec.json)
    query.select(knex.raw(`${jsonSql(spec.json, scope, dialect)} as ${dialect.quote(spec.json.as)}`));
  if (where !== "1 = 1") query.whereRaw(where);
  if (spec.after !== undefined) {
    query.whereRaw(compileKeyset(spec, spec.after, scope, dialect, () => filters.marker()));
  }
  if (spec.orderBy.length > 0) query.orderByRaw(orderBy(spec, scope, dialect));
  const lock = spec.lock === undefined || !dialect.capabilities.rowLocks ? "" : locking(spec.lock, dialect);
  const results = spec.columns.map((name) => ({ name, decode: dialect.decoder(columnOf(scope, name).type) }));
  if (spec.json) results.push({ name: spec.json.as, decode: undefined });
  return makeStatement(
    {
      sql: `${query.toSQL().sql} limit ${dialect.limit(filters.marker())}${lock}`,
      operation: "read",
      table: spec.table,
      guard: filters.tenants.guard,
      results,
    },
    dialect.placeholder,
  );
}

/** Of lists of fields that never change. */
const knownFields = new WeakMap<readonly JsonField[], string>();

function jsonKey(fields: readonly JsonField[]): string {
  const known = knownFields.get(fields);
  if (known !== undefined) return known;
  if (!Object.isFrozen(fields)) return JSON.stringify(fields);
  lists += 1;
  const key = `#${lists}`;
  knownFields.set(fields, key);
  return key;
}

function jsonSql({ fields }: JsonColumn, scope: TableInfo, dialect: Dialect): string {
  if (!dialect.jsonRow) throw new TypeError(`${dialect.engine} makes no JSON of rows`);
  return dialect.jsonRow(
    fields.map((field) => {
      if (!("column" in field))
        return {
          name: field.name,
          amount: columnOf(scope, field.amount).sql,
          currency: columnOf(scope, field.currency).sql,
        };
      const { sql, type } = columnOf(scope, field.column);
      if (type === "float")
        throw new TypeError(`"${field.column}" is a float, whose JSON differs from engine to engine`);
      return { name: field.name, sql, type };
    }),
  );
}

/** The weakest lock that does it: on PostgreSQL, the one that a foreign key takes. */
function locking(lock: NonNullable<FindSpec["lock"]>, { engine }: Dialect): string {
  if (lock !== "share") return lock === "skip" ? " for update skip locked" : " for update";
  return engine === "postgres" ? " for key share" : " lock in share mode";
}

function orderBy(spec: FindSpec, scope: TableInfo, dialect: Dialect): string {
  const sorted = dialect.engine === "sqlite" && isNarrow(spec, scope);
  return spec.orderBy
    .map(({ column, direction }) => {
      const { sql, nullable } = columnOf(scope, column);
      return dialect.orderBy(sorted ? `+${sql}` : sql, direction, nullable);
    })
    .join(", ");
}

/**
 * Whether the rows are known to be few, or a unique index finds all there can be, one for each value asked for: they are
 * sorted then. SQLite without statistics would rather walk a whole tenant in the order that is asked for.
 */
function isNarrow({ where, after, few = false }: FindSpec, { table }: TableInfo): boolean {
  if (few) return true;
  if (after !== undefined) return false;
  const given = new Set<string>();
  const look = (filter: Filter): void => {
    if (filter.op === "and") filter.of.forEach(look);
    else if (filter.op === "eq" || filter.op === "in") given.add(filter.column);
  };
  look(where);
  return table.indexes.some(({ columns, unique }) => unique && columns.every((column) => given.has(column)));
}
