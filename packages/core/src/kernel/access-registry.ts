import { checkRole, checkRoleName, type RoleWorld } from "../access/check-role.js";
import { adminRole, type Restriction } from "../access/define-role.js";
import { AccessRegistry } from "../access/registry.js";
import type { Role } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import { LIVE_COLUMN, TENANT_COLUMN } from "../model/system-fields.js";
import type { Composition } from "../plugin/compose.js";
import { CompositionFailed } from "../plugin/plugin-errors.js";
import { parseWhere } from "../repository/parse-where.js";
import type { QueryScope } from "../runtime/query-scope.js";
import { and } from "../storage/filter.js";
import type { Clock } from "../util/clock.js";

export interface AccessOptions {
  readonly roles: readonly Role[];
  readonly restrictions: readonly Restriction[];
}

/** Checks the roles of an app against what its plugins declare. @throws composition-failed with all that is wrong */
export function accessRegistry(
  composition: Composition,
  { roles, restrictions: own }: AccessOptions,
  surroundings: { readonly clock: Clock; readonly currency: string; readonly country: string | undefined },
): AccessRegistry {
  const { entities, directory } = composition;
  const restrictions = [...composition.restrictions, ...own];
  const { clock, currency, country } = surroundings;
  // Conditions of roles are the app's own words: they may name what their actors do not see.
  const scopeOf = (tenant: string): QueryScope => ({
    tenant,
    currency,
    country,
    get nowMs() {
      return clock.now();
    },
    entity: (name) => entities.get(name) as EntityModel,
    visible: () =>
      and({ op: "eq", column: TENANT_COLUMN, value: tenant }, { op: "eq", column: LIVE_COLUMN, value: 1 }),
  });
  const readCondition = (entity: EntityModel, where: unknown, tenant: string) =>
    parseWhere(entity, where, scopeOf(tenant));
  const world: RoleWorld = {
    entities,
    permissions: composition.permissionNames,
    hasDirectory: directory !== undefined,
    readCondition: (entity, where) => readCondition(entity, where, "check"),
  };
  const named = new Map<string, Role>([[adminRole.name, adminRole]]);
  const problems: string[] = [];
  for (const role of roles) {
    if (named.has(role.name))
      problems.push(`role "${role.name}" is declared twice, or has the name of the built-in role`);
    named.set(role.name, role);
    for (const { pointer, message } of [...checkRoleName(role.name), ...checkRole(role, world)])
      problems.push(`role "${role.name}": ${pointer} ${message}`);
  }
  for (const { name, entity, where, except, unless } of restrictions) {
    const model = entities.get(entity);
    if (!model) {
      problems.push(`restriction "${name}" is on the entity "${entity}", which no plugin declares`);
      continue;
    }
    for (const role of except)
      if (!named.has(role))
        problems.push(`restriction "${name}" excepts the role "${role}", which is not declared`);
    if (unless !== undefined && !composition.permissionNames.has(unless))
      problems.push(`restriction "${name}" asks for the permission "${unless}", which is not declared`);
    try {
      readCondition(model, where, "check");
    } catch (error) {
      problems.push(`restriction "${name}": ${(error as Error).message}`);
    }
  }
  if (problems.length > 0) throw CompositionFailed({ problems });
  return new AccessRegistry({ entities, roles: named, restrictions, directory, readCondition, world });
}
