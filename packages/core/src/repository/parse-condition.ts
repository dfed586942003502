import { InvalidQuery } from "../errors/core-errors.js";
import { type CormError, isCormError } from "../errors/corm-error.js";
import { shown } from "../errors/value-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { indexValue } from "../model/record-codec.js";
import { LIVE_COLUMN, TENANT_COLUMN } from "../model/system-fields.js";
import type { QueryScope } from "../runtime/query-scope.js";
import { normalForm } from "../standards/normal-form.js";
import { and, type Filter, never, not, or } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { parseMoney, toMinor } from "../util/money.js";
import { isStorableText } from "../util/normalize-text.js";
import { parseDate, parseInstant } from "../util/values.js";
import { nearest } from "../util/words.js";
import type { Budget } from "./budget.js";
import { relativeRange } from "./relative-range.js";

const OPERATORS = [
  "eq",
  "ne",
  "in",
  "nin",
  "gt",
  "gte",
  "lt",
  "lte",
  "between",
  "contains",
  "startsWith",
  "endsWith",
  "isNull",
  "within",
  "descendantOf",
  "inTreeOf",
] as const;

const MAX_IN = 10_000;
/** Each amount is a comparison of two columns, not a member of one list. */
const MAX_IN_MONEY = 500;
type Value = string | number | boolean;
type Compare = "eq" | "ne" | "lt" | "lte" | "gt" | "gte";

/** The filter of one field's condition: a bare value, null, or an object of operators. */
export function conditionFilter(
  entity: EntityModel,
  field: FieldModel,
  condition: unknown,
  scope: QueryScope,
  budget: Budget,
): Filter {
  const place = `${entity.name}.${field.name}`;
  if (field.encrypted) return sealedFilter(field, condition, scope, budget, place);
  if (field.kind === "json") {
    throw InvalidQuery({ reason: `"${place}" holds JSON, which cannot be filtered.` });
  }
  if (condition === null) return isNull(field, true);
  const bareMoney = field.kind === "money" && isObject(condition) && "amount" in condition;
  if (!isObject(condition) || bareMoney) return compare(field, "eq", condition, scope, place);
  const parts: Filter[] = [];
  for (const [operator, operand] of Object.entries(condition)) {
    budget.spendParts(1);
    if (Array.isArray(operand)) budget.spendValues(operand.length);
    if (operand === undefined) throw nothingGiven(`${place}.${operator}`);
    parts.push(
      operator === "descendantOf" || operator === "inTreeOf"
        ? treeFilter(entity, field, operator, operand, scope, place)
        : operatorFilter(field, operator, operand, scope, place),
    );
  }
  if (parts.length === 0) throw InvalidQuery({ reason: `The condition on "${place}" is empty.` });
  return and(...parts);
}

/** Below a record, by one index. A record that whoever asks may not read has nothing below it. */
function treeFilter(
  entity: EntityModel,
  field: FieldModel,
  operator: "descendantOf" | "inTreeOf",
  operand: unknown,
  scope: QueryScope,
  place: string,
): Filter {
  const target =
    field.name === "id" ? entity : field.target === null ? undefined : scope.entity(field.target);
  if (!target?.tree)
    throw InvalidQuery({
      reason: `"${operator}" on "${place}" needs a record of a tree, such as an account.`,
    });
  if (!isId(operand)) throw InvalidQuery({ reason: `"${operator}" on "${place}" takes an id.` });
  const id = operand.toLowerCase();
  const { table, ancestor, descendant } = target.tree;
  const top = { table: target.table, select: "id", where: and(scope.visible(target), equal("id", id)) };
  const readable: Filter = {
    op: "exists",
    table: target.table,
    local: ancestor,
    foreign: "id",
    where: scope.visible(target),
  };
  const where = and(equal(TENANT_COLUMN, scope.tenant), equal(LIVE_COLUMN, 1), equal(ancestor, id), readable);
  const below = { table, select: descendant, where };
  return { op: "among", column: field.column, of: operator === "inTreeOf" ? [top, below] : [below] };
}

const equal = (column: string, value: string | number): Filter => ({ op: "eq", column, value });

const SEALED_OPERATORS = ["eq", "ne", "in", "nin", "isNull"];

