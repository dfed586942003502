import {
  defineEntity,
  type Input,
  instant,
  json,
  longText,
  one,
  oneOf,
  type Row,
  reference,
  type Static,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { mailbox } from "./mailbox.js";
import { ticket } from "./ticket.js";

/** What is known of one attachment. Its bytes are in the original mail. */
export const attachmentInfo = Type.Object(
  {
    /** Safe as the name of a file: no path, no control characters. */
    fileName: Type.String(),
    contentType: Type.String(),
    /** Bytes. */
    size: Type.Integer({ minimum: 0 }),
    /** Of a picture within the HTML. */
    contentId: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type AttachmentInfo = Static<typeof attachmentInfo>;

const addresses = Type.Array(Type.String({ maxLength: 254 }), { maxItems: 200 });
const messageIds = Type.Array(Type.String({ maxLength: 250 }), { maxItems: 50 });

const draft = defineEntity("ticketMessage", {
  fields: {
    /** None for mail in quarantine. */
    ticketId: Type.Optional(reference(ticket, { onDelete: "cascade" })),
    /** From the customer, to the customer, or among agents. */
    direction: oneOf(["in", "out", "note"]),
    /** Mail that came in is `received` or `quarantined`; replies are `queued` until who sends them says otherwise. */
    status: withDefault(
      oneOf(["received", "quarantined", "queued", "sent", "failed", "recorded"]),
      "recorded",
    ),
    authorId: Type.Optional(reference(user, { onDelete: "set null" })),
    mailboxId: Type.Optional(reference(mailbox, { onDelete: "set null" })),
    fromAddress: Type.Optional(Type.String({ maxLength: 254 })),
    fromName: Type.Optional(Type.String({ maxLength: 200 })),
    /** To and Cc. */
    toAddresses: Type.Optional(json(addresses)),
    /** Where an answer to a reply of ours goes: holds the ticket's token. */
    replyToAddress: Type.Optional(Type.String({ maxLength: 254 })),
    /** Message-ID without brackets; of mail without one, derived from its content. */
    messageId: Type.Optional(Type.String({ maxLength: 250 })),
    inReplyTo: Type.Optional(Type.String({ maxLength: 250 })),
    /** References, oldest first. */
    references: Type.Optional(json(messageIds)),
    subject: Type.Optional(Type.String({ maxLength: 1000 })),
    /** What its author wrote. */
    text: Type.Optional(longText()),
    /** What stood below: the text that was answered, split off. */
    quotedText: Type.Optional(longText()),
    signature: Type.Optional(longText()),
    /** As it came, unsafe to show without cleaning. */
    html: Type.Optional(longText()),
    attachments: Type.Optional(json(Type.Array(attachmentInfo, { maxItems: 200 }))),
    /** By our clock. */
    receivedAt: Type.Optional(instant()),
    /** By the sender's. */
    sentAt: Type.Optional(instant()),
    /** What shows that a program sent it: `auto-reply`, `bounce`, … */
    automatic: Type.Optional(Type.String({ maxLength: 50 })),
    quarantineReason: Type.Optional(Type.String({ maxLength: 500 })),
    /** Bytes of the original mail. */
    size: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  relations: { ticket: one("ticketId"), author: one("authorId"), mailbox: one("mailboxId") },
  access: { parents: ["ticket"] },
  indexes: [
    ["ticketId", "receivedAt"],
    ["status", "receivedAt"],
    ["fromAddress", "receivedAt"],
  ],
  unique: [["messageId"]],
  immutable: ["direction", "messageId"],
  searchable: ["subject", "fromAddress"],
});

export interface TicketMessage extends Row<typeof draft> {}
export interface TicketMessageInput extends Input<typeof draft> {}
/** One mail, reply or note. */
export const ticketMessage = draft.as<TicketMessage, TicketMessageInput>();

const sourceDraft = defineEntity("mailSource", {
  fields: {
    messageId: reference(ticketMessage, { onDelete: "cascade" }),
    /** From 0. */
    position: Type.Integer({ minimum: 0 }),
    /** Base64 of at most 384 KiB: in one piece, a long mail would be too much for a database packet. */
    data: longText(),
  },
  unique: [["messageId", "position"]],
  immutable: ["messageId", "position", "data"],
  internal: true,
});

export interface MailSource extends Row<typeof sourceDraft> {}
export interface MailSourceInput extends Input<typeof sourceDraft> {}
/** A piece of a mail as it came, byte for byte. */
export const mailSource = sourceDraft.as<MailSource, MailSourceInput>();
