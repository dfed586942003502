type Json = Readonly<Record<string, unknown>>;

const PLAIN: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
  array: "unknown[]",
};

/**
 * A JSON Schema of an OpenAPI document as a TypeScript type. What it cannot say is `unknown`, never `any`.
 *
 * @param modifier in front of properties: `readonly ` or nothing
 */
export function schemaType(schema: Json, modifier: string): string {
  const { $ref, type, properties, items, additionalProperties } = schema;
  if (typeof $ref === "string") return nameOf($ref);
  if ("const" in schema) return literal(schema["const"]);
  if (Array.isArray(schema["enum"])) return union(schema["enum"].map(literal));
  for (const key of ["anyOf", "oneOf"]) {
    const parts = schema[key];
    if (Array.isArray(parts)) return union(parts.map((part: Json) => schemaType(part, modifier)));
  }
  if (Array.isArray(schema["allOf"]))
    return schema["allOf"].map((part: Json) => `(${schemaType(part, modifier)})`).join(" & ");
  if (Array.isArray(type)) return union(type.map((one) => schemaType({ ...schema, type: one }, modifier)));
  if (type === "array" && isSchema(items)) return `${modifier}(${schemaType(items, modifier)})[]`;
  if (type === "object" || properties !== undefined) {
    if (isSchema(properties)) return objectType(properties, required(schema), modifier);
    if (isSchema(additionalProperties))
      return `{ ${modifier}[name: string]: ${schemaType(additionalProperties, modifier)} }`;
    return "{ [name: string]: unknown }";
  }
  return PLAIN[String(type)] ?? "unknown";
}

function objectType(properties: Json, needed: readonly string[], modifier: string): string {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = needed.includes(name) ? "" : "?";
    // A field that may be left out may also be left undefined: JSON does not tell the two apart.
    const type = `${schemaType(schema as Json, modifier)}${optional === "" || modifier !== "" ? "" : " | undefined"}`;
    return `  ${modifier}${JSON.stringify(name)}${optional}: ${type};`;
  });
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n}`;
}

const required = (schema: Json): readonly string[] =>
  (schema["required"] as readonly string[] | undefined) ?? [];
const isSchema = (value: unknown): value is Json => typeof value === "object" && value !== null;
const union = (types: readonly string[]): string => [...new Set(types)].join(" | ") || "never";
const literal = (value: unknown): string => (isSchema(value) ? "unknown" : JSON.stringify(value));

/** `#/components/schemas/PriceBook` → `PriceBook`; core's own are known by name. */
function nameOf(reference: string): string {
  const name = reference.slice(reference.lastIndexOf("/") + 1);
  if (name === "Corm.Money") return "Money";
  return /^\w+$/.test(name) ? name : "unknown";
}
