import { mailPort, Type } from "@corm/core";
import { StepFailed, StepUnable } from "../errors.js";
import { settingsOf } from "../services/settings.js";
import { mayMail } from "./may-mail.js";
import { defineStep } from "./step-kind.js";

/**
 * Sends one mail to one address by the app's mail port. What was begun, and whose process then ended, is not sent again:
 * the step is `uncertain`, and nobody gets a mail twice.
 */
export const sendStep = defineStep({
  name: "send",
  label: "Send a mail",
  repeats: false,
  attempts: 8,
  input: Type.Object({
    to: Type.Union([Type.String({ maxLength: 254 }), Type.Null()]),
    toName: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Null()])),
    subject: Type.String({ minLength: 1, maxLength: 500 }),
    text: Type.String({ minLength: 1, maxLength: 200_000 }),
    /** As consents name it. Whoever is no user of the app must have agreed to it; without one he must not have refused all. */
    topic: Type.Optional(Type.String({ maxLength: 100 })),
  }),
  perform: async ({ to, toName, subject, text, topic }, { books, key }) => {
    const { mailFrom } = settingsOf(books);
    const port = books.optional(mailPort);
    if (!port || !mailFrom)
      throw StepUnable({
        step: "send",
        reason: `needs a plugin with a mail server, and "mailFrom" in the options`,
      });
    if (to === null) throw StepUnable({ step: "send", reason: "has nobody to write to" });
    const refusal = await mayMail(books, to, topic);
    if (refusal !== null) return { sent: false, reason: refusal };
    const receipt = await port.send({
      messageId: `${key}@${mailFrom.address.split("@")[1] ?? "corm"}`,
      from: { name: mailFrom.name ?? "", address: mailFrom.address },
      to: { name: oneLine(toName ?? ""), address: to },
      replyTo: null,
      subject: oneLine(subject),
      text,
      html: null,
      headers: { "Auto-Submitted": "auto-generated" },
    });
    if (receipt.outcome === "later") throw StepFailed({ step: "send", reason: receipt.detail });
    return { sent: receipt.outcome === "sent", reason: receipt.outcome === "sent" ? null : receipt.detail };
  },
});

/** What fields hold may have line breaks; a header has none. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
