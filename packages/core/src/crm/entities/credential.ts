import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, longText, oneOf, reference, secret } from "../../schema/field.js";
import { user } from "./user.js";

const hash = () => secret(Type.String({ minLength: 64, maxLength: 64 }));

const draft = defineEntity("credential", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    /** The user's e-mail address in the form in which logins are compared. */
    login: Type.String({ minLength: 3, maxLength: 254 }),
    /** With salt and parameters, in PHC form; null until the invitation is accepted. */
    passwordHash: Type.Optional(secret(Type.String({ maxLength: 300 }))),
    changedAt: instant(),
  },
  relations: { user: one("userId") },
  unique: [["userId"], ["login"]],
  internal: true,
});

export interface Credential extends Row<typeof draft> {}
export interface CredentialInput extends Input<typeof draft> {}
/** With what a user signs in, apart from his record, so that nothing that reads users reads it. */
export const credential = draft.as<Credential, CredentialInput>();

/** Letters of a hint. An ID token has one or two thousand, and base64 adds a third. */
export const MAX_HINT = 32_768;

const sessionDraft = defineEntity("userSession", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    /** SHA-256 of the token in the cookie. */
    hash: hash(),
    method: Type.String({ minLength: 1, maxLength: 50 }),
    /** What the provider wants to see again when it is to end its own session, sealed by the app. */
    providerHint: Type.Optional(secret(longText({ maxLength: MAX_HINT }))),
    signedInAt: instant(),
    /** To the minute; not part of the record's version. */
    lastSeenAt: instant(),
    /** Whatever happens until then. */
    expiresAt: instant(),
    endedAt: Type.Optional(instant()),
    address: Type.Optional(Type.String({ maxLength: 64 })),
    userAgent: Type.Optional(Type.String({ maxLength: 300 })),
  },
  relations: { user: one("userId") },
  unique: [["hash"]],
  indexes: [["userId", "expiresAt"]],
  immutable: ["userId", "hash", "method", "providerHint", "signedInAt", "expiresAt"],
  internal: true,
});

export interface UserSession extends Row<typeof sessionDraft> {}
export interface UserSessionInput extends Input<typeof sessionDraft> {}
/** A browser in which a user has signed in. */
export const userSession = sessionDraft.as<UserSession, UserSessionInput>();

const tokenDraft = defineEntity("userToken", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    purpose: oneOf(["reset", "invitation"]),
    /** SHA-256 of purpose and token. */
    hash: hash(),
    expiresAt: instant(),
    usedAt: Type.Optional(instant()),
  },
  relations: { user: one("userId") },
  unique: [["hash"]],
  indexes: [["userId"]],
  immutable: ["userId", "purpose", "hash", "expiresAt"],
  internal: true,
});

export interface UserToken extends Row<typeof tokenDraft> {}
export interface UserTokenInput extends Input<typeof tokenDraft> {}
/** A link that was sent to a user, good for one use. */
export const userToken = tokenDraft.as<UserToken, UserTokenInput>();
