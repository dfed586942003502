import {
  account,
  contact,
  defineEntity,
  filledByHook,
  type Input,
  instant,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  team,
  user,
  withDefault,
} from "@corm/core";
import { mailbox } from "./mailbox.js";
import { queue } from "./queue.js";
import { slaPolicy } from "./sla-policy.js";

/** From the one that can wait to the one that cannot. */
export const PRIORITIES = ["low", "normal", "high", "urgent"] as const;
export const TICKET_STATUSES = ["open", "pending", "resolved", "closed"] as const;

const draft = defineEntity("ticket", {
  fields: {
    /** Counts from 1 in every tenant. */
    number: filledByHook(Type.Integer({ minimum: 1 })),
    subject: Type.String({ minLength: 1, maxLength: 250 }),
    /** `pending` waits for the customer. */
    status: withDefault(oneOf(TICKET_STATUSES), "open"),
    priority: withDefault(oneOf(PRIORITIES), "normal"),
    channel: withDefault(oneOf(["email", "form", "phone", "chat", "social", "other"]), "other"),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    /** Default: the contact's. */
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    /** Who asked, and where replies go. */
    requesterEmail: Type.Optional(Type.String({ maxLength: 254 })),
    queueId: Type.Optional(reference(queue, { onDelete: "set null" })),
    /** Whose members it is for. Default: the team of its queue. */
    teamId: Type.Optional(reference(team, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** The mailbox that replies come from. */
    mailboxId: Type.Optional(reference(mailbox, { onDelete: "set null" })),
    /** Somebody should look: `flagReason` says why. */
    flagged: withDefault(Type.Boolean(), false),
    flagReason: Type.Optional(Type.String({ maxLength: 200 })),
    /** Default: the default policy; `null` for none. */
    slaPolicyId: Type.Optional(reference(slaPolicy, { onDelete: "set null" })),
    /** When the clock of the first response began. Default: creation. */
    slaStartedAt: filledByHook(instant()),
    firstResponseDueAt: Type.Optional(instant()),
    firstRespondedAt: Type.Optional(instant()),
    /** Whether the first response came in time; null where it has not come, or no time was set. */
    firstResponseMet: Type.Optional(Type.Boolean()),
    lastMessageAt: Type.Optional(instant()),
    resolvedAt: Type.Optional(instant()),
    closedAt: Type.Optional(instant()),
    reopenedAt: Type.Optional(instant()),
    reopenCount: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** The ticket that this one goes on from, after it was closed for too long to be opened again. */
    previousTicketId: Type.Optional(reference("ticket", { onDelete: "set null" })),
    /** Key of the ticket in the system that the record came from. */
    externalId: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: {
    contact: one("contactId"),
    account: one("accountId"),
    queue: one("queueId"),
    team: one("teamId"),
    owner: one("ownerId"),
    mailbox: one("mailboxId"),
    slaPolicy: one("slaPolicyId"),
    previousTicket: one("previousTicketId"),
  },
  indexes: [
    ["status", "firstResponseDueAt"],
    ["ownerId", "status"],
    ["queueId", "status"],
    ["teamId", "status"],
  ],
  unique: [["number"], ["externalId"]],
  immutable: ["number", "slaStartedAt"],
  searchable: ["subject", "requesterEmail"],
});

export interface Ticket extends Row<typeof draft> {}
export interface TicketInput extends Input<typeof draft> {}
/** Something that a customer wants to have settled. */
export const ticket = draft.as<Ticket, TicketInput>();
