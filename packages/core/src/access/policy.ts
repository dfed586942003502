import type { Where } from "../context/query.js";
import type { EntityGrant, FieldRight, Reach, RecordRight, Role } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { Restriction } from "./define-role.js";
import { entityView } from "./entity-view.js";
import { type ScopeTest, scopeTest } from "./scopes.js";

export type BulkRight = "export" | "import" | "bulk";

/** What one role gives for one right on one entity. */
export interface RoleReach {
  readonly role: string;
  readonly reaches: readonly Reach[];
  readonly only: Where<Record<string, unknown>> | undefined;
}

/** What a set of roles allows with one entity. */
export interface EntityPolicy {
  /** The entity as these roles may see it. */
  readonly view: EntityModel;
  readonly rights: ReadonlyMap<RecordRight, readonly RoleReach[]>;
  /** Rights that reach every record of the tenant: the common case of those who may do everything. */
  readonly unbounded: ReadonlySet<RecordRight>;
  readonly bulk: ReadonlySet<BulkRight>;
  readonly restrictions: readonly Restriction[];
}

export const recordRights: readonly RecordRight[] = [
  "read",
  "create",
  "update",
  "delete",
  "purge",
  "transfer",
  "share",
];
const bulkRights: readonly BulkRight[] = ["export", "import", "bulk"];
const fieldRights: readonly FieldRight[] = ["none", "masked", "read", "write"];

/** What a set of roles allows, narrowed by the scopes of a credential. Made once per set and kept. */
export class Policy {
  readonly roles: readonly Role[];
  readonly #entities: ReadonlyMap<string, EntityModel>;
  readonly #restrictions: readonly Restriction[];
  readonly #inScope: ScopeTest;
  readonly #made = new Map<string, EntityPolicy>();
  readonly #permissions: readonly string[];

  constructor(
    entities: ReadonlyMap<string, EntityModel>,
    roles: readonly Role[],
    scopes: readonly string[] | undefined,
    restrictions: readonly Restriction[],
  ) {
    this.#entities = entities;
    this.roles = roles;
    this.#inScope = scopeTest(scopes);
    const names = new Set(roles.map((role) => role.name));
    this.#permissions = roles.flatMap((role) => role.permissions);
    this.#restrictions = restrictions.filter(
      ({ except, unless }) =>
        !except.some((role) => names.has(role)) && !(unless !== undefined && this.permits(unless)),
    );
  }

  /** Whether an action or route may be used at all. */
  permits(permission: string): boolean {
    return this.#permissions.some((given) => covers(given, permission)) && this.#inScope(permission);
  }

  /** @throws TypeError for an entity that no plugin declares */
  of(name: string): EntityPolicy {
    let policy = this.#made.get(name);
    if (!policy) {
      policy = this.#make(name);
      this.#made.set(name, policy);
    }
    return policy;
  }

  #make(name: string): EntityPolicy {
    const full = this.#entities.get(name);
    if (!full) throw new TypeError(`there is no entity "${name}"`);
    const rights = new Map<RecordRight, readonly RoleReach[]>();
    for (const right of recordRights) {
      const given = this.#reaches(name, right);
      if (given.length > 0) rights.set(right, given);
    }
    const grants = this.#grants(name);
    const restrictions = this.#restrictions.filter((restriction) => restriction.entity === name);
    const isUnbounded = ({ only, reaches }: RoleReach) => only === undefined && reaches.includes("all");
    return {
      view: this.#view(full),
      rights,
      unbounded: new Set(
        recordRights.filter(
          (right) =>
            restrictions.length === 0 && !full.access.readWith && rights.get(right)?.some(isUnbounded),
        ),
      ),
      bulk: new Set(
        bulkRights.filter(
          (right) => grants.some((grant) => grant[right] === true) && this.#inScope(`${name}:${right}`),
        ),
      ),
      restrictions,
    };
  }

  #view(full: EntityModel): EntityModel {
    const readable = (entity: string) => this.#reaches(entity, "read").length > 0;
    return entityView(full, this.#rightOn(full.name), readable, (entity, field) => {
      const model = this.#entities.get(entity)?.fields.get(field);
      const right = model ? this.#rightOn(entity)(model) : "none";
      return right !== "none" && right !== "masked";
    });
  }

  /** What the roles allow with each field of an entity. */
  #rightOn(entity: string): (field: FieldModel) => FieldRight {
    const grants = this.#grants(entity);
    const reached = (right: RecordRight) => this.#reaches(entity, right).length > 0;
    const seen = reached("read");
    const writes = reached("create") || reached("update");
    return (field) => {
      if (field.system) return "read";
      const right = highest(grants.map((grant) => rightOn(grant, field)));
      // Who may write and not read still needs to name what he writes.
      if (!seen) return writes && right === "write" ? "write" : "none";
      return right === "write" && !writes ? "read" : right;
    };
  }

  #grants(name: string): EntityGrant[] {
    return this.#grantsOn(name).map(([, grant]) => grant);
  }

  #grantsOn(name: string): [role: string, grant: EntityGrant][] {
    return this.roles.flatMap((role): [string, EntityGrant][] => {
      const grant = role.entities[name] ?? role.entities["*"];
      return grant ? [[role.name, grant]] : [];
    });
  }

  #reaches(name: string, right: RecordRight): RoleReach[] {
    if (!this.#inScope(`${name}:${right}`)) return [];
    return this.#grantsOn(name).flatMap(([role, grant]): RoleReach[] => {
      const reaches = reachesOf(grant, right);
      return reaches.length > 0 ? [{ role, reaches, only: grant.only }] : [];
    });
  }
}

/** `lead.*` covers `lead.convert`, `*` covers everything. */
export function covers(given: string, permission: string): boolean {
  if (given === permission || given === "*") return true;
  return given.endsWith(".*") && permission.startsWith(given.slice(0, -1));
}

/** The reaches of one right as a list. */
export function reachesOf(grant: EntityGrant, right: RecordRight): readonly Reach[] {
  const given = grant[right];
  return given === undefined ? [] : typeof given === "string" ? [given] : given;
}

function rightOn(grant: EntityGrant, field: FieldModel): FieldRight {
  if (field.sensitivity === "secret") return "none";
  const named = (grant.fields as Readonly<Record<string, FieldRight>> | undefined)?.[field.name];
  return named ?? (field.sensitivity === "sensitive" ? (grant.sensitive ?? "none") : "write");
}

function highest(rights: readonly FieldRight[]): FieldRight {
  return fieldRights[Math.max(0, ...rights.map((right) => fieldRights.indexOf(right)))] as FieldRight;
}
