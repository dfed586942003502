import { InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { nearest } from "../util/words.js";
import { InvalidParameter } from "./errors.js";
import { booleanOf, listOf, readParameters } from "./parameters.js";
import { checkOperator, type PublicQuery, relationOf, type Views } from "./public-query.js";

const NAMES = ["sort", "include", "fields", "limit", "after", "search", "count", "asOf"];
const FILTER = /^filter\[([^[\]]+)\](?:\[([^[\]]+)\])?$/;
const INTEGER = /^-?\d{1,16}$/;
const NUMBER = /^-?\d{1,17}(\.\d{1,17})?([eE][+-]?\d{1,3})?$/;
const MONEY = /^(\S+) ([A-Z]{3})$/;

export interface ListQuery extends PublicQuery {
  /** Also count all records that satisfy the query. */
  readonly count: boolean;
}

/**
 * Reads `?filter[stage]=won&filter[amount][gte]=1000&filter[account.industry]=software&sort=-closeDate&limit=50`.
 * Values are text in a URL: each is read as its field's kind, strictly.
 *
 * @param names parameters that the route takes beside filters
 * @throws unknown-parameter, duplicate-parameter, invalid-parameter, unknown-field, invalid-query
 */
export function parseListQuery(
  entity: EntityModel,
  query: URLSearchParams,
  views: Views,
  names: readonly string[] = NAMES,
): ListQuery {
  const parameters = readParameters(query, names, (name) => FILTER.test(name));
  const filters: unknown[] = [];
  for (const [name, text] of parameters) {
    const [, path, operator] = FILTER.exec(name) ?? [];
    if (path !== undefined) filters.push(condition(entity, path.split("."), operator, text, views));
  }
  return {
    ...(filters.length === 0 ? {} : { filter: { and: filters } }),
    search: parameters.get("search"),
    sort: listOf(parameters.get("sort")),
    include: listOf(parameters.get("include")),
    fields: listOf(parameters.get("fields")),
    limit: limitOf(parameters.get("limit")),
    after: parameters.get("after"),
    asOf: parameters.get("asOf"),
    count: booleanOf("count", parameters.get("count")),
  };
}

/** @throws invalid-parameter */
export function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw InvalidParameter({ parameter: "limit", reason: "is a whole number" });
}

/** One `filter[…]` as the JSON form has it. */
function condition(
  entity: EntityModel,
  path: readonly string[],
  operator: string | undefined,
  text: string,
  views: Views,
): unknown {
  const [name = "", ...rest] = path;
  const field = entity.queryable.get(name);
  if (field && rest.length === 0) return { [name]: comparison(entity, field, operator, text) };
  if (field?.kind === "money" && rest.length === 1 && rest[0] === "currency") {
    const code = { ...field, kind: "string", name: `${name}.currency` } as const;
    return { [code.name]: comparison(entity, code, operator, text) };
  }
  if (field || rest.length === 0) {
    const given = path.join(".").slice(0, 100);
    throw UnknownField({
      entity: entity.name,
      field: given,
      nearest: nearest(given, entity.queryable.keys()),
    });
  }
  const relation = relationOf(entity, name, views);
  const inner = condition(views.entity(relation.target), rest, operator, text, views);
  return { [name]: relation.kind === "one" ? inner : { some: inner } };
}

function comparison(
  entity: EntityModel,
  field: FieldModel,
  operator: string | undefined,
  text: string,
): unknown {
  if (operator === undefined) return { eq: typedValue(field, text) };
  checkOperator(entity, field.name, operator);
  switch (operator) {
    case "in":
    case "nin":
    case "between":
      return { [operator]: text.split(",").map((item) => typedValue(field, item)) };
    case "isNull":
      if (text !== "true" && text !== "false")
        throw InvalidQuery({ reason: `"isNull" on "${field.name}" takes true or false.` });
      return { isNull: text === "true" };
    case "contains":
    case "startsWith":
    case "endsWith":
      return { [operator]: text };
    case "within":
      throw InvalidQuery({ reason: `"within" is written in JSON: use POST /api/${entity.path}/query.` });
    default:
      return { [operator]: typedValue(field, text) };
  }
}

/** Text as a value of the field's kind. @throws invalid-query */
function typedValue(field: FieldModel, text: string): unknown {
  const wrong = (expected: string) =>
    InvalidQuery({
      reason: `"${field.name}" is compared with "${text.slice(0, 40)}", but needs ${expected}.`,
    });
  switch (field.kind) {
    case "boolean":
      if (text !== "true" && text !== "false") throw wrong("true or false");
      return text === "true";
    case "integer":
      if (!INTEGER.test(text)) throw wrong("a whole number");
      return Number(text);
    case "number":
      if (!NUMBER.test(text)) throw wrong("a number");
      return Number(text);
    case "money": {
      const [, amount, currency] = MONEY.exec(text) ?? [];
      return amount === undefined ? text : { amount, currency };
    }
    default:
      return text;
  }
}
