import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, longText, oneOf, reference } from "../../schema/field.js";
import { account } from "./account.js";
import { contact } from "./contact.js";
import { user } from "./user.js";

const draft = defineEntity("activity", {
  plural: "activities",
  fields: {
    kind: oneOf(["call", "meeting", "email", "visit", "task", "note"]),
    subject: Type.String({ minLength: 1, maxLength: 250 }),
    body: Type.Optional(longText()),
    dueAt: Type.Optional(instant()),
    doneAt: Type.Optional(instant()),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { owner: one("ownerId"), account: one("accountId"), contact: one("contactId") },
  access: { parents: ["account", "contact"] },
  indexes: [["ownerId", "doneAt", "dueAt"]],
  unique: [["externalId"]],
  searchable: ["subject"],
});

export interface Activity extends Row<typeof draft> {}
export interface ActivityInput extends Input<typeof draft> {}
/** Something done or to do. Plugins add references to what else it is about. */
export const activity = draft.as<Activity, ActivityInput>();
