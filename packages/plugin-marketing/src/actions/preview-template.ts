import { contact, defineAction, Type } from "@corm/core";
import { messageTemplate } from "../entities/message-template.js";
import { renderMessage } from "../templates/render.js";
import { messageScope } from "../templates/variables.js";

/** `POST /api/message-templates/{id}/preview`: what one person would get; nothing is sent. */
export const previewTemplate = defineAction({
  name: "preview",
  on: messageTemplate,
  label: "Preview",
  description: "Renders a template for one contact, without sending it.",
  readOnly: true,
  input: Type.Object({ contactId: Type.String({ format: "uuid" }) }),
  output: Type.Object({ subject: Type.String(), html: Type.String(), text: Type.String() }),
  run: async ({ input, record }, ctx) => {
    const person = await ctx.repo(contact).get(input.contactId, { include: ["account"] });
    return renderMessage(
      record,
      messageScope({
        contact: person,
        topic: "Newsletter",
        mailing: record.name,
        unsubscribeUrl: "https://example.com/public/unsubscribe/preview",
      }),
    );
  },
});
