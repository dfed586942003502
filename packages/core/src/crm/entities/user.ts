import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { reference, withDefault } from "../../schema/field.js";

const draft = defineEntity("user", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    email: Type.Optional(Type.String({ format: "email", maxLength: 254 })),
    active: withDefault(Type.Boolean(), true),
    managerId: Type.Optional(reference("user", { onDelete: "set null" })),
    timeZone: Type.Optional(Type.String({ maxLength: 64 })),
    locale: Type.Optional(Type.String({ maxLength: 35 })),
    /** Key of the person in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { manager: one("managerId") },
  tree: { closure: "subordinate", ancestor: "managerId", descendant: "userId" },
  unique: [["email"], ["externalId"]],
  indexes: [["name"]],
  searchable: ["name", "email"],
});

export interface User extends Row<typeof draft> {}
export interface UserInput extends Input<typeof draft> {}
/** Someone who works with the CRM and may own records. */
export const user = draft.as<User, UserInput>();
