import { definePersonalData, type PersonalData } from "@corm/core";
import { activityOfTicket } from "./entities/extensions.js";
import { ticket } from "./entities/ticket.js";
import { mailSource, ticketMessage } from "./entities/ticket-message.js";

/** A ticket keeps its number and its times, and loses what was written. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(ticket, {
    by: ["contactId"],
    unrelated: ["previousTicketId"],
    addresses: { requesterEmail: "email" },
    erase: "anonymise",
  }),
  definePersonalData(ticketMessage, {
    by: ["ticketId"],
    addresses: { fromAddress: "email" },
    // Mail in quarantine belongs to no ticket.
    mentions: ["toAddresses", "subject", "text", "quotedText", "html"],
    erase: "anonymise",
    keep: ["automatic"],
    others: ["toAddresses", "quotedText"],
    // Others may write to a ticket as well.
    isAbout: (row, { addresses }) =>
      row.direction !== "in" ||
      row.fromAddress === null ||
      addresses.email.includes(row.fromAddress) ||
      addresses.email.includes(row.fromAddress.toLowerCase()),
  }),
  // The mail as it came has the addresses of everybody who got it.
  definePersonalData(mailSource, { by: ["messageId"], erase: "delete", others: ["data"] }),
  definePersonalData(activityOfTicket, { by: ["ticketId"] }),
];
