import type { Filter, Selection } from "../filter.js";
import { type Catalog, columnOf, type Scope } from "./catalog.js";
import type { Dialect } from "./dialects/dialect.js";
import type { Shape } from "./shape.js";
import { marker } from "./statement.js";
import { type Hold, TenantNotes } from "./tenant-guard.js";
import { afterPrefix } from "./text-fold.js";
import { comparedAs } from "./value-codec.js";

type Comparison = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";

const operators = { eq: "=", ne: "<>", lt: "<", lte: "<=", gt: ">", gte: ">=" } as const;
const inverse = { eq: "ne", ne: "eq", lt: "gte", lte: "gt", gt: "lte", gte: "lt" } as const;
const letters = { eq: "=", ne: "#", lt: "<", lte: "{", gt: ">", gte: "}" } as const;

/** Adds a filter's values to `shape`, and all else about it to the shape's key. */
export function shapeFilter(filter: Filter, scope: Scope, catalog: Catalog, shape: Shape): void {
  switch (filter.op) {
    case "and":
    case "or":
      shape.key += filter.op === "and" ? "&(" : "|(";
      for (const part of filter.of) shapeFilter(part, scope, catalog, shape);
      shape.key += ")";
      return;
    case "not":
      shape.key += "!";
      shapeFilter(filter.of, scope, catalog, shape);
      return;
    case "eq":
    case "ne":
    case "lt":
    case "lte":
    case "gt":
    case "gte": {
      const declared = columnOf(scope, filter.column).type;
      const type = comparedAs(declared, filter.value);
      shape.key += type === declared ? letters[filter.op] : `~${letters[filter.op]}`;
      shape.key += `${filter.column};`;
      shape.push(type, filter.value, filter.column);
      return;
    }
    case "in":
      shape.key += `i${filter.column}:`;
      shape.pushList(columnOf(scope, filter.column).type, filter.values, filter.column);
      return;
    case "match":
      shapeMatch(filter, scope, shape);
      return;
    case "null":
      shape.key += `${filter.is ? "0" : "1"}${filter.column};`;
      return;
    case "exists": {
      shape.key += `e${filter.table},${filter.local},${filter.foreign}(`;
      shapeFilter(filter.where, catalog.table(filter.table), catalog, shape);
      shape.key += ")";
      return;
    }
    case "among":
      shapeAmong(filter, scope, catalog, shape);
      return;
    case "const":
      shape.key += filter.value ? "T" : "F";
  }
}

function shapeAmong(
  { column, of }: Extract<Filter, { op: "among" }>,
  scope: Scope,
  catalog: Catalog,
  shape: Shape,
): void {
  const { type } = columnOf(scope, column);
  shape.key += `g${column}(`;
  for (const { table, select, where } of of) {
    const source = catalog.table(table);
    const selected = columnOf(source, select).type;
    // Engines would compare unlike types by rules of their own, and without an index.
    if (selected !== type) {
      throw new TypeError(
        `"${scope.name}.${column}" (${type}) cannot be among "${table}.${select}" (${selected})`,
      );
    }
    shape.key += `${table},${select}(`;
    shapeFilter(where, source, catalog, shape);
    shape.key += ")";
  }
  shape.key += ")";
}

function shapeMatch(filter: Extract<Filter, { op: "match" }>, scope: Scope, shape: Shape): void {
  const { type } = columnOf(scope, filter.column);
  if (type !== "string" && type !== "text") throw new TypeError(`Column "${filter.column}" is not text`);
  const letter = filter.how[0] as string;
  shape.key += `m${filter.caseSensitive ? letter : letter.toUpperCase()}`;
  if (filter.text === "") shape.key += "-";
  else if (filter.how === "starts" && filter.caseSensitive) {
    const end = afterPrefix(filter.text);
    shape.pushText(filter.text);
    if (end === undefined) shape.key += "^";
    else shape.pushText(end);
  } else shape.pushText(shape.dialect.matchValue(filter.text, filter.caseSensitive, filter.how));
  shape.key += `${filter.column};`;
}

/** Chains longer than this are nested as a balanced tree: SQLite refuses expressions deeper than 1,000. */
const chain = 100;

/** Makes the SQL of a filter, taking values in the same order as `shapeFilter` adds them. */
export class FilterCompiler {
  readonly tenants = new TenantNotes();
  private aliases = 0;
  private next = 0;

  constructor(
    private readonly dialect: Dialect,
    private readonly catalog: Catalog,
    /** The table that the statement changes. */
    private readonly changing?: string,
  ) {}

  marker(): string {
    const made = marker(this.next);
    this.next += 1;
    return made;
  }

  /** The condition on the rows of a table that the statement reads or changes. */
  rows(filter: Filter, scope: Scope): string {
    if (scope.tenant === undefined) return this.compile(filter, scope);
    const hold: Hold = { slots: [], isEmpty: false };
    const sql = this.compile(filter, scope, false, hold);
    this.tenants.table(this.catalog.table(scope.name), hold);
    return sql;
  }

