import type { AccessExplanation, AccessPath, Reach, RecordRight } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Operations, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { isUuid } from "../util/uuid.js";
import { type ReachScope, readWithFilter } from "./reach-filter.js";
import { ActorAccess, type SessionAccess } from "./session-access.js";

/** Grants to one record that are looked at. */
const MAX_SHARES = 500;
const MAX_PARENTS = 4;

/** What an explanation looks things up with. */
interface Inquiry {
  readonly operations: Operations;
  readonly access: ActorAccess;
  /** The tenant's rows, those of the recycle bin too. */
  readonly rows: Filter;
  /** The tenant's rows outside the recycle bin. */
  readonly live: Filter;
}

const nothing: AccessExplanation = { allowed: false, exists: false, paths: [], restrictedBy: [] };

/**
 * Judges one record by the policy itself, grant by grant, and not by the filter that lists are made with: each serves
 * as a check of the other.
 */
export async function explainAccess(
  operations: Operations,
  access: SessionAccess,
  entity: EntityModel,
  id: string,
  right: RecordRight,
  rows: Filter,
): Promise<AccessExplanation> {
  if (!(access instanceof ActorAccess)) {
    const path: AccessPath = {
      role: "system",
      reach: "all",
      holds: true,
      because: "has the rights of the system",
    };
    return { allowed: true, exists: true, paths: [path], restrictedBy: [] };
  }
  if (!isUuid(id.toLowerCase())) return nothing;
  const live = and(rows, { op: "eq", column: "live", value: 1 });
  return judge({ operations, access, rows, live }, entity, id.toLowerCase(), right, 0);
}

async function judge(
  inquiry: Inquiry,
  entity: EntityModel,
  id: string,
  right: RecordRight,
  depth: number,
): Promise<AccessExplanation> {
  const row = await rowOf(inquiry, entity, id, inquiry.rows);
  if (!row) return nothing;
  const { scope, policy } = inquiry.access;
  const { rights, restrictions } = policy.of(entity.name);
  const paths: AccessPath[] = [];
  for (const { role, reaches, only } of rights.get(right) ?? []) {
    const narrowed = only !== undefined && !(await rowOf(inquiry, entity, id, scope.where(entity, only)));
    for (const reach of reaches) {
      const reason = await reasonOf(inquiry, entity, row, reach, right, depth);
      const because = reason ?? "is not";
      paths.push(
        narrowed && reason
          ? { role, reach, holds: false, because: `${because}, but not within the role's condition` }
          : { role, reach, holds: reason !== undefined, because },
      );
    }
  }
  const restrictedBy: string[] = [];
  for (const { name, where } of restrictions) {
    if (!(await rowOf(inquiry, entity, id, scope.where(entity, where)))) restrictedBy.push(name);
  }
  const { readWith } = entity.access;
  if (readWith && !(await rowOf(inquiry, entity, id, readWithFilter(scope, entity, depth))))
    restrictedBy.push("records that it tells of");
  const allowed = paths.some((path) => path.holds) && restrictedBy.length === 0;
  return { allowed, exists: true, paths, restrictedBy };
}

/** How the record is within reach, in words; undefined where it is not. */
async function reasonOf(
  inquiry: Inquiry,
  entity: EntityModel,
  row: StoredRow,
  reach: Reach,
  right: RecordRight,
  depth: number,
): Promise<string | undefined> {
  const { owner, team, parents } = entity.access;
  const { scope } = inquiry.access;
  const { userId } = scope.principal;
  const ownerId = owner ? ((row[owner.column] ?? null) as string | null) : null;
  const isOwn = ownerId !== null && ownerId === userId;
  switch (reach) {
    case "all":
      return "is a record of the tenant";
    case "own":
      return isOwn ? "is owned by the actor" : undefined;
    case "team": {
      if (isOwn) return "is owned by the actor";
      const teams = await teamsOf(inquiry);
      const its = team ? ((row[team.column] ?? null) as string | null) : null;
      if (its !== null && teams.has(its)) return `belongs to the actor's team ${its}`;
      const shared = ownerId === null ? [] : await teamsOfOwner(inquiry, ownerId, teams);
      return shared[0] === undefined ? undefined : `is owned by somebody of the actor's team ${shared[0]}`;
    }
    case "subtree":
      if (isOwn) return "is owned by the actor";
      return ownerId !== null && (await isBelow(inquiry, ownerId))
        ? "is owned by somebody below the actor"
        : undefined;
    case "shared":
      return shareReason(inquiry, entity, row["id"] as string, right);
    case "parent":
      if (depth >= MAX_PARENTS) return undefined;
      for (const relation of parents) {
        const parentId = row[relation.field.column];
        if (typeof parentId !== "string") continue;
        const target = scope.entity(relation.target);
        if (!(await rowOf(inquiry, target, parentId, inquiry.live))) continue;
        const { allowed } = await judge(inquiry, target, parentId, "read", depth + 1);
        if (allowed) return `hangs on the ${relation.target} ${parentId}, which the actor may read`;
      }
      return attachedReason(inquiry, entity, row, depth);
  }
}

