import type { FieldRight, Reach, Role } from "../context/role.js";
import { type Issue, isCormError } from "../errors/corm-error.js";
import type { EntityModel } from "../model/entity-model.js";
import { pointer } from "../model/stored-form.js";
import { nearest } from "../util/words.js";
import { covers, recordRights } from "./policy.js";

const REACHES: readonly Reach[] = ["own", "team", "subtree", "shared", "parent", "all"];
const FIELD_RIGHTS: readonly FieldRight[] = ["none", "masked", "read", "write"];
const FLAGS = ["export", "import", "bulk"] as const;
const KEYS = new Set<string>([...recordRights, ...FLAGS, "fields", "sensitive", "only"]);
const NAME = /^[a-zA-Z][\w.-]{0,63}$/;

export interface RoleWorld {
  readonly entities: ReadonlyMap<string, EntityModel>;
  /** All permissions that actions and routes ask for. */
  readonly permissions: ReadonlySet<string>;
  /** Whether teams, hierarchies and shares are kept in this app. */
  readonly hasDirectory: boolean;
  /** Reads a condition; throws where it names what is not there. */
  readCondition(entity: EntityModel, where: unknown): void;
}

type Values = Readonly<Record<string, unknown>>;
type Found = (at: string, code: string, message: string) => void;

/** What is wrong with the name of a role in code. */
export function checkRoleName(name: unknown): Issue[] {
  if (typeof name === "string" && NAME.test(name)) return [];
  return [
    { pointer: "/name", code: "role", message: `must be letters, digits, "_", "-" and ".", at most 64` },
  ];
}

/**
 * What is wrong with what a role allows, of roles in code and of those that come as data, whatever their shape: each finding
 * with its place as a JSON Pointer. Parts that are left out are right.
 */
export function checkRole(role: { readonly [K in keyof Role]?: unknown }, world: RoleWorld): Issue[] {
  const issues: Issue[] = [];
  const found: Found = (at, code, message) => issues.push({ pointer: at, code, message });
  const permissions = role.permissions ?? [];
  if (!Array.isArray(permissions)) found("/permissions", "role", "must be a list of names");
  else
    for (const [index, name] of permissions.entries())
      checkPermission(name, `/permissions/${index}`, world, found);
  const entities = role.entities ?? {};
  if (!isObject(entities)) found("/entities", "role", "must be an object with entities as its names");
  else
    for (const [name, grant] of Object.entries(entities)) {
      const at = `/entities${pointer(name)}`;
      const entity = world.entities.get(name);
      if (!entity && name !== "*")
        found(at, "unknown-entity", isNo("entity of this app", name, world.entities.keys()));
      else if (!isObject(grant)) found(at, "role", "must be an object with rights as its names");
      else checkGrant(name, at, grant, entity, world, found);
    }
  return issues;
}

function checkPermission(name: unknown, at: string, { permissions }: RoleWorld, found: Found): void {
  if (typeof name !== "string") return void found(at, "role", "must be the name of a permission");
  const known = name === "*" || [...permissions].some((existing) => covers(name, existing));
  if (!known) found(at, "unknown-permission", isNo("permission of this app", name, permissions));
}

function checkGrant(
  name: string,
  at: string,
  grant: Values,
  entity: EntityModel | undefined,
  world: RoleWorld,
  found: Found,
): void {
  for (const key of Object.keys(grant))
    if (!KEYS.has(key)) found(`${at}${pointer(key)}`, "unknown-right", isNo("right", key, KEYS));
  for (const right of recordRights)
    for (const reach of [grant[right] ?? []].flat())
      checkReach(reach, `${at}/${right}`, entity, world, found);
  for (const flag of FLAGS)
    if (grant[flag] !== undefined && typeof grant[flag] !== "boolean")
      found(`${at}/${flag}`, "role", "is true or false");
  if (grant["sensitive"] !== undefined) checkFieldRight(grant["sensitive"], `${at}/sensitive`, found);
  const fields = grant["fields"] ?? {};
  if (!isObject(fields)) found(`${at}/fields`, "role", "must be an object with fields as its names");
  else
    for (const [field, right] of Object.entries(fields))
      checkField(name, `${at}/fields`, field, right, entity, found);
  if (grant["only"] !== undefined) checkCondition(`${at}/only`, grant["only"], entity, world, found);
}

function checkReach(
  reach: unknown,
  at: string,
  entity: EntityModel | undefined,
  world: RoleWorld,
  found: Found,
): void {
  if (!REACHES.includes(reach as Reach))
    return void found(at, "unknown-reach", `${isNo("reach", reach, [])}: there are ${REACHES.join(", ")}`);
  const reason = entity && unreachable(reach as Reach, entity, world);
  if (reason) found(at, "reaches-nothing", `"${reach as Reach}" reaches nothing: ${reason}`);
}

function checkFieldRight(right: unknown, at: string, found: Found): void {
  if (!FIELD_RIGHTS.includes(right as FieldRight)) found(at, "role", `is one of ${FIELD_RIGHTS.join(", ")}`);
}

function checkField(
  name: string,
  base: string,
  field: string,
  right: unknown,
  entity: EntityModel | undefined,
  found: Found,
): void {
  const at = `${base}${pointer(field)}`;
  checkFieldRight(right, at, found);
  if (!entity)
    return void found(at, "no-fields", `"*" has no fields of its own: name them under their entity`);
  const model = entity.fields.get(field);
  if (model?.sensitivity === "secret" && right !== "none")
    found(at, "secret-field", "is secret: no role may see it");
  if (model) return;
  const hint = nearest(field, entity.fields.keys());
  const said = hint ? `, did you mean "${hint}"?` : "";
  found(at, "unknown-field", `"${name}" has no field "${short(field)}"${said}`);
}

function checkCondition(
  at: string,
  where: unknown,
  entity: EntityModel | undefined,
  world: RoleWorld,
  found: Found,
): void {
  if (!entity) return void found(at, "no-fields", `is a condition on one entity, and cannot stand under "*"`);
  try {
    world.readCondition(entity, where);
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    found(at, error.code, error.message);
  }
}

function unreachable(reach: Reach, { access }: EntityModel, world: RoleWorld): string | undefined {
  const directory = world.hasDirectory ? undefined : "no plugin of this app keeps teams, managers and shares";
  switch (reach) {
    case "own":
      return access.owner ? undefined : "its records have no owner field";
    case "team":
      return (
        directory ?? (access.owner || access.team ? undefined : "its records have no owner or team field")
      );
    case "subtree":
      return directory ?? (access.owner ? undefined : "its records have no owner field");
    case "shared":
      return directory;
    case "parent":
      return access.parents.length > 0 || access.attached
        ? undefined
        : "it names no parents in its access option";
    case "all":
      return undefined;
  }
}

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const short = (name: unknown): string => String(name).slice(0, 64);

function isNo(what: string, name: unknown, known: Iterable<string>): string {
  const hint = typeof name === "string" ? nearest(name, known) : undefined;
  return `"${short(name)}" is no ${what}${hint ? `, did you mean "${hint}"?` : ""}`;
}