/** Encrypted values are found by their blind index, which tells equal from unequal and nothing else. */
function sealedFilter(
  field: FieldModel,
  condition: unknown,
  scope: QueryScope,
  budget: Budget,
  place: string,
): Filter {
  const stored: FieldModel = { ...field, column: field.keyColumn, encrypted: null };
  if (condition === null) return isNull(stored, true);
  const operators = isObject(condition) ? condition : { eq: condition };
  const parts = Object.entries(operators).map(([operator, operand]): Filter => {
    budget.spendParts(1);
    if (Array.isArray(operand)) budget.spendValues(operand.length);
    if (operand === undefined) throw nothingGiven(`${place}.${operator}`);
    const presence = operator === "isNull" || operand === null;
    if (!SEALED_OPERATORS.includes(operator) || (!presence && field.encrypted?.index === null))
      throw InvalidQuery({ reason: notComparable(field, place) });
    if (presence) return operatorFilter(stored, operator, operand, scope, place);
    const hidden = Array.isArray(operand)
      ? operand.map((value) => blindIndex(field, value, scope, place))
      : operator === "in" || operator === "nin"
        ? operand
        : blindIndex(field, operand, scope, place);
    return operatorFilter({ ...stored, kind: "string" }, operator, hidden, scope, place);
  });
  if (parts.length === 0) throw InvalidQuery({ reason: `The condition on "${place}" is empty.` });
  return and(...parts);
}

function notComparable(field: FieldModel, place: string): string {
  return field.encrypted?.index
    ? `"${place}" is encrypted: it can be compared with ${SEALED_OPERATORS.join(", ")}, and with nothing else.`
    : `"${place}" is encrypted and not searchable: a condition can only ask isNull of it.`;
}

function blindIndex(field: FieldModel, value: unknown, scope: QueryScope, place: string): string {
  if (!scope.cipher) throw new Error(`no cipher was given for ${place}`);
  return indexValue(field, fieldValue(field, asKept(field, value, scope), place), scope.cipher);
}

function operatorFilter(
  field: FieldModel,
  operator: string,
  operand: unknown,
  scope: QueryScope,
  place: string,
): Filter {
  switch (operator) {
    case "eq":
      return operand === null ? isNull(field, true) : compare(field, "eq", operand, scope, place);
    case "ne":
      return operand === null ? isNull(field, false) : compare(field, "ne", operand, scope, place);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      ordered(field, operator, place);
      return compare(field, operator, operand, scope, place);
    case "between": {
      ordered(field, operator, place);
      const [low, high] = list(operand, place, operator);
      if ((operand as unknown[]).length !== 2)
        throw InvalidQuery({ reason: `"between" on "${place}" takes [low, high].` });
      return and(compare(field, "gte", low, scope, place), compare(field, "lte", high, scope, place));
    }
    case "in":
    case "nin": {
      const values = list(operand, place, operator, field.kind === "money" ? MAX_IN_MONEY : MAX_IN);
      const found =
        field.kind === "money"
          ? or(...values.map((value) => compare(field, "eq", value, scope, place)))
          : inList(
              field,
              values.map((value) => fieldValue(field, asKept(field, value, scope), place)),
            );
      return operator === "in" ? found : not(found);
    }
    case "contains":
    case "startsWith":
    case "endsWith": {
      if (!["string", "text", "enum"].includes(field.kind)) {
        throw InvalidQuery({
          reason: `"${operator}" needs a text field, and "${place}" holds ${field.kind}.`,
        });
      }
      const how = operator === "contains" ? "contains" : operator === "startsWith" ? "starts" : "ends";
      return { op: "match", column: field.column, how, text: text(operand, place), caseSensitive: false };
    }
    case "isNull":
      if (typeof operand !== "boolean")
        throw InvalidQuery({ reason: `"isNull" on "${place}" takes true or false.` });
      return isNull(field, operand);
    case "within": {
      if (field.kind !== "date" && field.kind !== "instant") {
        throw InvalidQuery({
          reason: `"within" needs a date or instant, and "${place}" holds ${field.kind}.`,
        });
      }
      const { from, to } = relativeRange(operand, scope.nowMs, place);
      const bound = (ms: number): string =>
        field.kind === "date" ? toInstant(ms).slice(0, 10) : toInstant(ms);
      return and(
        { op: "gte", column: field.column, value: bound(from) },
        { op: "lte", column: field.column, value: bound(to) },
      );
    }
    default: {
      const hint = nearest(operator, OPERATORS);
      throw InvalidQuery({
        reason: `"${operator}" on "${place}" is not an operator${hint ? `, did you mean "${hint}"?` : `. There are ${OPERATORS.join(", ")}.`}`,
      });
    }
  }
}

