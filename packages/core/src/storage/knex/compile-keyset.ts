import type { FindSpec, Order } from "../adapter.js";
import type { Scalar } from "../filter.js";
import { type ColumnInfo, columnOf, type Scope } from "./catalog.js";
import type { Dialect } from "./dialects/dialect.js";
import { isNeverNull } from "./null-phases.js";
import type { Shape } from "./shape.js";

interface Step {
  readonly column: ColumnInfo;
  readonly ascending: boolean;
  /** The placeholder; undefined where the last row has NULL. */
  readonly value: string | undefined;
}

export function shapeKeyset(
  orderBy: readonly Order[],
  after: readonly Scalar[],
  scope: Scope,
  shape: Shape,
): void {
  if (after.length !== orderBy.length) throw new TypeError("`after` and `orderBy` have different lengths");
  shape.key += "|after:";
  for (const [index, { column }] of orderBy.entries()) {
    const value = after[index] as Scalar;
    shape.key += value === null ? "n" : "v";
    if (value !== null) shape.push(columnOf(scope, column).type, value, column);
  }
}

/**
 * Rows after the one with these values: `a > 1 or (a = 1 and (b > 2 or ...))`, with NULLs before all values
 * in ascending order and after them in descending order.
 */
export function compileKeyset(
  spec: Pick<FindSpec, "orderBy" | "where">,
  after: readonly Scalar[],
  scope: Scope,
  dialect: Dialect,
  marker: () => string,
): string {
  const steps = spec.orderBy.map(({ column: name, direction }, index): Step => {
    const value = after[index] === null ? undefined : marker();
    const found = columnOf(scope, name);
    const column = found.nullable && isNeverNull(spec.where, name) ? { ...found, nullable: false } : found;
    return { column, ascending: direction === "asc", value };
  });
  return rowValue(steps, dialect) ?? bounded(steps, dialect);
}

/** One comparison of tuples, where the engine can use an index for it. */
function rowValue(steps: readonly Step[], dialect: Dialect): string | undefined {
  const ascending = steps[0]?.ascending;
  // Ascending, a NULL makes the comparison neither true nor false, and does not come after a value.
  const uniform = steps.every(
    (step) =>
      step.ascending === ascending && step.value !== undefined && (ascending || !step.column.nullable),
  );
  if (!dialect.rowValues || !uniform || steps.length < 2) return undefined;
  const columns = steps.map((step) => step.column.sql).join(", ");
  const values = steps.map((step) => step.value).join(", ");
  return `(${columns}) ${ascending ? ">" : "<"} (${values})`;
}

/** The nested form, led by a bound on the first column alone, which an index can use. */
function bounded(steps: readonly Step[], dialect: Dialect): string {
  const nested = nest(steps, 0, dialect) ?? "1 = 0";
  const [first] = steps;
  if (first?.value === undefined || steps.length < 2) return nested;
  if (first.column.nullable && !first.ascending) return nested;
  const bound = parameter(first, dialect);
  return `(${first.column.sql} ${first.ascending ? ">=" : "<="} ${bound} and ${nested})`;
}

function nest(steps: readonly Step[], index: number, dialect: Dialect): string | undefined {
  const step = steps[index];
  if (step === undefined) return undefined;
  const beyond = strictlyAfter(step, dialect);
  const rest = nest(steps, index + 1, dialect);
  const tied = rest === undefined ? undefined : `(${equal(step, dialect)} and ${rest})`;
  if (beyond === undefined || tied === undefined) return beyond ?? tied;
  return `(${beyond} or ${tied})`;
}

function strictlyAfter(step: Step, dialect: Dialect): string | undefined {
  const { sql, nullable } = step.column;
  if (step.value === undefined) return step.ascending ? `${sql} is not null` : undefined;
  if (step.ascending) return `${sql} > ${parameter(step, dialect)}`;
  const less = `${sql} < ${parameter(step, dialect)}`;
  return nullable ? `(${less} or ${sql} is null)` : less;
}

function equal(step: Step, dialect: Dialect): string {
  return step.value === undefined
    ? `${step.column.sql} is null`
    : `${step.column.sql} = ${parameter(step, dialect)}`;
}

const parameter = (step: Step, dialect: Dialect): string =>
  dialect.parameter(step.value as string, step.column.type);
