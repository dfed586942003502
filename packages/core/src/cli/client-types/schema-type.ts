import { docComment, quoted } from "./source-text.js";

export type Json = Readonly<Record<string, unknown>>;

/** How schemas become types. */
export interface TypeStyle {
  /** In front of properties and arrays. */
  readonly modifier: "readonly " | "";
  /** The interface that a reference stands for: `#/components/schemas/PriceBook` → `PriceBook`. */
  readonly nameOf: (reference: string) => string | undefined;
}

const PLAIN: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/** Deeper schemas say nothing that anybody would write down. */
const MAX_DEPTH = 32;

/** A JSON Schema of an OpenAPI document as a TypeScript type. What it cannot say is `unknown`, never `any`. */
export function schemaType(schema: unknown, style: TypeStyle, depth = 0): string {
  if (!isJson(schema) || depth > MAX_DEPTH) return "unknown";
  const inner = (part: unknown) => schemaType(part, style, depth + 1);
  const { $ref, type } = schema;
  if (typeof $ref === "string") return style.nameOf($ref) ?? "unknown";
  if ("const" in schema) return literal(schema["const"]);
  if (Array.isArray(schema["enum"])) return union(schema["enum"].map(literal));
  for (const key of ["anyOf", "oneOf"]) {
    const parts = schema[key];
    if (Array.isArray(parts)) return union(parts.map(inner));
  }
  if (Array.isArray(schema["allOf"])) return schema["allOf"].map((part) => `(${inner(part)})`).join(" & ");
  if (Array.isArray(type)) return union(type.map((one) => inner({ ...schema, type: one })));
  if (type === "array") return arrayType(schema, style, inner);
  if (type === "object" || isJson(schema["properties"])) {
    const { properties, additionalProperties } = schema;
    if (isJson(properties)) return objectType(fieldsOf(schema), style, depth);
    const value = isJson(additionalProperties) ? inner(additionalProperties) : "unknown";
    return `{ ${style.modifier}[name: string]: ${value} }`;
  }
  return (typeof type === "string" && Object.hasOwn(PLAIN, type) && PLAIN[type]) || "unknown";
}

export interface TypeField {
  readonly name: string;
  readonly schema: unknown;
  readonly optional: boolean;
  /** Beside what the schema says. */
  readonly orNull?: boolean;
}

/** Members in the order of their names, so that the order in which plugins are listed does not show. */
export function objectType(fields: readonly TypeField[], style: TypeStyle, depth = 0): string {
  if (fields.length === 0) return "{}";
  const indent = "  ".repeat(depth + 1);
  const lines = fields.toSorted(byName).flatMap(({ name, schema, optional, orNull = false }) => {
    const type = schemaType(schema, style, depth + 1);
    // An input that may be left out may also be left undefined: JSON does not tell the two apart.
    const others = [...(orNull ? ["null"] : []), ...(optional && style.modifier === "" ? ["undefined"] : [])];
    const full = [type, ...others.filter((other) => !type.split(" | ").includes(other))].join(" | ");
    const note = docComment((schema as { description?: unknown } | null)?.description);
    return [...note, `${style.modifier}${quoted(name)}${optional ? "?" : ""}: ${full};`];
  });
  return `{\n${lines.map((line) => indent + line).join("\n")}\n${"  ".repeat(depth)}}`;
}

/** The properties of a schema, and which of them may be missing. */
export function fieldsOf(schema: Json): TypeField[] {
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(isJson(schema["properties"]) ? schema["properties"] : {}).map(([name, property]) => ({
    name,
    schema: property,
    optional: !required.includes(name),
  }));
}

function arrayType(
  { prefixItems, items }: Json,
  { modifier }: TypeStyle,
  inner: (part: unknown) => string,
): string {
  if (!Array.isArray(prefixItems)) return `${modifier}(${inner(items)})[]`;
  const rest = items === false ? [] : [`...(${inner(items)})[]`];
  return `${modifier}[${[...prefixItems.map(inner), ...rest].join(", ")}]`;
}

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : Number(a.name > b.name);

const union = (types: readonly string[]): string => [...new Set(types)].join(" | ") || "never";

function literal(value: unknown): string {
  if (typeof value === "string") return quoted(value);
  return typeof value === "object" && value !== null ? "unknown" : String(JSON.stringify(value));
}
