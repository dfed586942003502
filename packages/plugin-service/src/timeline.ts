import { account, activityTimeline, contact, defineTimelineSource, type TimelineSource } from "@corm/core";
import { ticket } from "./entities/ticket.js";
import { ticketMessage } from "./entities/ticket-message.js";

const tickets = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: ticket,
    reference,
    at: "createdAt",
    title: ["subject"],
    data: ["number", "status", "priority", "channel"],
    actor: "ownerId",
  });

/** What is in quarantine is nobody's message yet. */
const messages = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: ticketMessage,
    reference,
    at: "createdAt",
    title: ["subject"],
    data: ["ticketId", "direction", "status", "fromAddress"],
    actor: "authorId",
    where: { status: { ne: "quarantined" } },
  });

/** Tickets and what was written about them, on the timelines of the customers who asked. */
export const timeline: readonly TimelineSource[] = [
  tickets(contact, "contactId"),
  tickets(account, "accountId"),
  messages(ticket, "ticketId"),
  messages(contact, "ticket.contactId"),
  messages(account, "ticket.accountId"),
  ...activityTimeline(ticket, "ticketId"),
];
