import type { Reach, RecordRight } from "../context/role.js";
import type { ReadWithFields } from "../model/access-facts.js";
import type { EntityModel } from "../model/entity-model.js";
import { LIVE_COLUMN, TENANT_COLUMN } from "../model/system-fields.js";
import { always, and, type Filter, never, not, or } from "../storage/filter.js";
import type { DirectoryTables } from "./directory.js";
import type { EntityPolicy, RoleReach } from "./policy.js";
import type { Principal } from "./principal.js";

/** What filters of access are made from. */
export interface ReachScope {
  readonly principal: Principal;
  readonly directory: DirectoryTables | undefined;
  policyOf(entity: string): EntityPolicy;
  entity(name: string): EntityModel;
  entities(): readonly EntityModel[];
  /** Reads a condition of a role or restriction: on the whole entity, with the rights of the system. */
  where(entity: EntityModel, where: unknown): Filter;
}

/**
 * How the records will be looked for. A `page` walks an index and stops early: conditions are best asked of each record.
 * A `scan` needs all of them: a union of indexed id sets is best, however many they are. `state` asks each past state of
 * a record: id sets would tell of records as they are now.
 */
export type Walk = "page" | "scan" | "state";

/** Hierarchies of parents are followed so far. */
const MAX_PARENTS = 4;

/** Which records of an entity a right reaches. Without the tenant and the recycle bin. */
export function rightFilter(
  scope: ReachScope,
  entity: EntityModel,
  right: RecordRight,
  walk: Walk,
  depth = 0,
): Filter {
  const { rights, restrictions } = scope.policyOf(entity.name);
  const given = rights.get(right) ?? [];
  const granted = or(...given.map((role) => roleFilter(scope, entity, role, right, walk, depth)));
  return and(
    granted,
    ...restrictions.map(({ where }) => scope.where(entity, where)),
    readWithFilter(scope, entity, depth),
  );
}

/**
 * Of records that tell of others, those whose others the actor may read with the fields that they tell of, one branch for
 * each entity. Those in the recycle bin count as well.
 */
export function readWithFilter(scope: ReachScope, { access: { readWith } }: EntityModel, depth = 0): Filter {
  if (!readWith) return always;
  if (depth >= MAX_PARENTS) return never;
  const others = readWith.others.flatMap(([name, [entity, field]]) =>
    isSeen(scope, entity, field) ? [] : [name],
  );
  const branches = scope.entities().flatMap((target) => {
    if (target.internal || target.access.readWith) return [];
    const readable = rightFilter(scope, target, "read", "page", depth + 1);
    if (readable === never) return [];
    const which = and(
      { op: "eq", column: readWith.entity.column, value: target.name },
      ...[...hiddenFields(scope, target), ...others].map((name) => not(tellsOf(readWith, name))),
    );
    if (readable === always) return [which];
    const each = readWith.records.map(
      ({ column }): Filter => ({
        op: "exists",
        table: target.table,
        local: column,
        foreign: "id",
        where: and(tenantOf(scope), readable),
      }),
    );
    return [and(which, ...each)];
  });
  return or(...branches);
}

/** Fields of an entity of which the actor sees no values. */
function hiddenFields(scope: ReachScope, entity: EntityModel): string[] {
  const { queryable } = scope.policyOf(entity.name).view;
  return entity.fieldList.flatMap(({ name }) => (queryable.has(name) ? [] : [name]));
}

/** Whether the actor reads records of an entity, and sees a field of them. */
const isSeen = (scope: ReachScope, name: string, field: string): boolean =>
  scope.entities().some((entity) => entity.name === name) &&
  scope.policyOf(name).rights.has("read") &&
  scope.policyOf(name).view.queryable.has(field);

const tellsOf = ({ fields }: ReadWithFields, name: string): Filter =>
  fields
    ? { op: "match", column: fields.column, how: "contains", text: `,${name},`, caseSensitive: true }
    : never;

function roleFilter(
  scope: ReachScope,
  entity: EntityModel,
  { reaches, only }: RoleReach,
  right: RecordRight,
  walk: Walk,
  depth: number,
): Filter {
  if (reaches.includes("all")) return only === undefined ? always : scope.where(entity, only);
  const parts = reaches.map((reach): [Reach, Filter] => [
    reach,
    reachFilter(scope, entity, reach, right, depth),
  ]);
  const filters = parts.map(([, filter]) => filter).filter((filter) => filter !== never);
  const selective = parts.every(([reach]) => reach === "own" || reach === "shared");
  const granted =
    filters.length > 1 && walk !== "state" && (selective || walk === "scan")
      ? union(scope, entity, filters)
      : or(...filters);
  return only === undefined ? granted : and(granted, scope.where(entity, only));
}

