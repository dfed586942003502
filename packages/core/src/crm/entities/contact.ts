import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { extendEntity } from "../../entity/extend-entity.js";
import { many, one } from "../../entity/relation.js";
import { date, reference } from "../../schema/field.js";
import { account } from "./account.js";
import { user } from "./user.js";

const draft = defineEntity("contact", {
  fields: {
    firstName: Type.Optional(Type.String({ maxLength: 100 })),
    lastName: Type.String({ minLength: 1, maxLength: 100 }),
    email: Type.Optional(Type.String({ format: "email", maxLength: 254 })),
    phone: Type.Optional(Type.String({ maxLength: 50 })),
    title: Type.Optional(Type.String({ maxLength: 100 })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    birthday: Type.Optional(date()),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { account: one("accountId"), owner: one("ownerId") },
  access: { parents: ["account"] },
  indexes: [["email"], ["lastName", "firstName"]],
  unique: [["externalId"]],
  searchable: ["firstName", "lastName", "email", "title"],
});

export interface Contact extends Row<typeof draft> {}
export interface ContactInput extends Input<typeof draft> {}
/** A person. */
export const contact = draft.as<Contact, ContactInput>();

/** The account with its people: declared here, since a contact points at its account and not the other way round. */
export const accountWithContacts = extendEntity(account, {
  relations: { contacts: many(contact, "accountId") },
});
