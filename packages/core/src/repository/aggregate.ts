import { InvalidQuery, MixedCurrencies, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { QueryScope } from "../runtime/query-scope.js";
import type { Session } from "../runtime/session.js";
import type { AggregateSpec, Bucket, Group, Measure, Order, StoredRow } from "../storage/adapter.js";
import type { Filter } from "../storage/filter.js";
import { currencyDecimals } from "../util/currency.js";
import { fromMinor, MAX_MINOR, type Money } from "../util/money.js";
import { nearest } from "../util/words.js";
import { Budget } from "./budget.js";
import { havingFilter } from "./having.js";
import { momentOf } from "./moment.js";
import { narrowed } from "./narrowed.js";
import { currencyField, parseWhere } from "./parse-where.js";

/** An aggregate as it arrives: typed at the repository, unchecked over HTTP. */
export interface RawAggregate {
  readonly where?: unknown;
  readonly groupBy?: readonly unknown[] | undefined;
  readonly measures?: unknown;
  readonly having?: unknown;
  readonly orderBy?: readonly string[] | undefined;
  readonly limit?: unknown;
  readonly asOf?: unknown;
}

const KEYS = new Set(["where", "groupBy", "measures", "having", "orderBy", "limit", "asOf"]);
const FUNCTIONS = ["count", "countDistinct", "sum", "avg", "min", "max"] as const;
const BUCKETS: readonly string[] = ["hour", "day", "week", "month", "quarter", "year"];
const MAX_GROUPS = 10_000;
const MAX_MEASURES = 50;
const MAX_ORDER = 58;
/** In front of the hidden measures that prove that a money measure has one currency. */
export const LOW = "~low~";
export const HIGH = "~high~";

export interface MeasurePlan {
  readonly as: string;
  readonly fn: Measure["fn"];
  readonly field: FieldModel | null;
  readonly money: boolean;
  readonly where: Filter | null;
}

export async function aggregateRecords(
  session: Session,
  present: EntityModel,
  query: RawAggregate,
): Promise<Record<string, unknown>[]> {
  if (typeof query !== "object" || query === null)
    throw InvalidQuery({
      reason: "An aggregate is an object, such as { measures: { n: { count: true } } }.",
    });
  for (const key of Object.keys(query)) {
    if (!KEYS.has(key))
      throw InvalidQuery({ reason: `An aggregate has no "${key}". It takes ${[...KEYS].join(", ")}.` });
  }
  session.require(present, "read");
  const moment = momentOf(session, present, query.asOf);
  const entity = moment ? moment.view(present) : present;
  const scope = moment ?? session;
  if (session.runtime.vault) await session.openKeys();
  const groups = readGroups(entity, query.groupBy ?? []);
  const budget = new Budget();
  const measures = readMeasures(scope, entity, query.measures, budget);
  const names = new Set([...groups.map((g) => g.group.as), ...measures.map((m) => m.as)]);
  if (names.size < groups.length + measures.length) {
    throw InvalidQuery({
      reason: `Groups and measures must have different names; use { field, as } for a group.`,
    });
  }
  const limit = readGroupLimit(query.limit);
  const spec: AggregateSpec = {
    table: entity.table,
    where: narrowed(
      entity,
      scope.visible(entity, false, "scan"),
      parseWhere(entity, query.where, scope, budget),
    ),
    groupBy: groups.map((g) => g.group),
    measures: measures.flatMap(physicalMeasures),
    ...(query.having === undefined ? {} : { having: havingFilter(query.having, measures, session.currency) }),
    orderBy: readOrder(
      query.orderBy,
      names,
      groups.map((g) => g.group.as),
    ),
    limit: limit + 1,
  };
  const rows = await session.operations().aggregate(spec);
  if (rows.length > limit) {
    if (query.limit === undefined) {
      throw InvalidQuery({
        reason: `This aggregate has more than ${limit} groups. Give "limit" (up to ${MAX_GROUPS}) with an "orderBy", or group more coarsely.`,
      });
    }
    rows.length = limit;
  }
  return rows.map((row) => decodeRow(row, groups, measures));
}

interface GroupPlan {
  readonly group: Group;
  readonly field: FieldModel;
}

function readGroups(entity: EntityModel, groupBy: readonly unknown[]): GroupPlan[] {
  if (!Array.isArray(groupBy) || groupBy.length > 8)
    throw InvalidQuery({ reason: `"groupBy" takes a list of at most 8 groups.` });
  return groupBy.map((entry) => {
    const given = typeof entry === "string" ? { field: entry } : (entry ?? {});
    const { field: name, bucket, timeZone, as = name, ...rest } = given as Record<string, unknown>;
    if (typeof name !== "string" || typeof as !== "string" || Object.keys(rest).length > 0) {
      throw InvalidQuery({ reason: `A group is a field name or { field, bucket?, timeZone?, as? }.` });
    }
    if (as !== name) checkName(as, "group");
    const field = groupField(entity, name);
    if (field.encrypted)
      throw InvalidQuery({ reason: `Cannot group by "${entity.name}.${name}", which is encrypted.` });
    if (field.kind === "json" || field.kind === "text" || field.kind === "money") {
      throw InvalidQuery({ reason: `Cannot group by "${entity.name}.${name}", which holds ${field.kind}.` });
    }
    if (bucket !== undefined && !(typeof bucket === "string" && BUCKETS.includes(bucket))) {
      throw InvalidQuery({ reason: `"bucket" is one of ${BUCKETS.join(", ")}.` });
    }
    if (bucket !== undefined && field.kind !== "date" && field.kind !== "instant") {
      throw InvalidQuery({
        reason: `"bucket" needs a date or instant, and "${entity.name}.${name}" holds ${field.kind}.`,
      });
    }
    if (field.kind === "date" && bucket === "hour") {
      throw InvalidQuery({ reason: `"${entity.name}.${name}" is a calendar date, which has no hours.` });
    }
    checkZone(timeZone, field);
    const group: Group = {
      as,
      column: field.column,
      ...(bucket === undefined ? {} : { bucket: bucket as Bucket }),
      ...(timeZone === undefined ? {} : { timeZone: timeZone as string }),
    };
    return { group, field };
  });
}

function groupField(entity: EntityModel, name: string): FieldModel {
  const field = entity.queryable.get(name);
  if (field) return field;
  const money = name.endsWith(".currency")
    ? entity.queryable.get(name.slice(0, -".currency".length))
    : undefined;
  if (money?.kind === "money" && !money.encrypted) return currencyField(money);
  throw UnknownField({ entity: entity.name, field: name, nearest: nearest(name, entity.queryable.keys()) });
}

function checkZone(timeZone: unknown, field: FieldModel): void {
  if (timeZone === undefined) return;
  if (typeof timeZone !== "string")
    throw InvalidQuery({ reason: `"timeZone" is an IANA name, such as "Europe/Berlin".` });
  if (field.kind === "date" && timeZone !== "UTC") {
    throw InvalidQuery({
      reason: `"${field.name}" is a calendar date and has no time zone: leave "timeZone" out.`,
    });
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (cause) {
    throw InvalidQuery({ reason: `"${timeZone.slice(0, 64)}" is not a time zone.` }, { cause });
  }
}

function readMeasures(
  scope: QueryScope,
  entity: EntityModel,
  measures: unknown,
  budget: Budget,
): MeasurePlan[] {
  if (typeof measures !== "object" || measures === null)
    throw InvalidQuery({ reason: `"measures" takes { name: { sum: "field" } }.` });
  const entries = Object.entries(measures);
  if (entries.length === 0 || entries.length > MAX_MEASURES) {
    throw InvalidQuery({ reason: `"measures" takes 1 to ${MAX_MEASURES} measures.` });
  }
  return entries.map(([as, given]) => {
    checkName(as, "measure");
    const { where, ...rest } = (given ?? {}) as Record<string, unknown>;
    const [entry, ...more] = Object.entries(rest);
    const fn = entry?.[0] as Measure["fn"];
    if (!entry || more.length > 0 || !FUNCTIONS.includes(fn)) {
      throw InvalidQuery({
        reason: `Measure "${as}" takes one of ${FUNCTIONS.join(", ")}, and may have "where".`,
      });
    }
    const filter = where === undefined ? null : parseWhere(entity, where, scope, budget);
    if (fn === "count") {
      if (entry[1] !== true)
        throw InvalidQuery({ reason: `Measure "${as}" counts records: write { count: true }.` });
      return { as, fn, field: null, money: false, where: filter };
    }
    const field = entity.queryable.get(String(entry[1]));
    if (!field)
      throw UnknownField({
        entity: entity.name,
        field: String(entry[1]),
        nearest: nearest(String(entry[1]), entity.queryable.keys()),
      });
    if (field.encrypted)
      throw InvalidQuery({
        reason: `Measure "${as}": cannot take ${fn} of "${field.name}", which is encrypted.`,
      });
    const numeric = ["integer", "number", "money"].includes(field.kind);
    if ((fn === "sum" || fn === "avg") && !numeric) {
      throw InvalidQuery({
        reason: `Measure "${as}": cannot ${fn} "${field.name}", which holds ${field.kind}.`,
      });
    }
    if (
      field.kind === "json" ||
      ((fn === "min" || fn === "max") && (field.kind === "boolean" || field.kind === "reference"))
    ) {
      throw InvalidQuery({
        reason: `Measure "${as}": cannot take ${fn} of "${field.name}", which holds ${field.kind}.`,
      });
    }
    return { as, fn, field, money: field.kind === "money" && fn !== "countDistinct", where: filter };
  });
}

/** Names become columns of the statement and keys of the answer. */
function checkName(name: string, what: string): void {
  if (/^[a-zA-Z][a-zA-Z0-9_]{0,47}$/.test(name)) return;
  throw InvalidQuery({
    reason: `"${name.slice(0, 64)}" is not a name for a ${what}: use letters, digits and "_".`,
  });
}

function physicalMeasures(plan: MeasurePlan): Measure[] {
  const where = plan.where ? { where: plan.where } : {};
  if (!plan.field) return [{ as: plan.as, fn: "count", ...where }];
  const own: Measure = { as: plan.as, fn: plan.fn, column: plan.field.column, ...where };
  if (!plan.money) return [own];
  const currency = (plan.field.columns[1] as { name: string }).name;
  return [
    own,
    { as: LOW + plan.as, fn: "min", column: currency, ...where },
    { as: HIGH + plan.as, fn: "max", column: currency, ...where },
  ];
}

function decodeRow(
  row: StoredRow,
  groups: readonly GroupPlan[],
  measures: readonly MeasurePlan[],
): Record<string, unknown> {
  const answer: Record<string, unknown> = {};
  for (const { group } of groups) answer[group.as] = row[group.as] ?? null;
  for (const plan of measures) answer[plan.as] = measureValue(row, plan);
  return answer;
}

function measureValue(row: StoredRow, plan: MeasurePlan): unknown {
  const value = row[plan.as] ?? null;
  if (value === null || !plan.field) return value;
  if (!plan.money)
    return plan.fn === "sum" && plan.field.kind === "integer" ? safeSum(value as string, plan) : value;
  const low = row[LOW + plan.as] as string;
  const high = row[HIGH + plan.as] as string;
  if (low !== high) throw MixedCurrencies({ field: plan.field.name, currencies: [low, high] });
  // An average lies between two minor units: it is rounded to the nearest one, halves up.
  const minor = plan.fn === "avg" ? BigInt(Math.round(value as number)) : BigInt(value as string | number);
  return exactMoney(minor, low);
}

/** Sums may be larger than any amount that a record can hold: they are text, and stay exact. */
function exactMoney(minor: bigint, currency: string): Money {
  const whole = minor < 0n ? -minor : minor;
  if (whole <= MAX_MINOR) return fromMinor(minor, currency);
  const decimals = currencyDecimals(currency);
  const digits = whole.toString();
  const point = digits.length - decimals;
  const amount = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return { amount: minor < 0n ? `-${amount}` : amount, currency };
}

function safeSum(text: string, plan: MeasurePlan): number {
  const sum = Number(text);
  if (!Number.isSafeInteger(sum)) {
    throw InvalidQuery({
      reason: `The sum of "${plan.field?.name}" is ${text}, which a number cannot hold exactly.`,
    });
  }
  return sum;
}

function readGroupLimit(limit: unknown): number {
  if (limit === undefined) return 1000;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= MAX_GROUPS) return limit;
  throw InvalidQuery({ reason: `"limit" of an aggregate must be 1 to ${MAX_GROUPS}.` });
}

function readOrder(
  orderBy: readonly string[] | undefined,
  names: ReadonlySet<string>,
  groups: readonly string[],
): Order[] {
  if (!Array.isArray(orderBy ?? []) || (orderBy?.length ?? 0) > MAX_ORDER) {
    throw InvalidQuery({ reason: `"orderBy" takes a list of at most ${MAX_ORDER} names.` });
  }
  const given = (orderBy ?? []).map((entry): Order => {
    const name = String(entry).replace(/^-/, "");
    if (!names.has(name)) {
      throw InvalidQuery({
        reason: `"orderBy" names "${name.slice(0, 64)}", which is neither a group nor a measure of this aggregate.`,
      });
    }
    return { column: name, direction: String(entry).startsWith("-") ? "desc" : "asc" };
  });
  // Groups last, so that the order never depends on the engine.
  const rest = groups.filter((name) => !given.some((order) => order.column === name));
  return [...given, ...rest.map((column): Order => ({ column, direction: "asc" }))];
}
