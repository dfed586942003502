import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { extendEntity } from "../../entity/extend-entity.js";
import { many, one } from "../../entity/relation.js";
import { date, normalized, reference } from "../../schema/field.js";
import { account } from "./account.js";
import { addressFields } from "./address-fields.js";
import { user } from "./user.js";

const draft = defineEntity("contact", {
  fields: {
    firstName: Type.Optional(normalized(Type.String({ maxLength: 100 }), "personName")),
    lastName: normalized(Type.String({ minLength: 1, maxLength: 100 }), "personName"),
    email: Type.Optional(normalized(Type.String({ format: "email", maxLength: 254 }), "email")),
    phone: Type.Optional(normalized(Type.String({ maxLength: 50 }), "phone", { country: "country" })),
    title: Type.Optional(normalized(Type.String({ maxLength: 100 }), "text")),
    ...addressFields,
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
