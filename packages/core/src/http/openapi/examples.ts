import type { EntityModel } from "../../model/entity-model.js";
import { metaOf } from "../../schema/field.js";

interface Described {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
  readonly items?: unknown;
  readonly minItems?: number;
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: "01941f29-7c00-7000-8000-000000000001",
  date: "2026-03-01",
  "date-time": "2026-03-01T09:30:00.000Z",
  email: "ada@example.com",
  uri: "https://example.com",
  url: "https://example.com",
};
const MAX_FIELDS = 6;

/** A value that satisfies a schema; undefined where that is not obvious. */
export function exampleOf(schema: unknown, label: string): unknown {
  const given = schema as Described;
  if (metaOf(schema as never).kind === "money") return { amount: "1250.50", currency: "EUR" };
  if (given.default !== undefined) return given.default;
  if (given.examples) return given.examples[0];
  if (given.const !== undefined) return given.const;
  if (given.enum) return given.enum[0];
  if (given.anyOf) return exampleOf(given.anyOf[0], label);
  switch (given.type) {
    case "string":
      return text(given, label);
    case "integer":
    case "number":
      return number(given);
    case "boolean":
      return true;
    case "array": {
      const item = exampleOf(given.items ?? {}, label);
      return item === undefined || (given.minItems ?? 0) > 1 ? undefined : [item];
    }
    case "object":
      return object(given);
    default:
      return undefined;
  }
}

/** The body of a create: what is required, and a few fields more. */
export function exampleInput(entity: EntityModel): Readonly<Record<string, unknown>> | undefined {
  const example: Record<string, unknown> = {};
  for (const field of entity.inputFields) {
    const required = !field.optional && !field.filled && field.default === undefined;
    // A reference must lead somewhere: only where it is needed is a made-up one better than none.
    const shown = required || (field.kind !== "reference" && Object.keys(example).length < MAX_FIELDS);
    if (!shown) continue;
    const value = exampleOf(field.schema, field.label);
    if (value !== undefined) example[field.name] = value;
    else if (required) return undefined;
  }
  return example;
}

/** One of a batch: a create, or a deletion where no example can be made of what a create needs. */
export function exampleOperation(entity: EntityModel): Readonly<Record<string, unknown>> {
  const data = exampleInput(entity);
  return data ? { op: "create", data } : { op: "delete", id: FORMATS["uuid"] };
}

/** The body of a change: one field. */
export function examplePatch(entity: EntityModel): Readonly<Record<string, unknown>> | undefined {
  for (const field of entity.inputFields) {
    if (field.immutable || field.kind === "reference") continue;
    const value = exampleOf(field.schema, field.label);
    if (value !== undefined) return { [field.name]: value };
  }
  return undefined;
}

function text(given: Described, label: string): string | undefined {
  if (given.format !== undefined) return FORMATS[given.format];
  if (given.pattern !== undefined) return undefined;
  const value = label.slice(0, given.maxLength);
  return value.length < (given.minLength ?? 0) ? undefined : value;
}

function number(given: Described): number | undefined {
  const value = Math.min(
    Math.max(1, Math.ceil(given.minimum ?? 1)),
    given.maximum ?? Number.MAX_SAFE_INTEGER,
  );
  return given.multipleOf === undefined || value % given.multipleOf === 0 ? value : undefined;
}

function object(given: Described): unknown {
  const example: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(given.properties ?? {})) {
    const required = given.required?.includes(name) === true;
    if (!required && Object.keys(example).length >= MAX_FIELDS) continue;
    const value = exampleOf(property, name);
    if (value !== undefined) example[name] = value;
    else if (required) return undefined;
  }
  return example;
}
