import type { Context } from "@corm/core";
import type { Mailbox } from "../entities/mailbox.js";
import { type Ticket, ticket } from "../entities/ticket.js";
import { ticketMessage } from "../entities/ticket-message.js";
import { plainAddress, splitTag } from "./addresses.js";
import type { ParsedMail } from "./parse-mail.js";
import { presentedTokens, provesTicket } from "./reply-token.js";

export interface Thread {
  /** The ticket that the mail belongs to, or null for a new one. */
  readonly ticket: Ticket | null;
  /** Why somebody should look at it, or null. */
  readonly suspicion: "forged-token" | "reply-from-other-address" | null;
}

const MAX_PARTICIPANT_MESSAGES = 500;

/**
 * The ticket that a mail answers. The token is asked first: it proves that we wrote to this sender about this ticket.
 * Then the Message-IDs that the mail refers to, which prove less. A token that is wrong counts for nothing, and makes
 * a stranger's references count for nothing either.
 *
 * @param deliveredTo the address that the mail was delivered to, with its tag
 */
export async function findThread(
  ctx: Context,
  mail: ParsedMail,
  mailbox: Mailbox,
  deliveredTo: string,
): Promise<Thread> {
  const sender = mail.from?.address;
  if (sender === undefined) return { ticket: null, suspicion: null };
  const tokens = presentedTokens(mail.subject, tagsFor(mail, mailbox, deliveredTo));
  const numbers = [...new Set(tokens.map(({ number }) => number))].filter(Number.isSafeInteger);
  if (numbers.length > 0) {
    const { items } = await ctx.repo(ticket).find({ where: { number: { in: numbers } }, withDeleted: true });
    const proven = items.find((item) =>
      tokens.some((token) => token.number === item.number && provesTicket(ctx, item, sender, token)),
    );
    // Of a ticket in the recycle bin the token is good, and the matter is a new one.
    if (proven) return { ticket: proven.deletedAt === null ? proven : null, suspicion: null };
  }
  const referred = await referredTicket(ctx, mail);
  const known = referred !== null && (await isParticipant(ctx, referred, sender));
  if (known) return { ticket: referred, suspicion: null };
  if (tokens.length > 0) return { ticket: null, suspicion: "forged-token" };
  return { ticket: referred, suspicion: referred ? "reply-from-other-address" : null };
}

/** Tags of the mailbox's own address among those that the mail was sent to. */
function tagsFor(mail: ParsedMail, mailbox: Mailbox, deliveredTo: string): string[] {
  const headers = ["delivered-to", "x-original-to", "envelope-to"].flatMap((name) => mail.header(name));
  const addresses = [deliveredTo, ...mail.to, ...headers.flatMap((value) => plainAddress(value) ?? [])];
  return addresses.flatMap((address) => {
    const parts = splitTag(address.toLowerCase());
    return parts?.base === mailbox.address ? [parts.tag] : [];
  });
}

async function referredTicket(ctx: Context, mail: ParsedMail): Promise<Ticket | null> {
  // The one that is answered first, then from the newest to the oldest.
  const ids = [...new Set([...(mail.inReplyTo ? [mail.inReplyTo] : []), ...mail.references.toReversed()])];
  if (ids.length === 0) return null;
  const { items } = await ctx.repo(ticketMessage).find({
    where: { messageId: { in: ids }, ticketId: { isNull: false } },
    include: ["ticket"],
    limit: 100,
  });
  for (const id of ids) {
    const found = items.find((item) => item.messageId === id)?.ticket;
    if (found && found.deletedAt === null) return found;
  }
  return null;
}

/** Whether an address has written to the ticket, or was written to. */
async function isParticipant(ctx: Context, found: Ticket, address: string): Promise<boolean> {
  if (found.requesterEmail === address) return true;
  const { items } = await ctx.repo(ticketMessage).find({
    where: { ticketId: found.id, direction: { in: ["in", "out"] } },
    select: ["fromAddress", "toAddresses"],
    orderBy: ["-createdAt", "id"],
    limit: MAX_PARTICIPANT_MESSAGES,
  });
  return items.some((item) => item.fromAddress === address || item.toAddresses?.includes(address));
}
