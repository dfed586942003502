import type { Identity } from "../context/context.js";
import type { Role } from "../context/role.js";
import type { Issue } from "../errors/corm-error.js";
import { defineError } from "../errors/define-error.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Filter } from "../storage/filter.js";
import { createLru } from "../util/lru.js";
import { nearest } from "../util/words.js";
import { checkRole, type RoleWorld } from "./check-role.js";
import type { Restriction } from "./define-role.js";
import type { DirectoryTables } from "./directory.js";
import { Policy } from "./policy.js";
import { principalOf } from "./principal.js";
import type { ReachScope } from "./reach-filter.js";
import { ActorAccess, type SessionAccess, systemAccess } from "./session-access.js";

export const UnknownRole = defineError<{ role: string; nearest?: string | undefined }>("unknown-role", {
  status: 500,
  title: "No such role",
  detail: ({ role, nearest }) =>
    `This app has no role "${role}"${nearest ? `, did you mean "${nearest}"?` : "."} Declare it with defineRole and list it in createCrm({ roles }).`,
});

/** Reads the condition of a role or restriction for a tenant. */
export type ConditionReader = (entity: EntityModel, where: unknown, tenant: string) => Filter;

export interface AccessSettings {
  readonly entities: ReadonlyMap<string, EntityModel>;
  readonly roles: ReadonlyMap<string, Role>;
  readonly restrictions: readonly Restriction[];
  readonly directory: DirectoryTables | undefined;
  readonly readCondition: ConditionReader;
  /** What roles are checked against. */
  readonly world: RoleWorld;
}

/** Sets of roles and scopes that are kept ready. */
const KEPT = 1_000;

/** Turns identities into what they may do. */
export class AccessRegistry {
  readonly #settings: AccessSettings;
  readonly #policies = createLru<string, Policy>(KEPT);
  readonly #single = new Map<string, Policy>();
  /** Roles that came as objects, such as those kept in the database: each is another one. */
  readonly #numbers = new WeakMap<Role, number>();
  #next = 1;

  constructor(settings: AccessSettings) {
    this.#settings = settings;
  }

  /** The roles of the app by name, `admin` among them. */
  get roles(): ReadonlyMap<string, Role> {
    return this.#settings.roles;
  }

  /** What is wrong with what a role of a tenant allows. */
  issuesOf(role: { readonly [K in keyof Role]?: unknown }): Issue[] {
    return checkRole(role, this.#settings.world);
  }

  /** @throws unknown-role */
  of(identity: Identity): SessionAccess {
    if (identity.actor.kind === "system") return systemAccess;
    const policy = this.#policy(identity);
    return new ActorAccess(policy, () => this.#scope(identity, policy));
  }

  #scope(identity: Identity, policy: Policy): ReachScope {
    const { entities, directory, readCondition } = this.#settings;
    return {
      principal: principalOf(
        identity,
        policy.roles.map((role) => role.name),
      ),
      directory,
      policyOf: (name) => policy.of(name),
      entity: (name) => entities.get(name) as EntityModel,
      entities: () => [...entities.values()],
      where: (entity, where) => readCondition(entity, where, identity.tenant),
    };
  }

  #policy({ roles = [], scopes }: Identity): Policy {
    const [only] = roles;
    // Most have one role of the app's own: there are few, and their key is their name.
    if (roles.length !== 1 || typeof only !== "string" || scopes) return this.#policyOf(roles, scopes);
    let policy = this.#single.get(only);
    if (!policy) {
      policy = this.#policyOf(roles, undefined);
      this.#single.set(only, policy);
    }
    return policy;
  }

  #policyOf(given: readonly (string | Role)[], scopes: readonly string[] | undefined): Policy {
    const roles = given.map((role) => (typeof role === "string" ? this.#named(role) : role));
    // Scopes are a caller's text: whatever stands in them, no two lists have one key.
    const key = JSON.stringify([roles.map((role) => this.#number(role)), scopes]);
    let policy = this.#policies.get(key);
    if (!policy) {
      const { entities, restrictions } = this.#settings;
      policy = new Policy(entities, roles, scopes, restrictions);
      this.#policies.set(key, policy);
    }
    return policy;
  }

  #named(name: string): Role {
    const { roles } = this.#settings;
    const role = roles.get(name);
    if (!role) throw UnknownRole({ role: name.slice(0, 64), nearest: nearest(name, roles.keys()) });
    return role;
  }

  #number(role: Role): number {
    let number = this.#numbers.get(role);
    if (number === undefined) {
      number = this.#next;
      this.#next += 1;
      this.#numbers.set(role, number);
    }
    return number;
  }
}
