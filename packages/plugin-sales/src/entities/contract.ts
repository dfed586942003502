import {
  account,
  contact,
  date,
  defineEntity,
  filledByHook,
  type Input,
  instant,
  json,
  longText,
  money,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { opportunity } from "./opportunity.js";
import { order } from "./order.js";

const templateDraft = defineEntity("documentTemplate", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    kind: withDefault(oneOf(["contract"]), "contract"),
    language: withDefault(oneOf(["en", "de", "zh"]), "en"),
    /** HTML with Liquid in it: `{{ account.name }}`. No scripts, no files, no other templates. */
    body: longText({ maxLength: 250_000 }),
    active: withDefault(Type.Boolean(), true),
  },
  unique: [["name"]],
  searchable: ["name"],
});

export interface DocumentTemplate extends Row<typeof templateDraft> {}
export interface DocumentTemplateInput extends Input<typeof templateDraft> {}
/** What documents of one kind say. */
export const documentTemplate = templateDraft.as<DocumentTemplate, DocumentTemplateInput>();

export const signatory = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    /** For whom, or as what: `Customer`, `Managing director`. */
    role: Type.String({ minLength: 1, maxLength: 100 }),
    signedAt: Type.Union([Type.String({ format: "date-time" }), Type.Null()]),
  },
  { additionalProperties: false },
);

const draft = defineEntity("contract", {
  fields: {
    /** `C-000042`. */
    number: filledByHook(Type.String({ maxLength: 40 })),
    name: Type.String({ minLength: 1, maxLength: 250 }),
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
    orderId: Type.Optional(reference(order, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    templateId: Type.Optional(reference(documentTemplate, { onDelete: "set null" })),
    language: withDefault(oneOf(["en", "de", "zh"]), "en"),
    /** `active` once everybody has signed. */
    status: withDefault(oneOf(["draft", "active", "ended", "cancelled"]), "draft"),
    total: Type.Optional(money()),
    startsOn: date(),
    /** The last day. Default: none. */
    endsOn: Type.Optional(date()),
    /** Months of a term; `automatic` goes on for as many. */
    termMonths: Type.Optional(Type.Integer({ minimum: 1, maximum: 1200 })),
    renewal: withDefault(oneOf(["none", "manual", "automatic"]), "none"),
    /** Days before the end at which the owner is reminded. */
    noticeDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 3650 })),
    /** When he is reminded of this term. */
    reminderOn: Type.Optional(date()),
    remindedAt: Type.Optional(instant()),
    signatories: withDefault(json(Type.Array(signatory, { maxItems: 20 })), []),
    /** The document as it was made. */
    html: longText({ maxLength: 1_000_000 }),
    /** SHA-256 of `html`. */
    documentHash: Type.String({ pattern: "^[0-9a-f]{64}$" }),
  },
  relations: {
    opportunity: one("opportunityId"),
    order: one("orderId"),
    account: one("accountId"),
    contact: one("contactId"),
    owner: one("ownerId"),
    template: one("templateId"),
  },
  access: { parents: ["opportunity", "account"] },
  unique: [["number"]],
  indexes: [["status", "reminderOn"], ["status", "endsOn"], ["accountId"], ["opportunityId"], ["ownerId"]],
  immutable: ["number", "html", "documentHash", "startsOn"],
  searchable: ["number", "name"],
});

export interface Contract extends Row<typeof draft> {}
export interface ContractInput extends Input<typeof draft> {}
/** What was agreed with a customer, as a document, for how long, and who signs. */
export const contract = draft.as<Contract, ContractInput>();
