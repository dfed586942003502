import { contact, defineEntity, type Input, type Row, reference, Type } from "@corm/core";
import { lead } from "./lead.js";

const draft = defineEntity("capturedMail", {
  fields: {
    messageId: Type.String({ minLength: 1, maxLength: 500 }),
    leadId: Type.Optional(reference(lead, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
  },
  unique: [["messageId"]],
  immutable: ["messageId"],
  internal: true,
  journal: false,
});

export interface CapturedMail extends Row<typeof draft> {}
export interface CapturedMailInput extends Input<typeof draft> {}
/** A mail that was taken in, so that it is not taken in again. */
export const capturedMail = draft.as<CapturedMail, CapturedMailInput>();
