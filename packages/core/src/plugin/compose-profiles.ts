import type { EntityModel } from "../model/entity-model.js";
import type { ProfileDimension } from "../timeline/define-profile-dimension.js";
import type { AnyPlugin } from "./plugin.js";

/** Dimensions of profiles by entity, in plugin order; and what is wrong with them. */
export function composeProfiles(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): Map<string, ProfileDimension[]> {
  const profiles = new Map<string, ProfileDimension[]>();
  for (const plugin of order) {
    for (const dimension of plugin.parts.profile ?? []) {
      const { on, name } = dimension;
      const others = profiles.get(on) ?? [];
      if (!entities.has(on))
        problems.push(`plugin "${plugin.name}": profile of "${on}", which no plugin declares`);
      else if (others.some((other) => other.name === name) || isPlural(entities, name))
        problems.push(
          `plugin "${plugin.name}": profile of "${on}" has "${name}" already: choose another name`,
        );
      else profiles.set(on, [...others, dimension]);
    }
  }
  return profiles;
}

const isPlural = (entities: ReadonlyMap<string, EntityModel>, name: string): boolean =>
  [...entities.values()].some(({ plural }) => plural === name);
