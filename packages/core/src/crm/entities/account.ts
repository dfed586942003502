import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { normalized, reference } from "../../schema/field.js";
import { addressFields } from "./address-fields.js";
import { user } from "./user.js";

const draft = defineEntity("account", {
  fields: {
    name: normalized(Type.String({ minLength: 1, maxLength: 200 }), "company"),
    domain: Type.Optional(normalized(Type.String({ maxLength: 253 }), "domain")),
    industry: Type.Optional(Type.String({ maxLength: 100 })),
    phone: Type.Optional(normalized(Type.String({ maxLength: 50 }), "phone", { country: "country" })),
    website: Type.Optional(normalized(Type.String({ maxLength: 500 }), "url")),
    ...addressFields,
    employees: Type.Optional(Type.Integer({ minimum: 0 })),
    parentId: Type.Optional(reference("account", { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** Key of the company in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { parent: one("parentId"), owner: one("ownerId") },
  tree: { closure: "accountAncestor", ancestor: "ancestorId", descendant: "accountId" },
  indexes: [["name"], ["domain"]],
  unique: [["externalId"]],
  searchable: ["name", "domain", "industry"],
});

export interface Account extends Row<typeof draft> {}
export interface AccountInput extends Input<typeof draft> {}
/** A company or other organisation that one does business with. */
export const account = draft.as<Account, AccountInput>();
