import { defineAction, Type } from "@corm/core";
import { mailing } from "../entities/mailing.js";
import { messageTemplate } from "../entities/message-template.js";
import { MailingNotEditable } from "../errors.js";

/**
 * `POST /api/mailings/{id}/send`: freezes what the mailing says and queues it. A second call, also one at the same
 * moment, finds it queued and changes nothing. Recipients are found, and messages handed over, after the commit.
 */
export const sendMailing = defineAction({
  name: "send",
  on: mailing,
  label: "Send",
  description: "Sends the mailing to everyone in its segment who allows it.",
  input: Type.Object({}),
  output: Type.Object({ status: Type.String() }),
  run: async ({ record }, ctx) => {
    if (record.status === "cancelled") {
      throw MailingNotEditable({
        id: record.id,
        status: record.status,
        what: "make a new one to send again",
      });
    }
    if (record.status !== "draft") return { status: record.status };
    const { subject, html, text } = await ctx.repo(messageTemplate).get(record.templateId);
    await ctx
      .asSystem({ capability: "marketing.deliver", reason: "send a mailing" })
      .repo(mailing)
      .update(record.id, { status: "queued", content: { subject, html, text }, queuedAt: ctx.now() });
    return { status: "queued" };
  },
});