/** What the caller forgot to give would hold for everything: a condition never does so by mistake. */
export function nothingGiven(place: string): CormError {
  return InvalidQuery({
    reason: `The condition on "${place}" is undefined. Leave it out, or write null for "has no value".`,
  });
}

/** What equals a value of a normalized field, in the form in which the field keeps its values. */
function asKept(field: FieldModel, value: unknown, { country }: QueryScope): unknown {
  return field.standard && typeof value === "string"
    ? normalForm(field.standard.as, value, { country })
    : value;
}

function inList(field: FieldModel, given: readonly Value[]): Filter {
  // No whole number is 1.5, and no column of whole numbers takes it as a parameter.
  const values = field.kind === "integer" ? given.filter(Number.isSafeInteger) : given;
  if (values.length === 0) return never;
  return { op: "in", column: field.column, values };
}

function compare(field: FieldModel, op: Compare, operand: unknown, scope: QueryScope, place: string): Filter {
  if (field.kind !== "money") {
    const value = op === "eq" || op === "ne" ? asKept(field, operand, scope) : operand;
    return { op, column: field.column, value: fieldValue(field, value, place) };
  }
  const { minor, currency: value } = moneyValue(operand, scope.currency, place);
  const currency: Filter = { op: "eq", column: (field.columns[1] as { name: string }).name, value };
  // Amounts of another currency are neither more nor less, but they are not equal.
  if (op === "ne") return not(and(currency, { op: "eq", column: field.column, value: minor }));
  return and(currency, { op, column: field.column, value: minor });
}

/** Money to compare with: an amount alone is of the app's currency. */
export function moneyValue(
  operand: unknown,
  appCurrency: string,
  place: string,
): { readonly minor: number; readonly currency: string } {
  const value = isObject(operand) ? operand : { amount: operand, currency: appCurrency };
  const money = parsed(() => parseMoney(value), place);
  return { minor: Number(toMinor(money)), currency: money.currency };
}

/** Checks a value against its field: no coercion, since engines coerce each in their own way. */
export function fieldValue(
  field: Pick<FieldModel, "kind" | "encrypted">,
  value: unknown,
  place: string,
): Value {
  const wrong = (expected: string) =>
    InvalidQuery({
      reason: `"${place}" is compared with ${field.encrypted ? "another kind of value" : shown(value)}, but needs ${expected}.`,
    });
  switch (field.kind) {
    case "boolean":
      if (typeof value !== "boolean") throw wrong("true or false");
      return value;
    case "integer":
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value)) throw wrong("a number");
      return value;
    case "instant":
      if (typeof value !== "string") throw wrong("an instant as text");
      return parsed(() => parseInstant(value), place);
    case "date":
      if (typeof value !== "string") throw wrong("a date as text");
      return parsed(() => parseDate(value), place);
    case "reference":
      if (typeof value !== "string" || !UUID.test(value)) throw wrong("an id");
      return value.toLowerCase();
    default:
      if (field.encrypted && typeof value !== "string") throw wrong("text");
      return text(value, place);
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for text that can be an id; anything else cannot name a record. */
export function isId(value: unknown): value is string {
  return typeof value === "string" && UUID.test(value);
}

function text(value: unknown, place: string): string {
  if (typeof value === "string" && isStorableText(value)) return value;
  throw InvalidQuery({ reason: `"${place}" is compared with ${shown(value)}, but needs text.` });
}

function list(operand: unknown, place: string, operator: string, most = MAX_IN): readonly unknown[] {
  if (!Array.isArray(operand)) throw InvalidQuery({ reason: `"${operator}" on "${place}" takes a list.` });
  if (operand.length > most)
    throw InvalidQuery({ reason: `"${operator}" on "${place}" takes at most ${most} values.` });
  return operand;
}

function ordered(field: FieldModel, operator: string, place: string): void {
  if (field.kind === "boolean" || field.kind === "reference") {
    throw InvalidQuery({ reason: `"${operator}" makes no sense on "${place}", which holds ${field.kind}.` });
  }
}

function isNull(field: FieldModel, is: boolean): Filter {
  return { op: "null", column: field.column, is };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed<T>(work: () => T, place: string): T {
  try {
    return work();
  } catch (error) {
    if (isCormError(error)) throw InvalidQuery({ reason: `"${place}": ${error.message}` }, { cause: error });
    throw error;
  }
}