/** The same records as a union of id sets, each from an index: an OR would look at every record. */
function union(scope: ReachScope, entity: EntityModel, filters: readonly Filter[]): Filter {
  return {
    op: "among",
    column: "id",
    of: filters.flatMap((filter) =>
      filter.op === "among" && filter.column === "id"
        ? filter.of
        : [{ table: entity.table, select: "id", where: and(tenantOf(scope), filter) }],
    ),
  };
}

function reachFilter(
  scope: ReachScope,
  entity: EntityModel,
  reach: Reach,
  right: RecordRight,
  depth: number,
): Filter {
  const { principal, directory } = scope;
  const { owner, team, parents } = entity.access;
  const { userId } = principal;
  const own: Filter = owner && userId !== null ? { op: "eq", column: owner.column, value: userId } : never;
  switch (reach) {
    case "all":
      return always;
    case "own":
      return own;
    case "team": {
      if (!directory || userId === null) return own;
      const teams = teamsOf(scope, directory, userId);
      const { table, columns } = directory.members;
      const mates = { op: "among", column: columns.team, of: [teams] } as const;
      return or(
        own,
        owner
          ? {
              op: "among",
              column: owner.column,
              of: [{ table, select: columns.user, where: and(alive(scope), mates) }],
            }
          : never,
        team ? { op: "among", column: team.column, of: [teams] } : never,
      );
    }
    case "subtree": {
      if (!directory || !owner || userId === null) return own;
      const { table, columns } = directory.subordinates;
      const below: Filter = { op: "eq", column: columns.manager, value: userId };
      return or(own, {
        op: "among",
        column: owner.column,
        of: [{ table, select: columns.user, where: and(alive(scope), below) }],
      });
    }
    case "shared":
      return directory ? sharedFilter(scope, directory, entity, right) : never;
    case "parent":
      if (depth >= MAX_PARENTS) return never;
      return or(
        ...parents.map(({ target, field }) => hangsOn(scope, scope.entity(target), field.column, depth)),
        ...attachedTo(scope, entity, depth),
      );
  }
}

/** The column leads to a record that the actor may read. */
function hangsOn(scope: ReachScope, target: EntityModel, local: string, depth: number): Filter {
  const readable = rightFilter(scope, target, "read", "page", depth + 1);
  if (readable === never) return never;
  return {
    op: "exists",
    table: target.table,
    local,
    foreign: "id",
    where: and(alive(scope), readable),
  };
}

/** The same for what hangs on records of any entity: a branch for each that the actor may read. */
function attachedTo(scope: ReachScope, { access: { attached } }: EntityModel, depth: number): Filter[] {
  if (!attached) return [];
  return scope.entities().flatMap((target) => {
    // What hangs on something is nothing that others hang on.
    if (target.internal || target.access.attached) return [];
    const which: Filter = { op: "eq", column: attached.entity.column, value: target.name };
    return [and(which, hangsOn(scope, target, attached.record.column, depth))];
  });
}

function sharedFilter(
  scope: ReachScope,
  directory: DirectoryTables,
  entity: EntityModel,
  right: RecordRight,
): Filter {
  const { principal } = scope;
  const { table, columns } = directory.shares;
  const of: Filter = { op: "eq", column: columns.of, value: entity.name };
  const level: Filter = right === "read" ? always : { op: "eq", column: columns.level, value: "edit" };
  const grants = (to: Filter) => ({ table, select: columns.record, where: and(alive(scope), of, level, to) });
  const sets = [];
  if (principal.userId !== null) {
    sets.push(grants({ op: "eq", column: columns.user, value: principal.userId }));
    const teams = teamsOf(scope, directory, principal.userId);
    sets.push(grants({ op: "among", column: columns.team, of: [teams] }));
  }
  if (principal.roles.length > 0)
    sets.push(grants({ op: "in", column: columns.role, values: principal.roles }));
  return sets.length === 0 ? never : { op: "among", column: "id", of: sets };
}

function teamsOf(scope: ReachScope, { members }: DirectoryTables, userId: string) {
  const where = and(alive(scope), { op: "eq", column: members.columns.user, value: userId });
  return { table: members.table, select: members.columns.team, where };
}

function tenantOf({ principal }: ReachScope): Filter {
  return { op: "eq", column: TENANT_COLUMN, value: principal.tenant };
}

function alive(scope: ReachScope): Filter {
  return and(tenantOf(scope), { op: "eq", column: LIVE_COLUMN, value: 1 });
}
