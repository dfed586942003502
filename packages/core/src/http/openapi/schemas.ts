import type { TSchema } from "typebox";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import { metaOf } from "../../schema/field.js";
import { batchBody } from "../batch-body.js";
import type { EntityModels } from "../public-query.js";
import type { JsonSchema } from "./operation.js";

/** `priceBook` → `PriceBook`. What core adds has a dot, which entity names have not. */
export function componentName(entity: EntityModel): string {
  return entity.name.charAt(0).toUpperCase() + entity.name.slice(1);
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

const JSON_TYPES = new Set(["string", "number", "integer", "boolean", "object", "array", "null"]);

/** A TypeBox schema as plain JSON Schema: its own marks gone, money by reference. */
export function toJsonSchema(schema: unknown): JsonSchema {
  if (metaOf(schema as TSchema).kind === "money") return withNote(schema, ref("Corm.Money"));
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema as object)) {
    if (key.startsWith("~")) continue;
    if (key === "x-corm") {
      const { kind, target } = value as { kind?: string; target?: string };
      plain[key] = { kind, ...(target === undefined ? {} : { target }) };
    } else if (key === "type" && typeof value === "string" && !JSON_TYPES.has(value)) {
      // What JSON has no word for: anything may come.
    } else if (key === "properties" || key === "patternProperties") {
      plain[key] = mapped(value as Record<string, unknown>);
    } else if (key === "items" && Array.isArray(value)) {
      // TypeBox writes tuples as older drafts do; in that of OpenAPI 3.1 `items` is what comes after them.
      plain["prefixItems"] = value.map(toJsonSchema);
      if ((schema as { additionalItems?: unknown }).additionalItems === false) plain["items"] = false;
    } else if (key === "additionalItems") {
      // Said with the tuple that it belongs to.
    } else if (Array.isArray(value) && ["anyOf", "allOf", "oneOf", "prefixItems"].includes(key)) {
      plain[key] = value.map(toJsonSchema);
    } else if (isSchema(value) && ["items", "additionalProperties", "not"].includes(key)) {
      plain[key] = toJsonSchema(value);
    } else plain[key] = value;
  }
  return plain;
}

/** True for outputs that are no value at all. */
export function isVoid(schema: TSchema): boolean {
  const { type } = schema as { type?: string };
  return type === "void" || type === "undefined";
}

function mapped(schemas: Readonly<Record<string, unknown>>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema)]));
}

const isSchema = (value: unknown): boolean => typeof value === "object" && value !== null;

function withNote(schema: unknown, reference: JsonSchema): JsonSchema {
  const { title, description } = schema as { title?: string; description?: string };
  return { ...reference, ...(title ? { title } : {}), ...(description ? { description } : {}) };
}

const orNull = (schema: JsonSchema): JsonSchema => {
  if (typeof schema["type"] !== "string" || "enum" in schema || "const" in schema)
    return { anyOf: [schema, { type: "null" }] };
  return { ...schema, type: [schema["type"], "null"] };
};

const ANSWERED = ["type", "enum", "anyOf", "const", "title", "description", "x-corm"];
const ANSWERED_FORMATS = ["uuid", "date", "date-time"];

/** A field as records show it. Limits that inputs keep are left out: older records may be from before them. */
function answered(field: FieldModel): JsonSchema {
  let schema = toJsonSchema(field.schema);
  if (field.kind !== "json" && field.kind !== "money") {
    const kept = Object.entries(schema).filter(
      ([key, value]) =>
        ANSWERED.includes(key) || (key === "format" && ANSWERED_FORMATS.includes(value as string)),
    );
    schema = Object.fromEntries(kept);
  }
  return field.optional ? orNull(schema) : schema;
}

function asked(field: FieldModel): JsonSchema {
  const schema = toJsonSchema(field.schema);
  return field.optional ? orNull(schema) : schema;
}

