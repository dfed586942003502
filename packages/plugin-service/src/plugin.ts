import {
  createCalendars,
  definePlugin,
  type PluginFactory,
  type PluginOf,
  provide,
  Type,
  withDefault,
} from "@corm/core";
import { close, reopen, resolve } from "./actions/change-status.js";
import { giveOutQueue } from "./actions/give-out.js";
import { receiveEmail } from "./actions/receive-email.js";
import { release } from "./actions/release.js";
import { reply } from "./actions/reply.js";
import {
  accountWithTickets,
  activityOfTicket,
  contactWithTickets,
  ticketWithMessages,
} from "./entities/extensions.js";
import { mailbox } from "./entities/mailbox.js";
import { queue } from "./entities/queue.js";
import { slaPolicy } from "./entities/sla-policy.js";
import { ticket } from "./entities/ticket.js";
import { mailSource, ticketMessage } from "./entities/ticket-message.js";
import { checkSettings } from "./hooks/check-settings.js";
import { completeTicket } from "./hooks/complete-ticket.js";
import { giveTicketsOut } from "./hooks/give-out.js";
import { recordMessages } from "./hooks/record-message.js";
import { settleTicket } from "./hooks/settle-ticket.js";
import { metrics } from "./metrics.js";
import { privacy } from "./privacy.js";
import { mailRoutes } from "./routes/mail-routes.js";
import { type ServiceSettings, serviceSettings } from "./services/settings.js";
import { timeline } from "./timeline.js";

const plugin = definePlugin({
  name: "service",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  // Gives tickets to people by rules, where it is there (core's port `assignments`).
  optional: { workflow: "^0.1" },
  options: Type.Object({
    /** A mail to a ticket that has been resolved or closed for longer opens a new, linked one. */
    reopenDays: withDefault(Type.Number({ minimum: 0, maximum: 3650 }), 14),
    /** Longer mail is held back. */
    maxMailBytes: withDefault(Type.Integer({ minimum: 1024, maximum: 100 * 1024 * 1024 }), 16 * 1024 * 1024),
    /** Of one sender; what comes beyond is held back. */
    maxMailsPerHour: withDefault(Type.Integer({ minimum: 1, maximum: 1_000_000 }), 30),
  }),
  setup: (options) => {
    const settings: ServiceSettings = { ...options, calendars: createCalendars() };
    return {
      entities: { ticket, ticketMessage, queue, slaPolicy, mailbox, mailSource },
      extends: {
        account: accountWithTickets,
        contact: contactWithTickets,
        activity: activityOfTicket,
        ticket: ticketWithMessages,
      },
      actions: { receiveEmail, reply, resolve, close, reopen, release, giveOutQueue },
      capabilities: {
        "service.mail": "Makes tickets and messages of e-mail, and releases them from quarantine",
        "service.levels": "Keeps the times of service levels",
        "service.queues": "Looks up whose the tickets of a queue are, and who gives them out",
      },
      hooks: [...completeTicket, ...settleTicket, ...giveTicketsOut, ...recordMessages, ...checkSettings],
      services: [provide(serviceSettings, () => settings)],
      routes: mailRoutes(options),
      privacy,
      metrics,
      timeline,
      permissions: {
        "ticket.receiveEmail": "Hand in mail in the name of its senders",
        "ticket.reply": "Reply to customers",
        "ticket.resolve": "Resolve tickets",
        "ticket.close": "Close tickets",
        "ticket.reopen": "Open tickets again",
        "queue.giveOut": "Give the tickets of a queue to people by rules",
        "ticketMessage.release": "Release mail from quarantine",
        "ticketMessage.original": "Read mail as it came",
      },
    };
  },
});

export interface ServicePlugin extends PluginOf<typeof plugin> {}

export interface ServiceOptions {
  /** Days after which mail to a resolved or closed ticket opens a new, linked one. Default 14. */
  readonly reopenDays?: number;
  /** Bytes of a mail; longer mail is held back. Default 16 MiB. */
  readonly maxMailBytes?: number;
  /** Mails of one sender; what comes beyond is held back. Default 30. */
  readonly maxMailsPerHour?: number;
}

/**
 * Tickets that begin and go on by e-mail, and are answered within working hours.
 *
 * @example
 * createCrm({ storage, plugins: [crmCore(), service({ reopenDays: 30 })] })
 */
export const service: PluginFactory<ServicePlugin, ServiceOptions> = plugin;
