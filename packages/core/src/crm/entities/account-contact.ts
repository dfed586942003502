import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { date, reference } from "../../schema/field.js";
import { account } from "./account.js";
import { contact } from "./contact.js";

const draft = defineEntity("accountContact", {
  fields: {
    accountId: reference(account, { onDelete: "cascade" }),
    contactId: reference(contact, { onDelete: "cascade" }),
    /** What the person is there: `Board member`, `Consultant`. */
    role: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    /** The first day of it. */
    from: Type.Optional(date()),
    /** The last day of it; open where there is none. */
    until: Type.Optional(date()),
  },
  relations: { account: one("accountId"), contact: one("contactId") },
  access: { parents: ["account", "contact"] },
  unique: [["accountId", "contactId", "role", "from"]],
  indexes: [["contactId"]],
  immutable: ["accountId", "contactId"],
});

export interface AccountContact extends Row<typeof draft> {}
export interface AccountContactInput extends Input<typeof draft> {}
/** A person at an account beside the one of `contact.accountId`: each role with its dates. */
export const accountContact = draft.as<AccountContact, AccountContactInput>();
