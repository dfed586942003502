import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { json, reference, withDefault } from "../../schema/field.js";
import { user } from "./user.js";

const reach = Type.Enum(["own", "team", "subtree", "shared", "parent", "all"]);
const reaches = Type.Optional(Type.Union([reach, Type.Array(reach, { minItems: 1, maxItems: 6 })]));
const fieldRight = Type.Enum(["none", "masked", "read", "write"]);
const closed = { additionalProperties: false };

/** One entry of `Role.entities`, as JSON. */
const entityGrant = Type.Object(
  {
    read: reaches,
    create: reaches,
    update: reaches,
    delete: reaches,
    purge: reaches,
    transfer: reaches,
    share: reaches,
    export: Type.Optional(Type.Boolean()),
    import: Type.Optional(Type.Boolean()),
    bulk: Type.Optional(Type.Boolean()),
    fields: Type.Optional(Type.Record(Type.String(), fieldRight)),
    sensitive: Type.Optional(fieldRight),
    only: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  closed,
);

const draft = defineEntity("role", {
  fields: {
    name: Type.String({ pattern: "^[a-z][\\w-]{0,47}$", examples: ["clerk"] }),
    label: Type.String({ minLength: 1, maxLength: 100 }),
    /** By entity name; `*` for entities that are not named. The same shape as of roles in code. */
    entities: withDefault(json(Type.Record(Type.String(), entityGrant)), {}),
    permissions: withDefault(json(Type.Array(Type.String({ maxLength: 200 }), { maxItems: 1000 })), []),
  },
  unique: [["name"]],
  immutable: ["name"],
});

export interface RoleRecord extends Row<typeof draft> {}
export interface RoleRecordInput extends Input<typeof draft> {}
/** A role of one tenant, made by its administrators beside those that the app has in code. */
export const role = draft.as<RoleRecord, RoleRecordInput>();

const assignmentDraft = defineEntity("roleAssignment", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    /** Name of a role of the tenant or of the app. */
    role: Type.String({ minLength: 1, maxLength: 100 }),
    /** The tenant's role of this name; filled in by core, null for a role of the app. */
    roleId: Type.Optional(reference(role, { onDelete: "cascade" })),
  },
  relations: { user: one("userId"), dataRole: one("roleId") },
  unique: [["userId", "role"]],
  immutable: ["userId", "role"],
});

export interface RoleAssignment extends Row<typeof assignmentDraft> {}
export interface RoleAssignmentInput extends Input<typeof assignmentDraft> {}
/** One role of one user. */
export const roleAssignment = assignmentDraft.as<RoleAssignment, RoleAssignmentInput>();
