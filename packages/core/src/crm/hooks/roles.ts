import type { Context } from "../../context/context.js";
import type { Role } from "../../context/role.js";
import { ValidationFailed } from "../../errors/core-errors.js";
import { after, before, type HookDefinition } from "../../hooks/define-hook.js";
import { type RoleAssignment, type RoleRecord, role, roleAssignment } from "../entities/role.js";
import { ADMIN, checkMayGrant, checkPermission } from "../services/rights.js";
import { namedRoles, roleObject, tenantRolesOf } from "../services/roles-of.js";

export const MANAGE_ROLES = "role.manage";

const early = { stage: "early" } as const;

/** Roles of a tenant, and who has them: both are written by those alone who may, and to no more than they have. */
export const roleHooks: readonly HookDefinition[] = [
  before(role, "create", { name: "crm.role-check", ...early }, (batch, ctx) => {
    checkPermission(ctx, MANAGE_ROLES);
    for (const { input } of batch) {
      // The role of the app would be shadowed, and with it whoever has it.
      const taken = input.name === ADMIN || ctx.catalog.roles.has(input.name);
      const issues = [...ctx.catalog.roleIssues(input)];
      if (taken)
        issues.push({ pointer: "/name", code: "taken", message: "is the name of a role of the app" });
      if (issues.length > 0) throw ValidationFailed({ entity: "role", issues });
    }
  }),
  before(role, "update", { name: "crm.role-change", ...early }, (batch, ctx) => {
    checkPermission(ctx, MANAGE_ROLES);
    for (const { before: old, patch } of batch) {
      const issues = ctx.catalog.roleIssues(patch);
      if (issues.length > 0) throw ValidationFailed({ entity: "role", issues });
      // Also what is to be taken away: nobody weakens a role that is beyond his own.
      checkMayGrant(ctx, `The role "${old.name}"`, [roleObject(ctx, old)]);
    }
  }),
  after(role, "create", { name: "crm.role-made" }, (batch, ctx) => mayGrantAll(ctx, batch)),
  after(role, "update", { name: "crm.role-changed" }, (batch, ctx) => mayGrantAll(ctx, batch)),
  ...(["delete", "purge"] as const).map((operation) =>
    before(role, operation, { name: `crm.role-${operation}`, ...early }, (batch, ctx) => {
      checkPermission(ctx, MANAGE_ROLES);
      mayGrantAll(
        ctx,
        batch.map(({ before: row }) => ({ row })),
      );
    }),
  ),
  before(role, "restore", { name: "crm.role-restore", ...early }, (batch, ctx) => {
    checkPermission(ctx, MANAGE_ROLES);
    mayGrantAll(
      ctx,
      batch.map(({ before: row }) => ({ row })),
    );
  }),
  before(roleAssignment, "create", { name: "crm.role-assignment", ...early }, async (batch, ctx) => {
    checkPermission(ctx, MANAGE_ROLES);
    const names = batch.map(({ input }) => input.role).filter((name) => typeof name === "string");
    const own = new Map((await tenantRolesOf(ctx, names)).map((record) => [record.name, record]));
    for (const { input } of batch) {
      const record = own.get(input.role);
      input.roleId = record?.id ?? null;
      if (
        !record &&
        typeof input.role === "string" &&
        input.role !== ADMIN &&
        !ctx.catalog.roles.has(input.role)
      )
        throw ValidationFailed({
          entity: "roleAssignment",
          issues: [
            { pointer: "/role", code: "unknown-role", message: "is no role of the tenant or of the app" },
          ],
        });
      checkMayGrant(ctx, `The role "${input.role}"`, [record ? roleObject(ctx, record) : input.role]);
    }
  }),
  // Whom and which is immutable, and the rest follows from it.
  before(roleAssignment, "update", { name: "crm.role-reassignment", ...early }, (batch, ctx) => {
    checkPermission(ctx, MANAGE_ROLES);
    for (const { patch } of batch) delete patch.roleId;
  }),
  ...(["delete", "purge", "restore"] as const).map((operation) =>
    before(roleAssignment, operation, { name: `crm.role-assignment-${operation}`, ...early }, (batch, ctx) =>
      mayChange(
        ctx,
        batch.map(({ before: row }) => row),
      ),
    ),
  ),
];

function mayGrantAll(ctx: Context, batch: readonly { readonly row: RoleRecord }[]): void {
  for (const { row } of batch) checkMayGrant(ctx, `The role "${row.name}"`, [roleObject(ctx, row)]);
}

async function mayChange(ctx: Context, rows: readonly RoleAssignment[]): Promise<void> {
  checkPermission(ctx, MANAGE_ROLES);
  const roles: (string | Role)[] = await namedRoles(
    ctx,
    rows.map((row) => row.role),
  );
  checkMayGrant(ctx, "The role", roles);
}
