import { defineEntity, type Input, one, type Row, reference, Type } from "@corm/core";
import { queue } from "./queue.js";
import { slaPolicy } from "./sla-policy.js";

const draft = defineEntity("mailbox", {
  plural: "mailboxes",
  fields: {
    /** In lower case. Its server must deliver `address+anything@…` to the same place, as nearly all do. */
    address: Type.String({ format: "email", maxLength: 254 }),
    name: Type.Optional(Type.String({ maxLength: 100 })),
    /** Of the tickets that its mail opens. */
    queueId: Type.Optional(reference(queue, { onDelete: "set null" })),
    /** Of the tickets that its mail opens; default the default policy. */
    slaPolicyId: Type.Optional(reference(slaPolicy, { onDelete: "set null" })),
  },
  relations: { queue: one("queueId"), slaPolicy: one("slaPolicyId") },
  unique: [["address"]],
  searchable: ["address", "name"],
});

export interface Mailbox extends Row<typeof draft> {}
export interface MailboxInput extends Input<typeof draft> {}
/** An address that customers write to. */
export const mailbox = draft.as<Mailbox, MailboxInput>();
