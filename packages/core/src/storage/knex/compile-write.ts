import type { Patch } from "../adapter.js";
import type { Filter } from "../filter.js";
import { type Catalog, columnOf, type Scope } from "./catalog.js";
import { FilterCompiler, shapeFilter } from "./compile-filter.js";
import type { Dialect } from "./dialects/dialect.js";
import { Shape } from "./shape.js";
import { makeStatement, type Statement } from "./statement.js";

export function shapeUpdate(
  table: string,
  where: Filter,
  patch: Patch,
  catalog: Catalog,
  dialect: Dialect,
): Shape {
  const scope = catalog.table(table);
  const shape = new Shape(`u${table}|`, dialect);
  for (const name of Object.keys(patch)) {
    const value = patch[name];
    if (isAddition(scope, name, value)) {
      shape.key += `${name}+;`;
      shape.push(columnOf(scope, name).type, value.add, name);
    } else {
      shape.key += `${name};`;
      shape.push(columnOf(scope, name).type, value, name);
    }
  }
  shape.key += "|";
  shapeFilter(where, scope, catalog, shape);
  return shape;
}

export function compileUpdate(
  table: string,
  where: Filter,
  patch: Patch,
  catalog: Catalog,
  dialect: Dialect,
): Statement {
  const { knex } = dialect;
  const scope = catalog.table(table);
  const filters = new FilterCompiler(dialect, catalog, table);
  const set: Record<string, unknown> = {};
  for (const name of Object.keys(patch)) {
    const added = isAddition(scope, name, patch[name]);
    set[name] = knex.raw(added ? `${columnOf(scope, name).sql} + ${filters.marker()}` : filters.marker());
  }
  // An empty patch still answers how many rows the guard lets through.
  const [key] = scope.table.primaryKey;
  if (Object.keys(set).length === 0 && key !== undefined) set[key] = knex.raw(columnOf(scope, key).sql);
  const query = knex(table).update(set);
  const condition = filters.rows(where, scope);
  if (condition !== "1 = 1") query.whereRaw(condition);
  return makeStatement(
    { sql: query.toSQL().sql, operation: "update", table, guard: filters.tenants.guard },
    dialect.placeholder,
  );
}

function isAddition(scope: Scope, column: string, value: unknown): value is { readonly add: number } {
  const { type } = columnOf(scope, column);
  if (typeof value !== "object" || value === null || (type !== "integer" && type !== "float")) return false;
  return "add" in value;
}

export function shapeDelete(table: string, where: Filter, catalog: Catalog, dialect: Dialect): Shape {
  const shape = new Shape(`d${table}|`, dialect);
  shapeFilter(where, catalog.table(table), catalog, shape);
  return shape;
}

export function compileDelete(table: string, where: Filter, catalog: Catalog, dialect: Dialect): Statement {
  const filters = new FilterCompiler(dialect, catalog, table);
  const query = dialect.knex(table);
  const condition = filters.rows(where, catalog.table(table));
  if (condition !== "1 = 1") query.whereRaw(condition);
  return makeStatement(
    { sql: query.del().toSQL().sql, operation: "delete from", table, guard: filters.tenants.guard },
    dialect.placeholder,
  );
}
