import { type Context, TransactionConflict, UniqueViolation } from "@corm/core";
import {
  type MailSourceInput,
  mailSource,
  type TicketMessage,
  type TicketMessageInput,
  ticketMessage,
} from "../entities/ticket-message.js";
import type { ParsedMail } from "./parse-mail.js";
import { splitReply } from "./split-reply.js";

/** Divisible by three, so that the pieces of base64 join. */
const PIECE_BYTES = 384 * 1024;
const PIECES_AT_ONCE = 4;

/** What a mail is as a message, whatever becomes of it. */
export function messageOf(mail: ParsedMail, raw: Uint8Array, now: string): TicketMessageInput {
  const { text, quoted, signature } = splitReply(mail.text);
  return {
    direction: "in",
    messageId: mail.messageId,
    inReplyTo: mail.inReplyTo,
    references: [...mail.references],
    fromAddress: mail.from?.address ?? null,
    fromName: mail.from?.name || null,
    toAddresses: [...mail.to],
    subject: mail.subject || null,
    text: text || null,
    quotedText: quoted,
    signature,
    html: mail.html,
    attachments: [...mail.attachments],
    receivedAt: now,
    sentAt: mail.sentAt,
    size: raw.length,
  };
}

/** Keeps a message with the mail that it came as. */
export async function storeMail(
  ctx: Context,
  input: TicketMessageInput,
  raw: Uint8Array,
): Promise<TicketMessage> {
  const message = await create(ctx, input);
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const pieces: MailSourceInput[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const data = bytes.subarray(at, at + PIECE_BYTES).toString("base64");
    pieces.push({ messageId: message.id, position: at / PIECE_BYTES, data });
  }
  for (let i = 0; i < pieces.length; i += PIECES_AT_ONCE) {
    await ctx.repo(mailSource).createMany(pieces.slice(i, i + PIECES_AT_ONCE));
  }
  return message;
}

/** The mail byte for byte, piece by piece. */
export async function* originalOf(ctx: Context, messageId: string): AsyncGenerator<Buffer> {
  const pieces = ctx
    .repo(mailSource)
    .stream({ where: { messageId }, orderBy: ["position"], limit: PIECES_AT_ONCE });
  for await (const { data } of pieces) yield Buffer.from(data, "base64");
}

async function create(ctx: Context, input: TicketMessageInput): Promise<TicketMessage> {
  try {
    return await ctx.repo(ticketMessage).create(input);
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    // The same mail is being taken in at this moment. All that was done here is rolled back, and the next try finds it.
    throw TransactionConflict({ reason: `mail ${input.messageId} came twice` }, { cause: error });
  }
}
