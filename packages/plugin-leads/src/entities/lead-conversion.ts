import {
  account,
  contact,
  defineEntity,
  type Input,
  instant,
  json,
  one,
  type Row,
  recordId,
  reference,
  type Static,
  sensitive,
  Type,
  withDefault,
} from "@corm/core";
import { lead } from "./lead.js";

const change = Type.Object({ before: Type.Unknown(), after: Type.Unknown() });
const changes = Type.Record(Type.String(), change);
/** What a conversion changed in a record that was there, by field. */
export type FieldChanges = Static<typeof changes>;

const draft = defineEntity("leadConversion", {
  fields: {
    leadId: reference(lead, { onDelete: "cascade" }),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    /** Not a reference: the plugin that keeps opportunities may be absent. */
    opportunityId: Type.Optional(Type.String({ format: "uuid" })),
    /** Which of them the conversion made. */
    made: withDefault(json(Type.Array(Type.Enum(["account", "contact", "opportunity"]))), []),
    // Values of other records: who sees the lead need not see those.
    accountChanges: sensitive(withDefault(json(changes), {})),
    contactChanges: sensitive(withDefault(json(changes), {})),
    opportunityChanges: sensitive(withDefault(json(changes), {})),
    /** Of the lead before. */
    statusBefore: Type.String({ maxLength: 20 }),
    captureKeyBefore: Type.Optional(Type.String({ maxLength: 254 })),
    convertedAt: instant(),
    undoneAt: Type.Optional(instant()),
    /** The lead while the conversion holds: a unique key. */
    openKey: Type.Optional(Type.String({ maxLength: 36 })),
  },
  relations: { lead: one("leadId"), account: one("accountId"), contact: one("contactId") },
  access: { parents: ["lead"] },
  unique: [["openKey"]],
  indexes: [["leadId"]],
});
export interface LeadConversion extends Row<typeof draft> {}
export interface LeadConversionInput extends Input<typeof draft> {}
/** What a lead became, and all that it takes to undo that. */
export const leadConversion = draft.as<LeadConversion, LeadConversionInput>();

const moveDraft = defineEntity("leadConversionMove", {
  fields: {
    conversionId: reference(leadConversion, { onDelete: "cascade" }),
    /** Of what moved. */
    entity: Type.String({ maxLength: 48 }),
    /** The reference that was empty before, or `@record` for what hangs on records of any entity. */
    field: Type.String({ maxLength: 48 }),
    movedId: recordId(),
  },
  indexes: [["conversionId", "entity", "field"]],
  internal: true,
  journal: false,
});
export interface LeadConversionMove extends Row<typeof moveDraft> {}
export interface LeadConversionMoveInput extends Input<typeof moveDraft> {}
/** One record that went along with a lead. */
export const leadConversionMove = moveDraft.as<LeadConversionMove, LeadConversionMoveInput>();
