import type { TSchema } from "typebox";
import { Compile } from "typebox/schema";
import { UnknownField } from "../errors/core-errors.js";
import { type Issue, isCormError } from "../errors/corm-error.js";
import { parseMoney } from "../util/money.js";
import { isStorableText } from "../util/normalize-text.js";
import { parseDate, parseInstant } from "../util/values.js";
import { nearest } from "../util/words.js";
import type { EntityModel } from "./entity-model.js";
import type { FieldModel } from "./field-model.js";
import type { RecordValues } from "./record-codec.js";

const MAX_JSON_DEPTH = 32;

/** Checks values against an entity's fields. Compiled once per entity. */
export interface EntityValidator {
  /** The caller's input as an object of its own: defaults filled in, `undefined` dropped, unknown fields refused. */
  prepareCreate(input: unknown): RecordValues;
  preparePatch(patch: unknown): RecordValues;
  /** Brings values into their stored form (instants in UTC, money with its decimals) and lists what is wrong. */
  checkCreate(values: RecordValues): Issue[];
  checkPatch(patch: RecordValues): Issue[];
}

export function entityValidator(entity: EntityModel): EntityValidator {
  const properties: Record<string, TSchema> = {};
  const required: string[] = [];
  for (const field of entity.inputFields) {
    properties[field.name] = field.schema;
    if (!field.optional) required.push(field.name);
  }
  const whole = lazy(() => Compile({ type: "object", properties, required } as TSchema));
  const partial = lazy(() => Compile({ type: "object", properties } as TSchema));
  const byName = new Map(entity.inputFields.map((field) => [field.name, field]));
  const defaults = entity.inputFields.filter((field) => field.default !== undefined);

  const prepare = (input: unknown): RecordValues => {
    const values: RecordValues = {};
    for (const [name, value] of Object.entries(asObject(entity, input))) {
      if (!byName.has(name)) {
        throw UnknownField({ entity: entity.name, field: name, nearest: nearest(name, byName.keys()) });
      }
      if (value !== undefined) values[name] = value;
    }
    return values;
  };

  const check = (values: RecordValues, validator: Checker): Issue[] => {
    const issues: Issue[] = [];
    const present: RecordValues = {};
    for (const name of Object.keys(values)) {
      const field = byName.get(name);
      const value = values[name];
      if (!field || value === undefined || (value === null && field.optional)) continue;
      const normal = normalise(field, value, issues);
      if (normal === undefined) continue;
      values[name] = normal;
      present[name] = normal;
    }
    if (issues.length === 0 && !validator.Check(present))
      issues.push(...issuesOf(validator.Errors(present)[1]));
    return issues;
  };

  return {
    prepareCreate(input) {
      const values = prepare(input);
      for (const field of defaults)
        if (values[field.name] === undefined) values[field.name] = clone(field.default);
      return values;
    },
    preparePatch: prepare,
    checkCreate: (values) => check(values, whole()),
    checkPatch: (patch) => check(patch, partial()),
  };
}

/** Why a field's own schema refuses its default; undefined where it does not. */
export function defaultProblem(field: FieldModel): string | undefined {
  if (field.default === undefined || (field.default === null && field.optional)) return undefined;
  const issues: Issue[] = [];
  const value = normalise(field, field.default, issues);
  if (issues.length === 0) {
    const properties = { [field.name]: field.schema };
    const validator = Compile({ type: "object", properties } as TSchema);
    issues.push(...issuesOf(validator.Errors({ [field.name]: value })[1]));
  }
  return issues[0]?.message;
}

interface Checker {
  Check(value: unknown): boolean;
  Errors(value: unknown): [boolean, readonly SchemaError[]];
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/** Validation errors of a compiled schema as issues: one per place, unions folded into one. */
export function issuesOf(errors: readonly SchemaError[]): Issue[] {
  const issues = new Map<string, Issue>();
  for (const error of errors) {
    const missing = (error.params as { requiredProperties?: readonly string[] }).requiredProperties;
    const extra = (error.params as { additionalProperties?: readonly string[] }).additionalProperties;
    if (error.keyword === "required" && missing) {
      for (const name of missing) {
        const at = `${error.instancePath}${pointer(name)}`;
        issues.set(at, { pointer: at, code: "required", message: "is required" });
      }
    } else if (error.keyword === "additionalProperties" && extra) {
      for (const name of extra) {
        const at = `${error.instancePath}${pointer(name)}`;
        issues.set(at, { pointer: at, code: "unknown-field", message: "unknown field" });
      }
    } else if (!issues.has(error.instancePath)) {
      issues.set(error.instancePath, {
        pointer: error.instancePath,
        code: error.keyword.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
        message: message(error),
      });
    }
  }
  return [...issues.values()];
}

function message(error: SchemaError): string {
  const allowed = (error.params as { allowedValues?: readonly unknown[] }).allowedValues;
  if (error.keyword === "enum" && allowed) return `must be one of ${allowed.join(", ")}`;
  return error.message;
}

/** Brings one value into its stored form. Answers undefined after noting an issue. */
function normalise(field: FieldModel, value: unknown, issues: Issue[]): unknown {
  const fail = (code: string, text: string): undefined => {
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
      return attempt(() => parseMoney(value as { amount: string; currency: string }), "invalid-money", fail);
    case "reference":
      return typeof value === "string" ? value.toLowerCase() : fail("type", "must be an id");
    case "integer":
      if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return fail("out-of-range", "must be a safe integer (within ±9007199254740991)");
      }
      return value;
    case "json":
      return deeper(value, MAX_JSON_DEPTH)
        ? fail("too-deep", `must not nest deeper than ${MAX_JSON_DEPTH}`)
        : value;
    default:
      if (typeof value === "string" && !isStorableText(value)) {
        return fail("invalid-text", "must not hold NUL or unpaired surrogates");
      }
      return value;
  }
}

function attempt<T>(
  work: () => T,
  code: string,
  fail: (code: string, text: string) => undefined,
): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isCormError(error)) throw error;
    return fail(code, error.message);
  }
}

function deeper(value: unknown, limit: number): boolean {
  // Iterative, since the values are the caller's.
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
}

function asObject(entity: EntityModel, input: unknown): Record<string, unknown> {
  if (typeof input === "object" && input !== null && !Array.isArray(input))
    return input as Record<string, unknown>;
  throw UnknownField({ entity: entity.name, field: String(input) });
}

const pointer = (name: string): string => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
const clone = <T>(value: T): T =>
  typeof value === "object" && value !== null ? structuredClone(value) : value;

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
