import { createHash } from "node:crypto";

/** JSON with sorted keys and no blanks: the same text for the same value, however a database has kept it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, part]) => part !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonicalJson(part)}`).join(",")}}`;
}

/** SHA-256 in hexadecimal. */
export const documentHash = (document: unknown): string =>
  createHash("sha256").update(canonicalJson(document)).digest("hex");
