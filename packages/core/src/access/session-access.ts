import type { RecordRight } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import { always, and, type Filter } from "../storage/filter.js";
import type { BulkRight, Policy, RoleReach } from "./policy.js";
import { type ReachScope, readWithFilter, rightFilter, type Walk } from "./reach-filter.js";

/** What one session may see and do. Made with the session, and shared by all that come out of it. */
export interface SessionAccess {
  /** The rights of the system: everything, secret fields included. */
  readonly isSystem: boolean;
  view(full: EntityModel): EntityModel;
  /** Which records of an entity a right reaches, beside tenant and recycle bin. */
  filter(entity: EntityModel, right: RecordRight, walk?: Walk): Filter;
  /** Whether a right reaches any record at all. */
  has(entity: string, right: RecordRight | BulkRight): boolean;
  /** Whether everything of an entity can be read that hangs on a record which can be. */
  followsParents(entity: string): boolean;
  permits(permission: string): boolean;
  /** What restrictions alone leave of an entity. */
  restriction(entity: EntityModel): Filter;
  /** Whether conditions on fields narrow what the roles grant: any change may move a record out of reach then. */
  isConditional(entity: EntityModel): boolean;
  /** Who owns a new record that names no owner; null where the caller has to know. */
  ownerOfNew(entity: EntityModel): string | null;
}

export const systemAccess: SessionAccess = {
  isSystem: true,
  view: (full) => full,
  filter: () => always,
  has: () => true,
  followsParents: () => true,
  permits: () => true,
  restriction: () => always,
  isConditional: () => false,
  ownerOfNew: () => null,
};

/** The access of an actor with roles. Filters are made when first asked for, and kept as long as the session. */
export class ActorAccess implements SessionAccess {
  readonly isSystem = false;
  readonly policy: Policy;
  readonly #openScope: () => ReachScope;
  #scope: ReachScope | undefined;
  #filters: Map<string, Filter> | undefined;

  /** @param openScope called when a filter is first asked for: most sessions need none */
  constructor(policy: Policy, openScope: () => ReachScope) {
    this.policy = policy;
    this.#openScope = openScope;
  }

  get scope(): ReachScope {
    this.#scope ??= this.#openScope();
    return this.#scope;
  }

  view(full: EntityModel): EntityModel {
    return this.policy.of(full.name).view;
  }

  filter(entity: EntityModel, right: RecordRight, walk: Walk = "page"): Filter {
    if (this.policy.of(entity.name).unbounded.has(right)) return always;
    const key = `${entity.name} ${right} ${walk}`;
    this.#filters ??= new Map();
    let filter = this.#filters.get(key);
    if (!filter) {
      filter = rightFilter(this.scope, entity.full, right, walk);
      this.#filters.set(key, filter);
    }
    return filter;
  }

  has(entity: string, right: RecordRight | BulkRight): boolean {
    const policy = this.policy.of(entity);
    return policy.rights.has(right as RecordRight) || policy.bulk.has(right as BulkRight);
  }

  followsParents(entity: string): boolean {
    const { rights, restrictions } = this.policy.of(entity);
    const isWhole = ({ only, reaches }: RoleReach) =>
      only === undefined && (reaches.includes("all") || reaches.includes("parent"));
    return restrictions.length === 0 && (rights.get("read") ?? []).some(isWhole);
  }

  permits(permission: string): boolean {
    return this.policy.permits(permission);
  }

  restriction(entity: EntityModel): Filter {
    const { restrictions } = this.policy.of(entity.name);
    return and(
      ...restrictions.map(({ where }) => this.scope.where(entity.full, where)),
      readWithFilter(this.scope, entity.full),
    );
  }

  isConditional(entity: EntityModel): boolean {
    const { rights, restrictions } = this.policy.of(entity.name);
    return restrictions.length > 0 || (rights.get("update") ?? []).some((role) => role.only !== undefined);
  }

  ownerOfNew(entity: EntityModel): string | null {
    if (!entity.access.owner) return null;
    const roles = this.policy.of(entity.name).rights.get("create") ?? [];
    return roles.some((role) => role.reaches.includes("all")) ? null : this.scope.principal.userId;
  }
}
