import {
  contact,
  defineEntity,
  extendEntity,
  type Input,
  instant,
  many,
  one,
  oneOf,
  type Row,
  reference,
  Type,
} from "@corm/core";
import { mailing } from "./mailing.js";
import { segmentMember } from "./segment-member.js";

/** Why a message did not go out, or may not have. */
export const deliveryReasons = [
  "withdrawn",
  "no-consent",
  "no-address",
  "invalid-address",
  "duplicate-address",
  "address-changed",
  "contact-gone",
  "cancelled",
  "template-failed",
  "rejected",
  "busy",
  "interrupted",
  "no-answer",
] as const;

const draft = defineEntity("delivery", {
  plural: "deliveries",
  fields: {
    mailingId: reference(mailing),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    /** Normalised; left out where there is none, or where another delivery of the mailing has it. */
    address: Type.Optional(Type.String({ maxLength: 254 })),
    /**
     * `queued` waits; `handing-over` is written before the message leaves and `sent` once the server has taken it.
     * `uncertain`: it may have left, and nobody can tell; such a message is never sent again.
     */
    state: oneOf(["queued", "handing-over", "sent", "failed", "suppressed", "uncertain"]),
    reason: Type.Optional(oneOf(deliveryReasons)),
    /** The server's words, the template's mistake. */
    detail: Type.Optional(Type.String({ maxLength: 500 })),
    /** Hand-overs begun. */
    attempts: Type.Integer({ minimum: 0 }),
    /** Not before; set where a server asked to come back later. */
    nextAttemptAt: Type.Optional(instant()),
    /** Of the hand-over under way: who makes it, and since when. */
    claim: Type.Optional(Type.String({ maxLength: 36 })),
    claimedAt: Type.Optional(instant()),
    sentAt: Type.Optional(instant()),
    /** `Message-ID` without brackets, by which bounces are recognised. */
    messageId: Type.Optional(Type.String({ maxLength: 300 })),
  },
  relations: { mailing: one("mailingId"), contact: one("contactId") },
  access: { parents: ["mailing", "contact"] },
  // Whatever else goes wrong, nobody is in a mailing twice.
  unique: [
    ["mailingId", "contactId"],
    ["mailingId", "address"],
  ],
  indexes: [["mailingId", "state"], ["contactId"], ["messageId"]],
  immutable: ["mailingId", "address"],
});

export interface Delivery extends Row<typeof draft> {}
export interface DeliveryInput extends Input<typeof draft> {}
/** One message to one person, and what became of it. Written by the plugin alone. */
export const delivery = draft.as<Delivery, DeliveryInput>();

/** The mailing with its deliveries. */
export const mailingWithDeliveries = extendEntity(mailing, {
  relations: { deliveries: many(delivery, "mailingId") },
});

/** The contact with what it was sent, and the static segments that it was added to: both can be filtered by. */
export const contactOfMarketing = extendEntity(contact, {
  relations: {
    deliveries: many(delivery, "contactId"),
    segmentMemberships: many(segmentMember, "contactId"),
  },
});
