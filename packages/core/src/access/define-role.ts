import type { Where } from "../context/query.js";
import type { EntityGrant, Role } from "../context/role.js";
import type { AnyEntity, Entity, RelatedOf, RowOf } from "../entity/entity.js";

export interface RoleOptions {
  readonly name: string;
  /** What people call it. Default the name. */
  readonly label?: string;
  /** By entity name, or from `grant`. `*` is for every entity that is not named. */
  readonly entities?: Readonly<Record<string, EntityGrant>>;
  /** Permissions of actions and routes: `lead.convert`, `lead.*`, `*`. */
  readonly permissions?: readonly string[];
}

/**
 * Declares a role; list it in `createCrm({ roles })`. A role that grants nothing on an entity leaves it unseen.
 *
 * @example
 * const rep = defineRole({
 *   name: "rep",
 *   entities: {
 *     ...grant(account, { read: "all" }),
 *     ...grant(lead, { read: ["team", "shared"], create: "own", update: "own", fields: { score: "read" } }),
 *   },
 *   permissions: ["lead.convert"],
 * });
 */
export function defineRole(options: RoleOptions): Role {
  return {
    name: options.name,
    label: options.label ?? options.name,
    entities: options.entities ?? {},
    permissions: options.permissions ?? [],
  };
}

/** A grant on one entity, its fields and conditions checked by the compiler. Spread it into `entities`. */
export function grant<E extends AnyEntity>(
  entity: E,
  rights: Omit<EntityGrant<RowOf<E>>, "only"> & { readonly only?: Where<RowOf<E>, RelatedOf<E>> },
): Readonly<Record<string, EntityGrant>> {
  return { [entity.name]: rights as EntityGrant };
}

/** Everything that can be granted on an entity, sensitive fields included. */
export const everything: EntityGrant = {
  read: "all",
  create: "all",
  update: "all",
  delete: "all",
  purge: "all",
  transfer: "all",
  share: "all",
  export: true,
  import: true,
  bulk: true,
  sensitive: "write",
};

/** The role that every app has: everything in its tenant, but for secret fields and what restrictions keep away. */
export const adminRole: Role = {
  name: "admin",
  label: "Administrator",
  entities: { "*": everything },
  permissions: ["*"],
};

/** Narrows what every role grants on an entity: also the administrator's, also what was shared, also one's own. */
export interface Restriction {
  readonly name: string;
  readonly entity: string;
  /** What a record must satisfy. */
  readonly where: Where<Record<string, unknown>>;
  /** Roles that it does not hold for. */
  readonly except: readonly string[];
  /** Permission of those that it does not hold for. */
  readonly unless?: string | undefined;
}

/**
 * Declares a restriction; list it in `createCrm({ restrictions })`, or among the parts of a plugin, which knows no roles and says
 * by a permission of its own for whom it does not hold.
 *
 * @example
 * defineRestriction(account, { name: "vip", where: { vip: false }, except: ["vip-desk"] })
 */
export function defineRestriction<Row, Input, Related>(
  entity: Entity<string, Row, Input, Related>,
  options: {
    readonly name: string;
    readonly where: Where<Row, Related>;
    readonly except?: readonly string[];
    readonly unless?: string;
  },
): Restriction {
  return {
    name: options.name,
    entity: entity.name,
    where: options.where as Restriction["where"],
    except: options.except ?? [],
    unless: options.unless,
  };
}
