import { type Context, fromOutside } from "@corm/core";
import { type Mailbox, mailbox } from "../entities/mailbox.js";
import { type Ticket, ticket } from "../entities/ticket.js";
import { type TicketMessageInput, ticketMessage } from "../entities/ticket-message.js";
import { MailboxUnknown } from "../errors.js";
import type { ServiceSettings } from "../services/settings.js";
import { plainAddress, splitTag } from "./addresses.js";
import { automaticKind } from "./automatic.js";
import { isRefusal } from "./find-sender.js";
import { findThread, type Thread } from "./find-thread.js";
import { openTicket } from "./open-ticket.js";
import { type ParsedMail, parseMail } from "./parse-mail.js";

import { messageOf, storeMail } from "./store-message.js";

export interface Delivery {
  /** The mail, byte for byte. */
  readonly raw: Uint8Array;
  /** The address that it was delivered to. */
  readonly mailbox: string;
  /** SMTP's MAIL FROM: empty for the null return path, undefined where it is not known. */
  readonly envelopeSender: string | undefined;
}

export interface Receipt {
  readonly outcome: "opened" | "threaded" | "duplicate" | "quarantined";
  /** Of the message. */
  readonly id: string;
  readonly ticketId: string | null;
  readonly ticketNumber: number | null;
  /** Why it is in quarantine, or why somebody should look at it. */
  readonly reason: string | null;
}

const DAY_MS = 86_400_000;

/**
 * Makes of a mail what it is: the beginning of a ticket, an answer to one, or something to keep aside. Whatever is in
 * it, it is kept, once. Call it inside a transaction, with the rights of the system.
 *
 * @throws mailbox-unknown; transaction-conflict where the same mail is being received at this moment
 */
export async function receiveMail(
  caller: Context,
  delivery: Delivery,
  settings: ServiceSettings,
): Promise<Receipt> {
  const { raw } = delivery;
  const box = await findMailbox(caller, delivery.mailbox);
  const mail = await parseMail(raw, settings.maxMailBytes);
  const ctx = fromOutside(caller, "mail", mail.messageId);
  const twin = await ctx.repo(ticketMessage).first({
    where: { messageId: mail.messageId },
    include: ["ticket"],
    withDeleted: true,
  });
  if (twin) return receipt("duplicate", twin, twin.ticket, null);

  const message: TicketMessageInput = { ...messageOf(mail, raw, ctx.now()), mailboxId: box.id };
  const hold = async (reason: string): Promise<Receipt> => {
    const held = { ...message, status: "quarantined", quarantineReason: reason.slice(0, 500) } as const;
    return receipt("quarantined", await storeMail(ctx, held, raw), null, reason);
  };
  if (mail.problem !== null) return hold(mail.problem);
  if (mail.from === null) return hold("no-sender: no address to answer to was found");

  const isOwn = await isMailbox(ctx, mail.from.address);
  const automatic = isOwn ? "own-address" : automaticKind(mail, delivery.envelopeSender);
  const thread = await findThread(ctx, mail, box, delivery.mailbox);
  if (automatic !== null) {
    message.automatic = automatic;
    // It may tell an agent that his reply bounced, but moves nothing and is answered by nobody.
    if (!thread.ticket || thread.suspicion) return hold(automatic);
    const kept = { ...message, ticketId: thread.ticket.id, status: "received" } as const;
    return receipt("threaded", await storeMail(ctx, kept, raw), thread.ticket, automatic);
  }
  if (await writesTooOften(ctx, mail.from.address, settings))
    return hold("too-many: of this sender in an hour");
  try {
    return await ctx.savepoint((tx) => deliver(tx, { mail, raw, box, message, thread }, settings));
  } catch (error) {
    // Another plugin's rule forbids such a ticket: the mail is there all the same, and people can see why.
    if (!isRefusal(error)) throw error;
    return hold(`refused: ${error.message}`);
  }
}

interface Readable {
  readonly mail: ParsedMail;
  readonly raw: Uint8Array;
  readonly box: Mailbox;
  readonly message: TicketMessageInput;
  readonly thread: Thread;
}

async function deliver(
  ctx: Context,
  { mail, raw, box, message, thread }: Readable,
  settings: ServiceSettings,
): Promise<Receipt> {
  const found = thread.ticket && (await ctx.repo(ticket).get(thread.ticket.id, { lock: true }));
  const reason = thread.suspicion;
  if (found && !isOver(found, ctx.clock.now(), settings.reopenDays)) {
    const kept = { ...message, ticketId: found.id, status: "received" } as const;
    const stored = await storeMail(ctx, kept, raw);
    const flag = reason && !found.flagged ? { flagged: true, flagReason: reason } : {};
    const patch = { ...(found.status === "open" ? {} : { status: "open" as const }), ...flag };
    if (Object.keys(patch).length > 0) await ctx.repo(ticket).update(found.id, patch);
    return receipt("threaded", stored, found, reason);
  }
  const opened = await openTicket(ctx, {
    from: mail.from,
    subject: mail.subject,
    box,
    previous: found,
    reason,
  });
  const kept = { ...message, ticketId: opened.id, status: "received" } as const;
  return receipt("opened", await storeMail(ctx, kept, raw), opened, reason);
}

/** Mail to one mailbox is taken in one by one: two first mails of a person make one contact. */
async function findMailbox(ctx: Context, given: string): Promise<Mailbox> {
  const address = plainAddress(given);
  const base = address && splitTag(address)?.base;
  const { items } = await ctx.repo(mailbox).find({
    where: { address: { in: [address, base].flatMap((each) => each ?? []) } },
  });
  const found = items.find((item) => item.address === address) ?? items[0];
  if (!found) throw MailboxUnknown({ address: given.slice(0, 254) });
  return ctx.repo(mailbox).get(found.id, { lock: true });
}

async function isMailbox(ctx: Context, address: string): Promise<boolean> {
  const candidates = [address, splitTag(address)?.base].flatMap((each) => each ?? []);
  return (await ctx.repo(mailbox).count({ address: { in: candidates } })) > 0;
}

/** A loop that shows by no header shows by its rate. */
async function writesTooOften(ctx: Context, address: string, settings: ServiceSettings): Promise<boolean> {
  const count = await ctx.repo(ticketMessage).count({
    fromAddress: address,
    direction: "in",
    receivedAt: { within: { last: 1, unit: "hour" } },
  });
  return count >= settings.maxMailsPerHour;
}

/** Whether a ticket has been done for so long that a new mail is a new matter. */
function isOver({ status, resolvedAt, closedAt }: Ticket, now: number, reopenDays: number): boolean {
  if (status !== "resolved" && status !== "closed") return false;
  const since = Date.parse(closedAt ?? resolvedAt ?? "");
  return !Number.isNaN(since) && now - since > reopenDays * DAY_MS;
}

function receipt(
  outcome: Receipt["outcome"],
  { id }: { readonly id: string },
  found: Pick<Ticket, "id" | "number"> | null,
  reason: string | null,
): Receipt {
  return { outcome, id, ticketId: found?.id ?? null, ticketNumber: found?.number ?? null, reason };
}
