import type { Role } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";

/**
 * Entities that no role of the app names, where a role grants something on "*": it holds for them as well, perhaps by
 * oversight, since a plugin may have brought them later.
 */
export function unnamedEntities(entities: Iterable<EntityModel>, roles: readonly Role[]): readonly string[] {
  const named = new Set(roles.flatMap((role) => Object.keys(role.entities)));
  if (!named.has("*")) return [];
  return [...entities].filter(({ internal, name }) => !internal && !named.has(name)).map(({ name }) => name);
}

/** Says so once, at the start of an app. */
export function warnUnnamed(names: readonly string[]): void {
  if (names.length === 0) return;
  process.emitWarning(
    `No role names ${names.join(", ")}: what roles grant on "*" holds for them. Name them in a role, if only with {}.`,
    { type: "CormWarning", code: "CORM_ENTITY_IN_NO_ROLE" },
  );
}
