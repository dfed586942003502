import { clientErrors } from "./errors.js";

type Values = Readonly<Record<string, unknown>>;

const OPERATORS =
  "eq ne in nin gt gte lt lte between contains startsWith endsWith isNull descendantOf inTreeOf".split(" ");

/**
 * A condition as `filter[…]` parameters, for routes that take no body: comparisons that must all hold, also across
 * relations.
 *
 * @throws invalid-filter for what a URL cannot say: `and`, `or`, `not`, `within`, `none`, `every`, and lists of texts with commas
 */
export function filterQuery(where: unknown): [name: string, value: string][] {
  return where === undefined ? [] : conditions([], where as Values);
}

function conditions(path: readonly string[], where: Values): [string, string][] {
  return Object.entries(where).flatMap(([name, condition]) => {
    if (condition === undefined) return [];
    if (["and", "or", "not", "none", "every"].includes(name)) throw unsaid(name);
    const here = name === "some" ? path : [...path, name];
    if (!isPlain(condition) || isMoney(condition)) return [comparison(here, "eq", condition)];
    const operators = Object.keys(condition);
    if (operators.includes("within")) throw unsaid("within");
    if (operators.length > 0 && operators.every((operator) => OPERATORS.includes(operator)))
      return Object.entries(condition).map(([operator, value]) => comparison(here, operator, value));
    return conditions(here, condition);
  });
}

function comparison(path: readonly string[], operator: string, value: unknown): [string, string] {
  const name = `filter[${path.join(".")}]`;
  if (value === null) return [`${name}[isNull]`, String(operator === "eq")];
  if (!Array.isArray(value)) return [operator === "eq" ? name : `${name}[${operator}]`, textOf(value)];
  const texts = value.map(textOf);
  if (texts.some((text) => text.includes(","))) throw unsaid("a list of texts with commas");
  return [`${name}[${operator}]`, texts.join(",")];
}

const isPlain = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMoney = (value: Values): boolean => "amount" in value && "currency" in value;
const textOf = (value: unknown): string =>
  isPlain(value) ? `${String(value["amount"])} ${String(value["currency"])}` : String(value);
const unsaid = (what: string) => clientErrors.invalidFilter(what);
