import { defineAction, oneOf, Type } from "@corm/core";
import { ticket } from "../entities/ticket.js";
import { MailUnreadable } from "../errors.js";
import { receiveMail } from "../mail/receive-mail.js";
import { settingsOf } from "../services/settings.js";

const nullable = Type.Union([Type.String(), Type.Null()]);

/** What became of a mail. */
export const mailReceipt = Type.Object({
  outcome: oneOf(["opened", "threaded", "duplicate", "quarantined"]),
  /** Of the message. */
  id: Type.String(),
  ticketId: nullable,
  ticketNumber: Type.Union([Type.Integer(), Type.Null()]),
  /** Why it is in quarantine, or why somebody should look at it. */
  reason: nullable,
});

/**
 * Takes in a mail: a new ticket, or a message of the one that it answers. The same mail twice, also at the same
 * moment, is one message. `POST /api/tickets/receive-email`; mail servers use `POST /api/inbound-mail/{mailbox}`.
 *
 * @throws mailbox-unknown; mail-unreadable where the base64 is none
 */
export const receiveEmail = defineAction({
  name: "receiveEmail",
  on: ticket,
  collection: true,
  label: "Receive an e-mail",
  description: "Makes a ticket of a raw MIME mail, or adds it to the ticket that it answers.",
  input: Type.Object({
    /** The mail as it came, headers and all. */
    raw: Type.String(),
    /** How `raw` is written: `base64` keeps every byte, `text` is for mail in UTF-8 only. Default `text`. */
    encoding: Type.Optional(oneOf(["text", "base64"])),
    /** The address that it was delivered to, with or without a tag. */
    mailbox: Type.String({ minLength: 3, maxLength: 320 }),
    /** SMTP's MAIL FROM; empty for the null return path of bounces. */
    envelopeSender: Type.Optional(Type.String({ maxLength: 320 })),
  }),
  output: mailReceipt,
  run: async ({ input }, caller) => {
    const { raw, encoding = "text", mailbox, envelopeSender } = input;
    if (encoding === "base64" && !isBase64(raw)) throw MailUnreadable({ reason: `"raw" is not base64` });
    const ctx = caller.asSystem({ capability: "service.mail", reason: `e-mail to ${mailbox}` });
    const bytes = Buffer.from(raw, encoding === "base64" ? "base64" : "utf8");
    return receiveMail(ctx, { raw: bytes, mailbox, envelopeSender }, settingsOf(ctx));
  },
});

/** Node skips what is no base64, and would keep half a mail without a word. Line breaks are usual. */
const isBase64 = (text: string): boolean => /^[A-Za-z0-9+/\s]*(?:=\s*){0,2}$/.test(text);
