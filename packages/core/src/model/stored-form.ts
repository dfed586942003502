import { type Issue, isCormError } from "../errors/corm-error.js";
import { isEmail } from "../standards/email.js";
import { parseMoney } from "../util/money.js";
import { isStorableText } from "../util/normalize-text.js";
import { parseDate, parseInstant } from "../util/values.js";
import type { FieldModel } from "./field-model.js";

const MAX_JSON_DEPTH = 32;

type Fail = (code: string, text: string) => undefined;

/** A field's name as a JSON Pointer. */
export const pointer = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** Brings one value into its stored form. Answers undefined after noting an issue. */
export function storedForm(field: FieldModel, value: unknown, issues: Issue[]): unknown {
  const fail: Fail = (code, text) => {
    issues.push({ pointer: pointer(field.name), code, message: text });
    return undefined;
  };
  switch (field.kind) {
    case "instant":
    case "date":
      if (typeof value !== "string")
        return fail("type", `must be ${field.kind === "date" ? "a date" : "an instant"} as text`);
      return attempt(
        () => (field.kind === "date" ? parseDate(value) : parseInstant(value)),
        `invalid-${field.kind}`,
        fail,
      );
    case "money":
      if (typeof value !== "object" || value === null) return fail("type", "must be { amount, currency }");
      if (Object.keys(value).some((key) => key !== "amount" && key !== "currency"))
        return fail("invalid-money", "must be { amount, currency } and nothing else");
      return attempt(() => parseMoney(value), "invalid-money", fail);
    case "reference":
      return typeof value === "string" ? value.toLowerCase() : fail("type", "must be an id");
    case "integer":
      if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return fail("out-of-range", "must be a safe integer (within ±9007199254740991)");
      }
      return value;
    case "json":
      return storedJson(value, fail);
    default:
      if (typeof value !== "string") return value;
      if (field.standard?.as === "email" && !isEmail(value))
        return fail("format", "must be an e-mail address");
      if (!isStorableText(value)) return fail("invalid-text", "must not hold NUL or unpaired surrogates");
      return tooLong(field, value)
        ? fail("max-length", `must not have more than ${maxLength(field)} characters`)
        : value;
  }
}

const maxLength = (field: FieldModel): number | undefined =>
  (field.schema as { maxLength?: number }).maxLength;

/** Databases count code points. TypeBox counts what looks like one character, of which each may be many. */
function tooLong(field: FieldModel, value: string): boolean {
  const most = maxLength(field);
  if (most === undefined || value.length <= most) return false;
  let points = 0;
  for (const _ of value) points += 1;
  return points > most;
}

function attempt<T>(work: () => T, code: string, fail: Fail): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isCormError(error)) throw error;
    return fail(code, error.message);
  }
}

/** The value as it will be read again: dates as text, what is undefined left out. */
function storedJson(value: unknown, fail: Fail): unknown {
  const problem = jsonProblem(value);
  if (problem) return fail(...problem);
  try {
    const text = JSON.stringify(value);
    return text === undefined ? fail("invalid-json", "must be JSON") : JSON.parse(text);
  } catch (error) {
    return fail("invalid-json", `must be JSON: ${(error as Error).message}`);
  }
}

/** Walks level by level, each object once: the values are the caller's, and may go round in a circle. */
function jsonProblem(value: unknown): [code: string, text: string] | undefined {
  let level = new Set<unknown>([value]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > MAX_JSON_DEPTH) return ["too-deep", `must not nest deeper than ${MAX_JSON_DEPTH}`];
    const next = new Set<unknown>();
    for (const item of level) {
      if (typeof item === "string" && !isStorableText(item))
        return ["invalid-text", "must not hold NUL or unpaired surrogates"];
      if (typeof item !== "object" || item === null) continue;
      for (const [key, inner] of Object.entries(item)) {
        next.add(inner);
        if (!Array.isArray(item)) next.add(key);
      }
    }
    level = next;
  }
  return undefined;
}
