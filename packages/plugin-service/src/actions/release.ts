import { defineAction, fromOutside, Type } from "@corm/core";
import { mailbox } from "../entities/mailbox.js";
import { ticket } from "../entities/ticket.js";
import { ticketMessage } from "../entities/ticket-message.js";
import { NothingToRelease } from "../errors.js";
import { openTicket } from "../mail/open-ticket.js";

/**
 * Makes a ticket of a message in quarantine: somebody has looked, and it is one.
 * `POST /api/ticket-messages/{id}/release`
 *
 * @throws nothing-to-release
 */
export const release = defineAction({
  name: "release",
  on: ticketMessage,
  label: "Release from quarantine",
  description: "Opens a ticket for a message in quarantine.",
  input: Type.Object({}),
  output: Type.Object({ ticketId: Type.String(), ticketNumber: Type.Integer() }),
  run: async ({ record }, caller) => {
    if (record.status !== "quarantined" || record.ticketId !== null)
      throw NothingToRelease({ id: record.id });
    const system = caller.asSystem({ capability: "service.mail", reason: "release from quarantine" });
    const ctx = fromOutside(system, "mail", record.messageId);
    const { fromAddress, fromName, mailboxId } = record;
    const opened = await openTicket(ctx, {
      from: fromAddress === null ? null : { address: fromAddress, name: fromName ?? "" },
      subject: record.subject ?? "",
      box: mailboxId === null ? null : await ctx.repo(mailbox).first({ where: { id: mailboxId } }),
      previous: null,
      reason: null,
    });
    await ctx.repo(ticketMessage).update(record.id, { ticketId: opened.id, status: "received" });
    await ctx.repo(ticket).update(opened.id, { lastMessageAt: record.receivedAt });
    return { ticketId: opened.id, ticketNumber: opened.number };
  },
});
