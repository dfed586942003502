import type { Territory } from "../entities/territory.js";

/** A territory that an opportunity could be in. */
export interface Place {
  readonly territory: Pick<Territory, "id" | "name" | "path" | "priority">;
  readonly source: "rule" | "manual";
}

export interface Choice {
  readonly territoryId: string;
  /** Why it is this one, in words. */
  readonly reason: string;
}

const depth = (path: string): number => path.split("/").length;

/**
 * The one territory of an opportunity, of those of its account: what was placed by hand before what rules say, then the lowest
 * priority, then the deepest, then the lowest id, which says so. Pure, and the same in whatever order they come.
 */
export function chooseTerritory(places: readonly Place[]): Choice | null {
  const sorted = [...places].sort(compare);
  const [first, second] = sorted;
  if (!first) return null;
  const { id, name, priority } = first.territory;
  const reason = !second
    ? `only "${name}"`
    : first.source !== second.source
      ? `"${name}" was placed by hand, before ${others(sorted)}`
      : priority !== second.territory.priority
        ? `"${name}" has priority ${priority}, before ${others(sorted)}`
        : depth(first.territory.path) !== depth(second.territory.path)
          ? `"${name}" is deeper than ${others(sorted)}`
          : `tie of "${name}" with ${others(sorted)}: the lowest id`;
  return { territoryId: id, reason: reason.slice(0, 500) };
}

function compare(a: Place, b: Place): number {
  if (a.source !== b.source) return a.source === "manual" ? -1 : 1;
  if (a.territory.priority !== b.territory.priority) return a.territory.priority - b.territory.priority;
  const deeper = depth(b.territory.path) - depth(a.territory.path);
  return deeper !== 0 ? deeper : a.territory.id < b.territory.id ? -1 : 1;
}

const others = ([, ...rest]: readonly Place[]): string =>
  rest.map(({ territory }) => `"${territory.name}"`).join(", ");
