import { InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel, RelationModel } from "../model/entity-model.js";
import type { RawQuery } from "../repository/read.js";
import { nearest } from "../util/words.js";
import { isPlainObject } from "./merge-patch.js";

export type EntityModels = ReadonlyMap<string, EntityModel>;

/** Entities as the caller may see them; a session is one. */
export interface Views {
  entity(name: string): EntityModel;
}

/** A list query as HTTP names its parts, from a URL or from the body of `POST …/query`. */
export interface PublicQuery {
  readonly filter?: unknown;
  readonly search?: unknown;
  readonly sort?: readonly string[] | undefined;
  readonly include?: readonly string[] | undefined;
  readonly fields?: readonly string[] | undefined;
  readonly limit?: unknown;
  readonly after?: unknown;
  /** Records as they stood at this instant. */
  readonly asOf?: unknown;
}

/** Operators of a filter, with what they take. */
export const OPERATORS: Readonly<Record<string, string>> = {
  eq: "equal to the value; null: has none",
  ne: "not equal; also records without a value",
  in: "one of the values",
  nin: "none of the values; also records without one",
  gt: "greater",
  gte: "greater or equal",
  lt: "less",
  lte: "less or equal",
  between: "between two values, both included",
  contains: "contains the text, whatever its case",
  startsWith: "begins with the text, whatever its case",
  endsWith: "ends with the text, whatever its case",
  isNull: "true: has no value; false: has one",
  descendantOf: "of a reference to a record of a tree: below the record of this id, at any depth",
  inTreeOf: "the same, and that record itself",
  within: `a span around now: {"last": 30, "unit": "day"} or "next"`,
};

/**
 * The query under the names that repositories use. The only place where the two vocabularies meet, and where names
 * that HTTP does not serve are turned into unknown ones.
 *
 * @throws unknown-field
 */
export function toRawQuery(entity: EntityModel, query: PublicQuery, views: Views): RawQuery {
  checkFilter(entity, query.filter, views);
  for (const name of query.include ?? []) relationOf(entity, name, views);
  return {
    where: query.filter,
    search: query.search,
    select: query.fields,
    include: query.include,
    orderBy: query.sort,
    limit: query.limit,
    after: query.after,
    asOf: query.asOf,
  };
}

/** Looks up the relations and operators of a filter; its fields and values are the repository's business. */
export function checkFilter(entity: EntityModel, filter: unknown, views: Views): void {
  if (!isPlainObject(filter)) return;
  for (const [name, condition] of Object.entries(filter)) {
    if (name === "and" || name === "or") {
      if (Array.isArray(condition)) for (const part of condition) checkFilter(entity, part, views);
    } else if (name === "not") checkFilter(entity, condition, views);
    else if (entity.relations.has(name)) checkRelation(entity, name, condition, views);
    else if (isPlainObject(condition)) checkOperators(entity, name, condition);
  }
}

function checkRelation(entity: EntityModel, name: string, condition: unknown, views: Views): void {
  const relation = relationOf(entity, name, views);
  const target = views.entity(relation.target);
  if (relation.kind === "one") checkFilter(target, condition, views);
  else if (isPlainObject(condition))
    for (const part of Object.values(condition)) checkFilter(target, part, views);
}

/** @throws unknown-field, also for a relation to what HTTP does not serve */
export function relationOf(entity: EntityModel, name: string, views: Views): RelationModel {
  const served = (relation: RelationModel) => !views.entity(relation.target).internal;
  const relation = entity.relations.get(name);
  if (relation && served(relation)) return relation;
  const names = [...entity.relations.values()].filter(served).map((other) => other.name);
  throw UnknownField({
    entity: entity.name,
    field: name.slice(0, 100),
    what: "relation",
    nearest: nearest(name.slice(0, 100), names),
  });
}

/** @throws unknown-field for an operator that is none */
function checkOperators(entity: EntityModel, name: string, condition: Record<string, unknown>): void {
  const field = entity.queryable.get(name);
  if (field?.kind === "money" && "amount" in condition) return;
  if (!field && !name.endsWith(".currency")) return;
  for (const operator of Object.keys(condition)) checkOperator(entity, name, operator);
}

/** @throws unknown-field */
export function checkOperator(entity: EntityModel, field: string, operator: string): void {
  if (Object.hasOwn(OPERATORS, operator)) return;
  const name = operator.slice(0, 100);
  throw UnknownField({
    entity: `${entity.name}.${field}`,
    field: name,
    what: "operator",
    nearest: nearest(name, Object.keys(OPERATORS)),
  });
}

/** @throws invalid-query where a value is neither a list of names nor a comma-separated one */
export function namesOf(what: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string") return value.split(",");
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw InvalidQuery({ reason: `"${what}" takes a list of names.` });
}
