import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, json, reference, secret, withDefault } from "../../schema/field.js";
import { user } from "./user.js";

const hash = () => Type.String({ minLength: 64, maxLength: 64 });

const draft = defineEntity("apiKey", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** The public part, by which the key is found. Stays when the key is rotated. */
    prefix: Type.String({ minLength: 12, maxLength: 12 }),
    /** SHA-256 of the whole key; the key itself is shown once and kept nowhere. */
    hash: secret(hash()),
    /** Names of roles; a key without any can do nothing, unless it works for a user. */
    roles: withDefault(json(Type.Array(Type.String({ minLength: 1, maxLength: 100 }), { maxItems: 50 })), []),
    /** Those of `roles` that are the tenant's own, as they were named when the key was made. */
    tenantRoles: withDefault(json(Type.Array(Type.Object({ id: Type.String(), name: Type.String() }))), []),
    /** Narrows what the roles allow; null for all of it. */
    scopes: Type.Optional(json(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: 200 }))),
    /** In whose name the key works: while this user is active. */
    userId: Type.Optional(reference(user, { onDelete: "cascade" })),
    expiresAt: Type.Optional(instant()),
    revokedAt: Type.Optional(instant()),
    /** The key before the last rotation, valid until `previousUntil`. */
    previousHash: Type.Optional(secret(hash())),
    previousUntil: Type.Optional(instant()),
    /** To the minute; not part of the record's version. */
    lastUsedAt: Type.Optional(instant()),
    /** Who made it, as `user:<id>`. */
    createdBy: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { user: one("userId") },
  unique: [["prefix"]],
  immutable: ["prefix", "createdBy"],
  internal: true,
});

export interface ApiKey extends Row<typeof draft> {}
export interface ApiKeyInput extends Input<typeof draft> {}
/** A credential of a program. */
export const apiKey = draft.as<ApiKey, ApiKeyInput>();
