import type { FieldModel } from "./field-model.js";

const SHOWN = 4;

/**
 * A value with its middle hidden: `***1234`, `a***@example.com`. What is too short to hide anything in is hidden whole,
 * and what is no text is left out.
 */
export function masked(field: Pick<FieldModel, "kind">, value: unknown): unknown {
  if (typeof value !== "string" || (field.kind !== "string" && field.kind !== "text")) return null;
  const at = value.lastIndexOf("@");
  if (at > 0) return `${value.slice(0, 1)}***${value.slice(at)}`;
  return value.length > 2 * SHOWN ? `***${value.slice(-SHOWN)}` : "***";
}
