import { defineEntity, type Input, longText, type Row, Type } from "@corm/core";

const draft = defineEntity("messageTemplate", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** Liquid; one line. */
    subject: Type.String({ minLength: 1, maxLength: 500 }),
    /** Liquid in HTML. */
    html: longText({ maxLength: 200_000 }),
    /** Liquid. Left out, the text part is derived from `html`. */
    text: Type.Optional(longText({ maxLength: 200_000 })),
  },
  unique: [["name"]],
  searchable: ["name", "subject"],
});

export interface MessageTemplate extends Row<typeof draft> {}
export interface MessageTemplateInput extends Input<typeof draft> {}
/** What a message says, with places for what differs from person to person. */
export const messageTemplate = draft.as<MessageTemplate, MessageTemplateInput>();
