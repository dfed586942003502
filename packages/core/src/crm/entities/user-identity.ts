import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, reference } from "../../schema/field.js";
import { user } from "./user.js";

const draft = defineEntity("userIdentity", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    issuer: Type.String({ minLength: 1, maxLength: 255 }),
    /** The person's key at the issuer. Issuers keep it within 255 characters of ASCII. */
    subject: Type.String({ minLength: 1, maxLength: 255 }),
    linkedAt: instant(),
  },
  relations: { user: one("userId") },
  // A second person of the issuer with the same address is somebody else, who got it afterwards.
  unique: [
    ["issuer", "subject"],
    ["userId", "issuer"],
  ],
  immutable: ["userId", "issuer", "subject"],
  internal: true,
});

export interface UserIdentity extends Row<typeof draft> {}
export interface UserIdentityInput extends Input<typeof draft> {}
/** As whom a user is known to a provider of sign-in. */
export const userIdentity = draft.as<UserIdentity, UserIdentityInput>();