  /**
   * `negate` is pushed down to the leaves, where NULL can be given its meaning. `hold` goes only where every row
   * has to satisfy the filter.
   */
  compile(filter: Filter, scope: Scope, negate = false, hold?: Hold): string {
    switch (filter.op) {
      case "and":
      case "or": {
        const conjunction = (filter.op === "and") !== negate;
        const inner = conjunction && !negate ? hold : undefined;
        const parts = filter.of.map((part) => this.compile(part, scope, negate, inner));
        if (parts.length === 0) return constant(conjunction);
        return join(parts, conjunction ? " and " : " or ");
      }
      case "not":
        return this.compile(filter.of, scope, !negate);
      case "in":
        return this.list(filter, scope, negate);
      case "match":
        return this.match(filter, scope, negate);
      case "null":
        return `${columnOf(scope, filter.column).sql} is ${filter.is !== negate ? "null" : "not null"}`;
      case "exists":
        return this.exists(filter, scope, negate);
      case "among":
        return this.among(filter, scope, negate);
      case "const":
        if (hold !== undefined && !filter.value) hold.isEmpty = true;
        return constant(filter.value !== negate);
      default:
        if (filter.op === "eq" && filter.column === scope.tenant) hold?.slots.push(this.next);
        return this.comparison(filter, scope, negate);
    }
  }

  private comparison(filter: Extract<Filter, { op: Comparison }>, scope: Scope, negate: boolean): string {
    const column = columnOf(scope, filter.column);
    const op = negate ? inverse[filter.op] : filter.op;
    const value = this.dialect.parameter(this.marker(), comparedAs(column.type, filter.value));
    const sql = `${column.sql} ${operators[op]} ${value}`;
    // A row whose column is NULL satisfies `ne`, and every negation.
    const orNull = column.nullable && (filter.op === "ne") !== negate;
    return orNull ? `(${sql} or ${column.sql} is null)` : sql;
  }

  private list(filter: Extract<Filter, { op: "in" }>, scope: Scope, negate: boolean): string {
    if (filter.values.length === 0) return constant(negate);
    const column = columnOf(scope, filter.column);
    const { kind, values } = this.dialect.bindList(column.type, filter.values);
    const markers = values.map(() => this.marker());
    const sql = this.dialect.inList(column, markers, kind);
    if (!negate) return sql;
    return column.nullable ? `(not (${sql}) or ${column.sql} is null)` : `not (${sql})`;
  }

  private match(filter: Extract<Filter, { op: "match" }>, scope: Scope, negate: boolean): string {
    const column = columnOf(scope, filter.column);
    const sql = this.positiveMatch(filter, column.sql);
    if (!negate) return sql;
    return column.nullable ? `(not (${sql}) or ${column.sql} is null)` : `not (${sql})`;
  }

  private positiveMatch(filter: Extract<Filter, { op: "match" }>, column: string): string {
    if (filter.text === "") return `${column} is not null`;
    if (filter.how === "starts" && filter.caseSensitive) {
      // A range in code point order is what an index can answer on every engine.
      const from = `${column} >= ${this.marker()}`;
      return afterPrefix(filter.text) === undefined ? from : `(${from} and ${column} < ${this.marker()})`;
    }
    return this.dialect.contains(column, filter.caseSensitive, filter.how, this.marker());
  }

  private exists(filter: Extract<Filter, { op: "exists" }>, scope: Scope, negate: boolean): string {
    const { inner, source } = this.source(filter.table);
    const [foreign, local] = [columnOf(inner, filter.foreign), columnOf(scope, filter.local)];
    // An id that stands in a text is no reference, and engines that know ids as a type compare it as the text that it is.
    const isText = foreign.type === "id" && local.type !== "id";
    const link = `${isText ? this.dialect.idAsText(foreign.sql) : foreign.sql} = ${local.sql}`;
    const where = this.rows(filter.where, inner);
    return `${negate ? "not " : ""}exists (select 1 from ${source} where ${link} and ${where})`;
  }

  private among(filter: Extract<Filter, { op: "among" }>, scope: Scope, negate: boolean): string {
    if (filter.of.length === 0) return constant(negate);
    const column = columnOf(scope, filter.column);
    const selects = filter.of.map((selection) => this.selection(selection, negate));
    const union =
      selects.length > 1 && this.dialect.derivesUnions
        ? `select * from (${selects.join(" union all ")}) as ${this.alias()}`
        : selects.join(" union all ");
    if (!negate) return `${column.sql} in (${union})`;
    const sql = `${column.sql} not in (${union})`;
    return column.nullable ? `(${sql} or ${column.sql} is null)` : sql;
  }

  private selection({ table, select, where }: Selection, negate: boolean): string {
    const { inner, source } = this.source(table);
    const column = columnOf(inner, select);
    const condition = this.rows(where, inner);
    // One NULL in the set would make `not in` unknown for every row.
    const known = negate && column.nullable ? `${column.sql} is not null and ` : "";
    return `select ${column.sql} from ${source} where ${known}${condition}`;
  }

  /** A table of a subquery, under a name of its own. */
  private source(table: string): { readonly inner: Scope; readonly source: string } {
    const alias = this.alias();
    const { sql } = this.catalog.table(table);
    const read = this.changing === table ? this.dialect.whileChanging(sql) : sql;
    return { inner: this.catalog.alias(table, alias), source: `${read} as ${alias}` };
  }

  private alias(): string {
    this.aliases += 1;
    return this.dialect.quote(`corm_${this.aliases}`);
  }
}

const constant = (value: boolean): string => (value ? "1 = 1" : "1 = 0");

function join(parts: readonly string[], by: string): string {
  if (parts.length === 1) return parts[0] as string;
  if (parts.length <= chain) return `(${parts.join(by)})`;
  const half = parts.length >> 1;
  return `(${join(parts.slice(0, half), by)}${by}${join(parts.slice(half), by)})`;
}
