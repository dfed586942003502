import { DuplicateParameter, InvalidParameter, UnknownParameter } from "./errors.js";

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * Query parameters by name: each at most once, and none that the route does not know, since a misspelt filter would
 * otherwise answer everything.
 *
 * @param isKnown beside the names; for families such as `filter[…]`
 * @throws unknown-parameter, duplicate-parameter
 */
export function readParameters(
  query: URLSearchParams,
  known: readonly string[],
  isKnown: (name: string) => boolean = () => false,
): ReadonlyMap<string, string> {
  if (query.size === 0) return NONE;
  const found = new Map<string, string>();
  for (const [name, value] of query) {
    if (!known.includes(name) && !isKnown(name))
      throw UnknownParameter({ parameter: name.slice(0, 64), known });
    if (found.has(name)) throw DuplicateParameter({ parameter: name.slice(0, 64) });
    found.set(name, value);
  }
  return found;
}

/** `a,b,c` as a list; undefined where the parameter is absent. */
export function listOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : text.split(",");
}

/** @throws invalid-parameter for anything but `true` and `false` */
export function booleanOf(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw InvalidParameter({ parameter: name, reason: "is true or false" });
}
