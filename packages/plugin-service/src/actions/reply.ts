import { type Context, contact, defineAction, oneOf, Type, user } from "@corm/core";
import { type Mailbox, mailbox } from "../entities/mailbox.js";
import { TICKET_STATUSES, type Ticket, ticket } from "../entities/ticket.js";
import { type TicketMessage, ticketMessage } from "../entities/ticket-message.js";
import { AddressUnusable, NobodyToReplyTo, NoMailboxToReplyFrom } from "../errors.js";
import { isPlainAddress } from "../mail/addresses.js";
import { cleanText } from "../mail/clean-text.js";
import { replyAddress, replySubject, replyToken } from "../mail/reply-token.js";
import { isId } from "../services/ids.js";

const MAX_REFERENCES = 20;

/**
 * Records an agent's reply, ready to be sent: `queued`, with the ticket's token for its recipient in subject and reply
 * address. The first one is the ticket's first response. An open ticket becomes pending, unless `status` says
 * otherwise. `POST /api/tickets/{id}/reply`
 *
 * @throws address-unusable, nobody-to-reply-to, no-mailbox-to-reply-from
 */
export const reply = defineAction({
  name: "reply",
  on: ticket,
  label: "Reply",
  description: "Records a reply to the customer, ready to be sent.",
  input: Type.Object({
    text: Type.String({ minLength: 1, maxLength: 500_000 }),
    html: Type.Optional(Type.String({ maxLength: 500_000 })),
    /** Default: who asked, else the contact. One, since the token is for one. */
    to: Type.Optional(Type.String({ maxLength: 254 })),
    /** Of the ticket afterwards. Default: `pending` for an open ticket, else as it is. */
    status: Type.Optional(oneOf(TICKET_STATUSES)),
  }),
  output: Type.Object({
    /** Of the message. */
    id: Type.String(),
    messageId: Type.String(),
    to: Type.String(),
    subject: Type.String(),
    replyTo: Type.String(),
    status: Type.String(),
  }),
  run: async ({ input, record }, ctx) => {
    // Who may reply to the ticket needs no rights on mailboxes, and none on messages but through this.
    const system = ctx.asSystem({ capability: "service.mail", reason: "reply to a ticket" });
    const to = await recipientOf(system, record, input.to);
    const from = await senderOf(system, record);
    const token = replyToken(ctx, record, to);
    const answered = await lastReceived(system, record.id);
    const messageId = `${ctx.newId()}@${from.address.slice(from.address.lastIndexOf("@") + 1)}`;
    const subject = replySubject(record.subject, token);
    const replyTo = replyAddress(from.address, token);
    const { id } = await system.repo(ticketMessage).create({
      ticketId: record.id,
      direction: "out",
      status: "queued",
      authorId: await authorOf(ctx),
      mailboxId: from.id,
      fromAddress: from.address,
      fromName: from.name,
      toAddresses: [to],
      replyToAddress: replyTo,
      messageId,
      inReplyTo: answered?.messageId ?? null,
      references: referencesOf(answered),
      subject,
      text: cleanText(input.text, 500_000),
      html: input.html === undefined ? null : cleanText(input.html, 500_000),
    });
    const status = input.status ?? (record.status === "open" ? "pending" : record.status);
    if (status !== record.status) await ctx.repo(ticket).update(record.id, { status });
    return { id, messageId, to, subject, replyTo, status };
  },
});

async function recipientOf(ctx: Context, found: Ticket, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    // A comma would add a recipient, and a line break a header.
    if (!isPlainAddress(given)) {
      throw AddressUnusable({ pointer: "/to", reason: "is not one plain e-mail address" });
    }
    return given.toLowerCase();
  }
  const known = found.requesterEmail ?? (await contactEmail(ctx, found.contactId));
  if (known === null || !isPlainAddress(known)) throw NobodyToReplyTo({ number: found.number });
  return known.toLowerCase();
}

async function contactEmail(ctx: Context, contactId: string | null): Promise<string | null> {
  if (contactId === null) return null;
  return (await ctx.repo(contact).first({ where: { id: contactId } }))?.email ?? null;
}

/** The ticket's mailbox, else its queue's, else the first one that there is. */
async function senderOf(ctx: Context, { mailboxId, queueId, number }: Ticket): Promise<Mailbox> {
  const boxes = ctx.repo(mailbox);
  const own = mailboxId === null ? null : await boxes.first({ where: { id: mailboxId } });
  if (own) return own;
  const ofQueue = queueId === null ? null : await boxes.first({ where: { queueId }, orderBy: ["id"] });
  const box = ofQueue ?? (await boxes.first({ orderBy: ["createdAt", "id"] }));
  if (!box) throw NoMailboxToReplyFrom({ number });
  return box;
}

function lastReceived(ctx: Context, ticketId: string): Promise<TicketMessage | null> {
  return ctx.repo(ticketMessage).first({
    where: { ticketId, direction: "in", automatic: null, messageId: { isNull: false } },
    orderBy: ["-createdAt", "-id"],
  });
}

function referencesOf(answered: TicketMessage | null): string[] {
  if (!answered?.messageId) return [];
  return [...(answered.references ?? []), answered.messageId].slice(-MAX_REFERENCES);
}

/** The user who replies, where he is one of the CRM's. */
async function authorOf(ctx: Context): Promise<string | null> {
  const { actor } = ctx;
  if (actor.kind !== "user" || !isId(actor.id)) return null;
  const users = ctx.asSystem({ capability: "service.mail", reason: "author of a reply" }).repo(user);
  return (await users.first({ where: { id: actor.id } }))?.id ?? null;
}
