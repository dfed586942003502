import type { Context } from "@corm/core";
import type { Mailbox } from "../entities/mailbox.js";
import { type Ticket, type TicketInput, ticket } from "../entities/ticket.js";
import type { MailAddress } from "./addresses.js";
import { findSender } from "./find-sender.js";
import { plainSubject } from "./reply-token.js";

export interface Opening {
  readonly from: MailAddress | null;
  readonly subject: string;
  readonly box: Mailbox | null;
  /** The ticket that this one goes on from. */
  readonly previous: Ticket | null;
  /** Why to flag it, or null. */
  readonly reason: string | null;
}

/** Opens a ticket for what somebody wrote. */
export async function openTicket(ctx: Context, opening: Opening): Promise<Ticket> {
  const { from, subject, box, previous } = opening;
  const sender = from ? await findSender(ctx, from) : { contact: null, problem: null };
  const flagReason = opening.reason ?? sender.problem;
  const input: TicketInput = {
    subject: plainSubject(subject).slice(0, 250) || "(no subject)",
    channel: "email",
    contactId: sender.contact?.id ?? null,
    requesterEmail: from?.address ?? null,
    mailboxId: box?.id ?? null,
    queueId: box?.queueId ?? null,
    previousTicketId: previous?.id ?? null,
    flagged: flagReason !== null,
    flagReason: flagReason?.slice(0, 200) ?? null,
  };
  // Left out, it is the default policy.
  if (box?.slaPolicyId) input.slaPolicyId = box.slaPolicyId;
  return ctx.repo(ticket).create(input);
}
