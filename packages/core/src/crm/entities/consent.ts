import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { one } from "../../entity/relation.js";
import { instant, longText, oneOf, reference } from "../../schema/field.js";
import { contact } from "./contact.js";

const draft = defineEntity("consent", {
  fields: {
    channel: oneOf(["email", "sms", "phone", "post", "push"]),
    /** Normalised address, since an opt-out outlives the record of the person. */
    address: Type.String({ minLength: 1, maxLength: 254 }),
    /** Subscription topic; `*` is every topic. */
    topic: Type.String({ minLength: 1, maxLength: 100 }),
    decision: oneOf(["granted", "withdrawn"]),
    /** GDPR Art. 6 ground, or what the host's law calls it. */
    legalBasis: Type.Optional(Type.String({ maxLength: 100 })),
    /** What proves it: form and version, click, letter. */
    evidence: Type.Optional(longText({ maxLength: 10_000 })),
    decidedAt: instant(),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
  },
  relations: { contact: one("contactId") },
  access: { parents: ["contact"] },
  indexes: [["channel", "address", "topic", "decidedAt"]],
  immutable: ["channel", "address", "topic", "decision", "legalBasis", "evidence", "decidedAt"],
});

export interface Consent extends Row<typeof draft> {}
export interface ConsentInput extends Input<typeof draft> {}
/** One entry of the append-only ledger of who allowed what; the latest one decides. */
export const consent = draft.as<Consent, ConsentInput>();