async function attachedReason(
  inquiry: Inquiry,
  { access: { attached } }: EntityModel,
  row: StoredRow,
  depth: number,
): Promise<string | undefined> {
  if (!attached) return undefined;
  const [name, id] = [row[attached.entity.column] as string, row[attached.record.column] as string];
  const target = inquiry.access.scope.entities().find((each) => each.name === name);
  if (!target || target.internal || target.access.attached) return undefined;
  if (!(await rowOf(inquiry, target, id, inquiry.live))) return undefined;
  const { allowed } = await judge(inquiry, target, id, "read", depth + 1);
  return allowed ? `hangs on the ${name} ${id}, which the actor may read` : undefined;
}

async function rowOf(
  { operations, rows }: Inquiry,
  entity: EntityModel,
  id: string,
  where: Filter,
): Promise<StoredRow | undefined> {
  const found = await operations.findMany({
    table: entity.table,
    columns: entity.columns,
    where: and({ op: "eq", column: "id", value: id }, rows, where),
    orderBy: [],
    limit: 1,
  });
  return found[0];
}

async function column(
  { operations, live }: Inquiry,
  table: string,
  name: string,
  where: Filter,
  limit: number,
): Promise<string[]> {
  const rows = await operations.findMany({
    table,
    columns: [name],
    where: and(live, where),
    orderBy: [],
    limit,
  });
  return rows.map((row) => row[name] as string);
}

async function teamsOf(inquiry: Inquiry): Promise<ReadonlySet<string>> {
  const { directory, principal } = inquiry.access.scope;
  if (!directory || principal.userId === null) return new Set();
  const { table, columns } = directory.members;
  const mine: Filter = { op: "eq", column: columns.user, value: principal.userId };
  return new Set(await column(inquiry, table, columns.team, mine, 10_000));
}

async function teamsOfOwner(
  inquiry: Inquiry,
  ownerId: string,
  teams: ReadonlySet<string>,
): Promise<string[]> {
  const { directory } = inquiry.access.scope;
  if (!directory || teams.size === 0) return [];
  const { table, columns } = directory.members;
  const his: Filter = { op: "eq", column: columns.user, value: ownerId };
  const both = and(his, { op: "in", column: columns.team, values: [...teams] });
  return column(inquiry, table, columns.team, both, 1);
}

async function isBelow(inquiry: Inquiry, userId: string): Promise<boolean> {
  const { directory, principal } = inquiry.access.scope;
  if (!directory || principal.userId === null) return false;
  const { table, columns } = directory.subordinates;
  const pair = and(
    { op: "eq", column: columns.manager, value: principal.userId },
    { op: "eq", column: columns.user, value: userId },
  );
  return (await column(inquiry, table, columns.user, pair, 1)).length > 0;
}

async function shareReason(
  inquiry: Inquiry,
  entity: EntityModel,
  id: string,
  right: RecordRight,
): Promise<string | undefined> {
  const { directory, principal }: ReachScope = inquiry.access.scope;
  if (!directory) return undefined;
  const { table, columns } = directory.shares;
  const shares = await inquiry.operations.findMany({
    table,
    columns: [columns.user, columns.team, columns.role, columns.level],
    where: and(
      inquiry.live,
      { op: "eq", column: columns.of, value: entity.name },
      { op: "eq", column: columns.record, value: id },
    ),
    orderBy: [],
    limit: MAX_SHARES,
  });
  const teams = await teamsOf(inquiry);
  for (const share of shares) {
    if (right !== "read" && share[columns.level] !== "edit") continue;
    if (share[columns.user] !== null && share[columns.user] === principal.userId)
      return "was shared with the actor";
    if (teams.has(share[columns.team] as string))
      return `was shared with the actor's team ${share[columns.team]}`;
    if (principal.roles.includes(share[columns.role] as string))
      return `was shared with the role "${share[columns.role]}"`;
  }
  return undefined;
}
