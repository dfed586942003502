import type { Context } from "../../context/context.js";
import type { EntityGrant, FieldRight, RecordRight, Role } from "../../context/role.js";
import { Forbidden } from "../../errors/core-errors.js";
import { RightsExceeded } from "../errors.js";

/** The role that may grant everything. */
export const ADMIN = "admin";
const RECORD_RIGHTS: readonly RecordRight[] = [
  "read",
  "create",
  "update",
  "delete",
  "purge",
  "transfer",
  "share",
];
const FLAGS = ["export", "import", "bulk"] as const;
const FIELD_RANK: readonly FieldRight[] = ["none", "masked", "read", "write"];

/** The actor may grant whatever there is: he is the system, or an administrator whom no scopes narrow. */
export function grantsFreely(ctx: Context): boolean {
  return ctx.actor.kind === "system" || (ctx.roles.includes(ADMIN) && ctx.scopes === undefined);
}

/** @throws forbidden where no role of the actor has the permission */
export function checkPermission(ctx: Context, permission: string): void {
  if (!ctx.permits(permission))
    throw Forbidden({ reason: `This takes the permission "${permission}", which none of your roles has.` });
}

function heldRoles(ctx: Context): Role[] {
  return ctx.roles.flatMap((role) =>
    typeof role === "object" ? [role] : (ctx.catalog.roles.get(role) ?? []),
  );
}

/**
 * Nobody gives others more than he has himself: the way from some rights to all of them would be one step long.
 *
 * @param what as the error names it
 * @throws rights-exceeded
 */
export function checkMayGrant(ctx: Context, what: string, wanted: readonly (string | Role)[]): void {
  if (grantsFreely(ctx)) return;
  // What scopes leave of a role cannot be written as a role.
  if (ctx.scopes !== undefined) throw RightsExceeded({ what });
  for (const role of wanted) {
    if (ctx.roles.includes(role)) continue;
    const known = typeof role === "string" ? ctx.catalog.roles.get(role) : role;
    if (!known || !covers(ctx, known)) throw RightsExceeded({ what });
  }
}

function covers(ctx: Context, wanted: Role): boolean {
  const held = heldRoles(ctx);
  const entities = [
    ...ctx.asSystem({ capability: "core.credentials", reason: "compare roles" }).catalog.entities.keys(),
  ];
  return (
    wanted.permissions.every((name) =>
      held.some((role) => role.permissions.some((own) => implies(own, name))),
    ) &&
    entities.every((entity) => {
      const grant = grantOn(wanted, entity);
      return grant === undefined || held.some((role) => includes(grantOn(role, entity), grant));
    })
  );
}

function grantOn(role: Role, entity: string): EntityGrant | undefined {
  return Object.hasOwn(role.entities, entity) ? role.entities[entity] : role.entities["*"];
}

/** `lead.*` implies `lead.convert` and `lead.*`. */
function implies(own: string, wanted: string): boolean {
  return own === "*" || own === wanted || (own.endsWith(".*") && wanted.startsWith(own.slice(0, -1)));
}

/** One grant is within another. Where it cannot be told, as of two conditions, it is not. */
function includes(own: EntityGrant | undefined, wanted: EntityGrant): boolean {
  if (!own) return false;
  if (own.only !== undefined && JSON.stringify(own.only) !== JSON.stringify(wanted.only)) return false;
  const reaches = RECORD_RIGHTS.every((right) => {
    const reach = listOf(own[right]);
    return reach.includes("all") || listOf(wanted[right]).every((one) => reach.includes(one));
  });
  if (!reaches || FLAGS.some((flag) => wanted[flag] === true && own[flag] !== true)) return false;
  return fieldsInclude(own, wanted);
}

function fieldsInclude(own: EntityGrant, wanted: EntityGrant): boolean {
  const rank = (right: FieldRight | undefined, usual: FieldRight) => FIELD_RANK.indexOf(right ?? usual);
  if (rank(wanted.sensitive, "none") > rank(own.sensitive, "none")) return false;
  const ownFields = (own.fields ?? {}) as Readonly<Record<string, FieldRight>>;
  const wantedFields = (wanted.fields ?? {}) as Readonly<Record<string, FieldRight>>;
  const names = new Set([...Object.keys(ownFields), ...Object.keys(wantedFields)]);
  // A field that only one of the two names may be a sensitive one: then the other's right on those counts.
  return [...names].every((name) => {
    const has = Object.hasOwn(ownFields, name) ? rank(ownFields[name], "none") : rank(own.sensitive, "none");
    const gets = Object.hasOwn(wantedFields, name) ? rank(wantedFields[name], "none") : rank("write", "none");
    return gets <= has;
  });
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]) as readonly T[];
}
