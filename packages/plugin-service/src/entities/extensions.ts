import { account, activity, contact, extendEntity, many, one, reference, Type } from "@corm/core";
import { ticket } from "./ticket.js";
import { ticketMessage } from "./ticket-message.js";

/** The ticket with its messages */
export const ticketWithMessages = extendEntity(ticket, {
  relations: { messages: many(ticketMessage, "ticketId") },
});

/** The contact with what it asked for. */
export const contactWithTickets = extendEntity(contact, {
  relations: { tickets: many(ticket, "contactId") },
});

/** The account with what its people asked for. */
export const accountWithTickets = extendEntity(account, {
  relations: { tickets: many(ticket, "accountId") },
});

/** An activity may be about a ticket. */
export const activityOfTicket = extendEntity(activity, {
  fields: { ticketId: Type.Optional(reference(ticket, { onDelete: "set null" })) },
  relations: { ticket: one("ticketId") },
  parents: ["ticket"],
  indexes: [["ticketId"]],
});
