import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, json, reference } from "../../schema/field.js";
import { contact } from "./contact.js";

const draft = defineEntity("touchpoint", {
  fields: {
    /** `form`, `email`, `phone`, … */
    channel: Type.String({ minLength: 1, maxLength: 50 }),
    source: Type.Optional(Type.String({ maxLength: 200 })),
    capturedAt: instant(),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    /** UTM parameters, referrer, landing page, click ids. */
    details: Type.Optional(json(Type.Record(Type.String(), Type.String()))),
  },
  relations: { contact: one("contactId") },
  access: { parents: ["contact"] },
  indexes: [["capturedAt"]],
  immutable: ["channel", "capturedAt"],
});

export interface Touchpoint extends Row<typeof draft> {}
export interface TouchpointInput extends Input<typeof draft> {}
/** One moment in which a person met the company. */
export const touchpoint = draft.as<Touchpoint, TouchpointInput>();