/** Components of one entity: the record, its parts, a page of them, and what creating and changing one takes. */
export function entitySchemas(entity: EntityModel, entities: EntityModels): Record<string, JsonSchema> {
  const name = componentName(entity);
  const fields = Object.fromEntries(
    [...entity.fields.values()].map((field) => [field.name, answered(field)]),
  );
  const properties = { ...fields, ...relationSchemas(entity, entities) };
  const inputs = Object.fromEntries(entity.inputFields.map((field) => [field.name, asked(field)]));
  const required = entity.inputFields
    .filter((field) => !field.optional && !field.filled && field.default === undefined)
    .map((field) => field.name);
  const fixed = entity.inputFields.filter((field) => field.immutable).map((field) => field.name);
  const patches = Object.fromEntries(
    Object.entries(inputs).map(([field, schema]) => [field, undefaulted(schema)]),
  );
  return {
    [name]: { type: "object", title: entity.label, properties, required: [...entity.fields.keys()] },
    [`${name}.Part`]: { type: "object", description: "With the fields that were asked for.", properties },
    [`${name}.Page`]: {
      type: "object",
      properties: {
        data: { type: "array", items: { anyOf: [ref(name), ref(`${name}.Part`)] } },
        page: ref("Corm.PageInfo"),
      },
      required: ["data", "page"],
    },
    [`${name}.Input`]: {
      type: "object",
      properties: inputs,
      ...(required.length > 0 ? { required } : {}),
      additionalProperties: false,
    },
    [`${name}.Patch`]: {
      type: "object",
      description: `The fields to change; null clears one.${fixed.length > 0 ? ` Cannot be changed once set: ${fixed.join(", ")}.` : ""}`,
      properties: patches,
      additionalProperties: false,
    },
    [`${name}.Batch`]: batchBody(ref(`${name}.Input`), ref(`${name}.Patch`)),
    [`${name}.BatchResults`]: batchResults(ref(name)),
  };
}

function batchResults(record: JsonSchema): JsonSchema {
  const line = {
    type: "object",
    properties: {
      op: { enum: ["create", "update", "delete"] },
      status: { type: "integer", description: "What the operation would have been answered alone." },
      etag: { type: "string" },
      data: { ...record, description: "The record as it is now." },
      problem: { ...ref("Corm.Problem"), description: "Why it was left out." },
    },
    required: ["op", "status"],
  };
  return {
    type: "object",
    properties: { results: { type: "array", items: line } },
    required: ["results"],
  };
}

/** Present where `include` asks for them. */
function relationSchemas(entity: EntityModel, entities: EntityModels): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {};
  for (const relation of entity.relations.values()) {
    const target = entities.get(relation.target);
    if (!target || target.internal) continue;
    const one = ref(componentName(target));
    schemas[relation.name] =
      relation.kind === "one" ? { anyOf: [one, { type: "null" }] } : { type: "array", items: one };
  }
  return schemas;
}

function undefaulted(schema: JsonSchema): JsonSchema {
  const { default: _, ...rest } = schema;
  return rest;
}

const problem = {
  type: "object",
  description: "What went wrong (RFC 9457).",
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", pattern: "^[a-z0-9]+(-[a-z0-9]+)*$", description: "Stable; compare this." },
    detail: { type: "string" },
    instance: { type: "string", description: "Id of the request, as the log has it." },
    errors: {
      type: "array",
      items: {
        type: "object",
        properties: {
          pointer: { type: "string", description: "JSON Pointer into the body." },
          code: { type: "string" },
          message: { type: "string" },
        },
        required: ["pointer", "code", "message"],
      },
    },
  },
  required: ["type", "title", "status", "code", "detail", "instance"],
};

/** Components that every API has. */
export const sharedSchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.Money": {
    type: "object",
    description: "An exact amount: decimal text with the decimals of the currency.",
    properties: {
      amount: { type: "string", pattern: "^-?\\d+(\\.\\d+)?$" },
      currency: { type: "string", pattern: "^[A-Z]{3}$", description: "ISO 4217" },
    },
    required: ["amount", "currency"],
    additionalProperties: false,
    examples: [{ amount: "1250.50", currency: "EUR" }],
  },
  "Corm.PageInfo": {
    type: "object",
    properties: {
      next: { type: ["string", "null"], description: "`after` of the next page; null at the end." },
      limit: { type: "integer" },
      total: { type: "integer", description: "With `count=true`: all records that satisfy the query." },
    },
    required: ["next", "limit"],
  },
  "Corm.Aggregate": {
    type: "object",
    properties: {
      data: {
        type: "array",
        items: { type: "object", description: "Groups and measures under their names." },
      },
    },
    required: ["data"],
  },
  "Corm.Timeline": {
    type: "object",
    properties: {
      data: {
        type: "array",
        items: {
          type: "object",
          properties: {
            at: { type: "string", format: "date-time" },
            kind: { type: "string", description: "What it is: `activity`, `ticket`, …" },
            entity: { type: "string", description: "Of the record that tells of it." },
            id: { type: "string", format: "uuid" },
            title: { type: "string" },
            actor: { type: ["string", "null"], description: "Id of the user who did it, where known." },
            data: { type: "object", additionalProperties: true },
          },
          required: ["at", "kind", "entity", "id", "title", "actor", "data"],
        },
      },
      page: ref("Corm.PageInfo"),
    },
    required: ["data", "page"],
  },
  "Corm.Problem": problem,
  "Corm.NotReady": {
    ...problem,
    description: "A problem with a reason for every check that failed.",
    properties: {
      ...problem.properties,
      checks: { type: "object", additionalProperties: { type: "string" } },
    },
    required: [...problem.required, "checks"],
  },
};
