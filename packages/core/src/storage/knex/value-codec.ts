import type { ValueType } from "./catalog.js";

/** Refuses a value of the wrong kind before it reaches SQL, where engines would guess (`WHERE token = 0`). */
export function checkValue(type: ValueType, value: unknown, column: string): void {
  if (value === null) return;
  const kind = typeof value;
  switch (type) {
    case "integer":
      if (kind === "number" ? Number.isSafeInteger(value) : kind === "bigint") return;
      break;
    case "float":
      if (kind === "number" ? Number.isFinite(value) : kind === "bigint") return;
      break;
    case "boolean":
      if (kind === "boolean") return;
      break;
    case "decimal":
      if (kind === "number" ? Number.isFinite(value) : kind === "bigint") return;
      if (kind === "string" && decimal.test(value as string)) return;
      break;
    case "instant":
      if (kind === "string" && instant.test(value as string)) return;
      break;
    case "date":
      if (kind === "string" && date.test(value as string)) return;
      break;
    case "json":
      return;
    default:
      if (kind === "string" && isStorable(value as string)) return;
  }
  throw new TypeError(`Column "${column}" holds ${meaning[type]}, not ${describe(value)}`);
}

/** PostgreSQL has no NUL, and half a surrogate pair has no UTF-8 form: drivers would store something else. */
function isStorable(text: string): boolean {
  const { isWellFormed } = text as unknown as { isWellFormed(): boolean };
  return !text.includes("\0") && isWellFormed.call(text);
}

const decimal = /^-?\d+(\.\d+)?$/;
const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const date = /^\d{4}-\d\d-\d\d$/;

const meaning: Readonly<Record<ValueType, string>> = {
  id: "an id",
  string: "text",
  text: "text",
  integer: "a safe integer",
  float: "a finite number",
  decimal: "a decimal number",
  boolean: "true or false",
  date: "a date as YYYY-MM-DD",
  instant: "an instant as YYYY-MM-DDTHH:MM:SS.sssZ",
  json: "JSON",
};

function describe(value: unknown): string {
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return value === undefined ? "undefined" : `a ${typeof value}`;
}

/**
 * The type a comparison happens in: an integer column compared with 1.5 is compared as float, and never an
 * error of one engine.
 */
export function comparedAs(type: ValueType, value: unknown): ValueType {
  return type === "integer" && typeof value === "number" && !Number.isSafeInteger(value) ? "float" : type;
}
