export { close, reopen, resolve } from "./actions/change-status.js";
export { giveOutQueue } from "./actions/give-out.js";
export { receiveEmail } from "./actions/receive-email.js";
export { release } from "./actions/release.js";
export { reply } from "./actions/reply.js";
export * from "./entities/extensions.js";
export { type Mailbox, type MailboxInput, mailbox } from "./entities/mailbox.js";
export { type Queue, type QueueInput, queue } from "./entities/queue.js";
export { type SlaPolicy, type SlaPolicyInput, slaPolicy } from "./entities/sla-policy.js";
export { type Ticket, type TicketInput, ticket } from "./entities/ticket.js";
export {
  type AttachmentInfo,
  type TicketMessage,
  type TicketMessageInput,
  ticketMessage,
} from "./entities/ticket-message.js";
export * from "./errors.js";
export { backlog, firstResponseAttainment, ticketsOpened } from "./metrics.js";
export { type ServiceOptions, type ServicePlugin, service } from "./plugin.js";
