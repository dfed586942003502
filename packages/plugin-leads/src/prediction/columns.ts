import type { CatalogField, Context } from "@corm/core";
import { lead } from "../entities/lead.js";
import { PredictionFieldUnusable } from "../errors.js";
import type { Column } from "../learning/encode.js";

/** Of the lead itself: what is known of somebody when he comes. */
const OWN = ["title", "industry", "country", "sourceId"];
/** Made of what a lead has. */
const DERIVED: readonly Column[] = [
  { name: "hasPhone", kind: "number" },
  { name: "hasEmail", kind: "number" },
  { name: "hasCompany", kind: "number" },
  { name: "hasWebsite", kind: "number" },
  { name: "emailDomain", kind: "category" },
  { name: "firstChannel", kind: "category" },
  { name: "firstSource", kind: "category" },
];
/** Known only later, or said of nobody else: from these a model would learn the answer, or the person. */
const LEAKING: ReadonlySet<string> = new Set(
  Object.keys(lead.definition.fields).filter((name) => !OWN.includes(name)),
);
const KINDS: Readonly<Record<string, Column["kind"]>> = {
  enum: "category",
  string: "category",
  reference: "category",
  boolean: "number",
  integer: "number",
  number: "number",
};
const SYSTEM: ReadonlySet<string> = new Set([
  "id",
  "tenantId",
  "version",
  "createdAt",
  "updatedAt",
  "deletedAt",
]);

/**
 * What a model looks at: what is known of a lead when it comes, what it is made of, and fields that other plugins added.
 * Or the fields that are named.
 *
 * @throws prediction-field-unusable for a field that is known only later, or that cannot be learned from
 */
export function predictionColumns(ctx: Context, named?: readonly string[]): Column[] {
  const fields = ctx.catalog.entities.get("lead")?.fields ?? new Map<string, CatalogField>();
  const derived = new Map(DERIVED.map((column) => [column.name, column]));
  const problemOf = (name: string): string | null => {
    if (derived.has(name)) return null;
    const field = fields.get(name);
    if (!field || SYSTEM.has(name)) return "is no field of a lead";
    if (LEAKING.has(name)) return "is known only later, or tells the person and not the kind of person";
    return KINDS[field.kind] ? null : `holds ${field.kind}, which cannot be learned from`;
  };
  if (named) {
    for (const name of named) {
      const problem = problemOf(name);
      if (problem) throw PredictionFieldUnusable({ name, problem });
    }
  }
  const chosen = named ?? [...fields.keys()].filter((name) => problemOf(name) === null);
  const own = chosen.filter((name) => !derived.has(name));
  return [
    ...own.map((name): Column => ({ name, kind: KINDS[fields.get(name)?.kind ?? ""] ?? "category" })),
    ...DERIVED.filter(({ name }) => named === undefined || named.includes(name)),
  ];
}
