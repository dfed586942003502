import { type Elapsed, elapsedMs, toInstant } from "@corm/core";
import { ValueMissing } from "../errors.js";

/** What steps can name: `record`, `trigger`, `item`, `steps`, `run`. */
export type Scope = Readonly<Record<string, unknown>>;

/** `{{ record.lastName }}` within a text. Paths alone, no logic: what it puts in is not read again. */
const HOLE = /\{\{\s*([\w$.-]{1,200})\s*\}\}/g;
const PATH = /^[A-Za-z_][\w-]*(\.[\w-]+)*$/;

/**
 * Puts values into what a step says: `{ "$": "record.ownerId" }` becomes the value with its type, `{ "$now": { "days": 3 } }`
 * an instant from now on, and `{{ record.lastName }}` in a text becomes text.
 *
 * @throws value-missing for a path that leads nowhere; a field that is there and empty is null, and empty text
 */
export function fillIn(value: unknown, scope: Scope, now: number): unknown {
  if (typeof value === "string") return fillText(value, scope);
  if (Array.isArray(value)) return value.map((one) => fillIn(one, scope, now));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [[name, argument] = []] = entries;
  if (entries.length === 1 && name === "$") return lookUp(argument, scope);
  if (entries.length === 1 && name === "$now") return toInstant(now + elapsedMs(argument as Elapsed));
  return Object.fromEntries(entries.map(([key, one]) => [key, fillIn(one, scope, now)]));
}

function fillText(text: string, scope: Scope): string {
  return text.replace(HOLE, (_, path: string) => textOf(lookUp(path, scope)));
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const { amount, currency } = value as { amount?: unknown; currency?: unknown };
  return typeof amount === "string" && typeof currency === "string"
    ? `${amount} ${currency}`
    : JSON.stringify(value);
}

/** Own properties only: no path leads to what objects have by nature. */
function lookUp(path: unknown, scope: Scope): unknown {
  if (typeof path !== "string" || !PATH.test(path)) throw ValueMissing({ path: String(path) });
  let at: unknown = scope;
  for (const part of path.split(".")) {
    // What is empty has empty parts: the city of an address that nobody has given.
    if (at === null) return null;
    if (typeof at !== "object" || !Object.hasOwn(at as object, part)) throw ValueMissing({ path });
    at = (at as Record<string, unknown>)[part];
  }
  return at ?? null;
}

/** The paths that a value names, to be checked when an automation is written. */
export function pathsIn(value: unknown): string[] {
  if (typeof value === "string") return [...value.matchAll(HOLE)].map(([, path = ""]) => path);
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (typeof value !== "object" || value === null) return [];
  const { $: path } = value as { $?: unknown };
  if (Object.keys(value).length === 1 && path !== undefined) return [String(path)];
  return Object.values(value).flatMap(pathsIn);
}
