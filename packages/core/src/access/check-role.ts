import type { EntityGrant, FieldRight, Reach, Role } from "../context/role.js";
import type { Issue } from "../errors/corm-error.js";
import type { EntityModel } from "../model/entity-model.js";
import { pointer } from "../model/stored-form.js";
import { nearest } from "../util/words.js";
import { covers, reachesOf, recordRights } from "./policy.js";

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

/** What is wrong with a role, also one that came as data: each finding with its place as a JSON Pointer. */
export function checkRole(role: Role, world: RoleWorld): Issue[] {
  const issues: Issue[] = [];
  const wrong = (at: string, message: string) => issues.push({ pointer: at, code: "role", message });
  if (typeof role.name !== "string" || !NAME.test(role.name))
    wrong("/name", `must be letters, digits, "_", "-" and ".", at most 64`);
  for (const [index, permission] of (role.permissions ?? []).entries()) {
    const known =
      permission === "*" || [...world.permissions].some((existing) => covers(permission, existing));
    if (known) continue;
    const hint = nearest(permission, world.permissions);
    wrong(
      `/permissions/${index}`,
      `"${permission}" is no permission of this app${hint ? `, did you mean "${hint}"?` : ""}`,
    );
  }
  for (const [name, grant] of Object.entries(role.entities ?? {})) {
    const entity = world.entities.get(name);
    if (!entity && name !== "*") {
      const hint = nearest(name, world.entities.keys());
      wrong(
        `/entities${pointer(name)}`,
        `"${name}" is no entity of this app${hint ? `, did you mean "${hint}"?` : ""}`,
      );
    } else checkGrant(name, grant, entity, world, wrong);
  }
  return issues;
}

function checkGrant(
  name: string,
  grant: EntityGrant,
  entity: EntityModel | undefined,
  world: RoleWorld,
  wrong: (at: string, message: string) => void,
): void {
  const at = `/entities${pointer(name)}`;
  for (const key of Object.keys(grant)) {
    if (KEYS.has(key)) continue;
    const hint = nearest(key, KEYS);
    wrong(`${at}${pointer(key)}`, `"${key}" is no right${hint ? `, did you mean "${hint}"?` : ""}`);
  }
  for (const right of recordRights) {
    for (const reach of reachesOf(grant, right)) {
      if (!REACHES.includes(reach))
        wrong(`${at}/${right}`, `"${reach}" is no reach: there are ${REACHES.join(", ")}`);
      else if (entity) {
        const reason = unreachable(reach, entity, world);
        if (reason) wrong(`${at}/${right}`, `"${reach}" reaches nothing: ${reason}`);
      }
    }
  }
  for (const flag of FLAGS) {
    if (grant[flag] !== undefined && typeof grant[flag] !== "boolean")
      wrong(`${at}/${flag}`, "is true or false");
  }
  const rights = [
    ...Object.entries(grant.fields ?? {}),
    ...(grant.sensitive === undefined ? [] : [["", grant.sensitive]]),
  ];
  for (const [field, right] of rights as [string, FieldRight][]) {
    const place = field === "" ? `${at}/sensitive` : `${at}/fields${pointer(field)}`;
    if (!FIELD_RIGHTS.includes(right)) wrong(place, `is one of ${FIELD_RIGHTS.join(", ")}`);
    if (field === "") continue;
    const model = entity?.fields.get(field);
    if (!model) {
      const hint = entity && nearest(field, entity.fields.keys());
      wrong(place, `"${name}" has no field "${field}"${hint ? `, did you mean "${hint}"?` : ""}`);
    } else if (model.sensitivity === "secret" && right !== "none") {
      wrong(place, "is secret: no role may see it");
    }
  }
  if (grant.only === undefined) return;
  if (!entity) wrong(`${at}/only`, `is a condition on one entity, and cannot stand under "*"`);
  else {
    try {
      world.readCondition(entity, grant.only);
    } catch (error) {
      wrong(`${at}/only`, (error as Error).message);
    }
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
      return access.parents.length > 0 ? undefined : "it names no parents in its access option";
    case "all":
      return undefined;
  }
}
