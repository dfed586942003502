import type { CatalogField } from "@corm/core";

interface Bounds {
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const TEXT: ReadonlySet<string> = new Set(["string", "text"]);

/** What a value could lose on its way from one field to another, in words; null where nothing is. */
export function lossOf(from: CatalogField, to: CatalogField): string | null {
  const [a, b] = [from.schema as Bounds, to.schema as Bounds];
  if (from.kind === "reference" || to.kind === "reference")
    return from.kind === to.kind && from.target === to.target ? null : "they refer to different things";
  if (from.kind === "enum" && to.kind === "enum") {
    const missing = (a.enum ?? []).filter((word) => !(b.enum ?? []).includes(word));
    return missing.length === 0 ? null : `it has no ${missing.map((word) => `"${word}"`).join(", ")}`;
  }
  if (from.kind === "enum" && TEXT.has(to.kind)) {
    const longest = Math.max(...(a.enum ?? []).map((word) => String(word).length));
    return longest > (b.maxLength ?? Number.POSITIVE_INFINITY) ? `it holds ${b.maxLength} characters` : null;
  }
  if (TEXT.has(from.kind) && TEXT.has(to.kind)) {
    if ((a.maxLength ?? Number.POSITIVE_INFINITY) > (b.maxLength ?? Number.POSITIVE_INFINITY))
      return `it holds ${b.maxLength} characters, and the lead's ${a.maxLength ?? "any number"}`;
    if (b.pattern !== undefined && a.pattern !== b.pattern) return "it takes text of one pattern alone";
    return b.format !== undefined && a.format !== b.format ? `it takes "${b.format}" alone` : null;
  }
  const numbers = from.kind === to.kind || (from.kind === "integer" && to.kind === "number");
  if ((from.kind === "integer" || from.kind === "number") && numbers) {
    const fits =
      (b.minimum === undefined || (a.minimum ?? Number.NEGATIVE_INFINITY) >= b.minimum) &&
      (b.maximum === undefined || (a.maximum ?? Number.POSITIVE_INFINITY) <= b.maximum);
    return fits ? null : "it takes numbers of another range";
  }
  return from.kind === to.kind ? null : `it holds ${to.kind}, and the lead's ${from.kind}`;
}
