import type { Catalog } from "../../context/catalog.js";
import type { Context } from "../../context/context.js";
import type { Role } from "../../context/role.js";
import { createLru, type Lru } from "../../util/lru.js";
import { type RoleRecord, role, roleAssignment } from "../entities/role.js";
import type { Evidence } from "./evidence.js";

/** Roles of one user that are read: nobody needs more. */
export const MAX_ROLES = 100;

/** Roles of tenants as objects, per app: whatever is compiled from one is kept with it. */
const byApp = new WeakMap<Catalog["roles"], Lru<string, Role>>();

/**
 * What a user may do, as an `Identity` takes it: roles of the app by name, roles of the tenant as they are now: the
 * assignments by their index, and the tenant's roles among them by id.
 */
export async function rolesOf(ctx: Context, userId: string): Promise<readonly (string | Role)[]> {
  return (await grantsOf(ctx, userId)).roles;
}

/** What somebody may do. */
export interface Grants {
  readonly roles: readonly (string | Role)[];
  /** What they were read from; null where that does not tell all of it. */
  readonly evidence: Pick<Evidence, "assignments" | "roles"> | null;
}

/** A user's roles, with what they were read from. */
export async function grantsOf(ctx: Context, userId: string): Promise<Grants> {
  const { items } = await ctx
    .asSystem({ capability: "core.credentials", reason: "roles of a user" })
    .repo(roleAssignment)
    .find({ where: { userId }, include: ["dataRole"], orderBy: ["role"], limit: MAX_ROLES });
  const roles = items.flatMap(({ role: name, roleId, dataRole }): (string | Role)[] => {
    // A role that the app does not have any more gives nothing.
    if (roleId === null) return ctx.catalog.roles.has(name) ? [name] : [];
    return dataRole ? [roleObject(ctx, dataRole)] : [];
  });
  // A role in the recycle bin may come back.
  const isAll = items.length < MAX_ROLES && items.every((one) => one.roleId === null || one.dataRole);
  const assignments = items.map(({ id, version, dataRole: role }) => ({
    id,
    version,
    role: role ? { id: role.id, version: role.version } : null,
  }));
  return { roles, evidence: isAll ? { assignments, roles: [] } : null };
}

/** The role that a record describes: the same object as long as the record has not changed. */
export function roleObject(ctx: Context, record: RoleRecord): Role {
  const { roles: app } = ctx.catalog;
  let roles = byApp.get(app);
  if (!roles) {
    roles = createLru(1000);
    byApp.set(app, roles);
  }
  const key = `${record.tenantId}/${record.id}/${record.version}`;
  const known = roles.get(key);
  if (known) return known;
  const { name, label, entities, permissions } = record;
  const made: Role = { name, label, entities: entities as Role["entities"], permissions };
  roles.set(key, made);
  return made;
}

/** Roles of the tenant by their names. Names that are none are roles of the app. */
export async function tenantRolesOf(ctx: Context, names: readonly string[]): Promise<readonly RoleRecord[]> {
  if (names.length === 0) return [];
  const { items } = await ctx
    .asSystem({ capability: "core.credentials", reason: "roles by name" })
    .repo(role)
    .find({ where: { name: { in: [...new Set(names)] } }, limit: 500 });
  return items;
}

/** Roles by their names: those of the tenant as they are, all others as names. */
export async function namedRoles(ctx: Context, names: readonly string[]): Promise<(string | Role)[]> {
  const own = new Map((await tenantRolesOf(ctx, names)).map((record) => [record.name, record]));
  return names.map((name) => {
    const record = own.get(name);
    return record ? roleObject(ctx, record) : name;
  });
}

/** The roles of several users together, in one read. */
export async function rolesOfMany(ctx: Context, userIds: readonly string[]): Promise<(string | Role)[]> {
  const assignments = ctx
    .asSystem({ capability: "core.credentials", reason: "roles of users" })
    .repo(roleAssignment)
    .stream({ where: { userId: { in: userIds } }, include: ["dataRole"] });
  const roles = new Set<string | Role>();
  for await (const { role: name, roleId, dataRole } of assignments) {
    if (roleId === null) {
      if (ctx.catalog.roles.has(name)) roles.add(name);
    }
    if (dataRole) roles.add(roleObject(ctx, dataRole));
  }
  return [...roles];
}
