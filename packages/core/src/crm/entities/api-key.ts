import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { instant, secret } from "../../schema/field.js";

const draft = defineEntity("apiKey", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** The public part, by which the key is found. */
    prefix: Type.String({ minLength: 8, maxLength: 16 }),
    /** SHA-256 of the whole key; the key itself is shown once and kept nowhere. */
    hash: secret(Type.String({ minLength: 64, maxLength: 64 })),
    expiresAt: Type.Optional(instant()),
    revokedAt: Type.Optional(instant()),
  },
  unique: [["prefix"]],
  immutable: ["prefix", "hash"],
  internal: true,
});

export interface ApiKey extends Row<typeof draft> {}
export interface ApiKeyInput extends Input<typeof draft> {}
/** A credential of a program. */
export const apiKey = draft.as<ApiKey, ApiKeyInput>();
