import {
  account,
  contact,
  date,
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  instant,
  json,
  longText,
  many,
  money,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { optionSelection } from "../products/selection.js";
import { opportunity } from "./opportunity.js";
import { priceBook } from "./price-book.js";
import { product } from "./product.js";

/** Decimal text from 0 to 100, with at most four decimals. */
export const percent = () => Type.String({ pattern: "^(100(\\.0{1,4})?|\\d{1,2}(\\.\\d{1,4})?)$" });
/** Decimal text above 0, with at most six decimals. */
export const lineQuantity = () => Type.String({ pattern: "^(?=.*[1-9])\\d{1,9}(\\.\\d{1,6})?$" });

const amount = Type.Object({ amount: Type.String(), currency: Type.String() });
const text = Type.Union([Type.String(), Type.Null()]);

/** A quote as it was sent. Never changed afterwards; its hash is over this. */
export const quoteDocument = Type.Object({
  number: Type.String(),
  revision: Type.Integer(),
  name: Type.String(),
  language: Type.String(),
  customer: Type.Object({ account: text, contact: text }),
  seller: text,
  sentOn: Type.String(),
  validUntil: Type.String(),
  currency: Type.String(),
  rounding: Type.String(),
  terms: text,
  lines: Type.Array(
    Type.Object({
      id: Type.String(),
      productId: text,
      description: Type.String(),
      options: Type.Array(Type.Object({ name: Type.String(), quantity: Type.Integer() })),
      quantity: Type.String(),
      unitPrice: amount,
      discountPercent: text,
      discountAmount: Type.Union([amount, Type.Null()]),
      taxRate: Type.String(),
      net: amount,
      documentDiscount: amount,
      tax: amount,
      total: amount,
    }),
  ),
  taxes: Type.Array(Type.Object({ rate: Type.String(), taxable: amount, tax: amount })),
  subtotal: amount,
  discountTotal: amount,
  taxTotal: amount,
  total: amount,
});

const draft = defineEntity("quote", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 250 }),
    /** `Q-000042`; the same for all revisions. */
    number: filledByHook(Type.String({ maxLength: 40 })),
    /** 1 for the first one. */
    revision: filledByHook(Type.Integer({ minimum: 1 })),
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** Default: the app's currency. */
    currency: filledByHook(Type.String({ pattern: "^[A-Z]{3}$" })),
    /** Whose prices go first. */
    priceBookId: Type.Optional(reference(priceBook, { onDelete: "set null" })),
    /** Language of the document. */
    language: withDefault(oneOf(["en", "de", "zh"]), "en"),
    status: filledByHook(oneOf(["draft", "sent", "accepted", "declined", "expired", "superseded"])),
    /** The last day on which it can be accepted. Default: when it is sent, so many days later as the options say. */
    validUntil: Type.Optional(date()),
    /** Where tax is rounded: in every line, or once per rate over the whole. */
    rounding: withDefault(oneOf(["line", "total"]), "line"),
    discountPercent: Type.Optional(percent()),
    discountAmount: Type.Optional(money()),
    terms: Type.Optional(longText({ maxLength: 50_000 })),
    /** Grows with every change of what is offered. */
    contentRevision: filledByHook(Type.Integer({ minimum: 1 })),
    /** The content that was submitted for approval. */
    submittedContent: Type.Optional(Type.Integer({ minimum: 1 })),
    subtotal: filledByHook(money()),
    discountTotal: filledByHook(money()),
    taxTotal: filledByHook(money()),
    total: filledByHook(money()),
    /** All discounts together, changes of prices by hand among them, in per cent of the list prices. */
    effectiveDiscount: filledByHook(Type.Number()),
    sentAt: Type.Optional(instant()),
    /** When `validUntil` is over, by the clock of the seller. */
    expiresAt: Type.Optional(instant()),
    document: Type.Optional(json(quoteDocument)),
    /** SHA-256 of `document`. */
    documentHash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
    decidedAt: Type.Optional(instant()),
    /** Who accepted or declined, as he gave it himself. */
    decidedBy: Type.Optional(Type.String({ maxLength: 200 })),
    decidedFrom: Type.Optional(Type.String({ maxLength: 64, description: "Network address" })),
    /** Of the document that he saw. */
    decidedHash: Type.Optional(Type.String({ pattern: "^[0-9a-f]{64}$" })),
    declineReason: Type.Optional(Type.String({ maxLength: 2000 })),
  },
  relations: {
    opportunity: one("opportunityId"),
    account: one("accountId"),
    contact: one("contactId"),
    owner: one("ownerId"),
    priceBook: one("priceBookId"),
  },
  access: { parents: ["opportunity"] },
  unique: [["number", "revision"]],
  indexes: [["status", "expiresAt"], ["opportunityId"], ["accountId"], ["ownerId"]],
  immutable: ["number", "revision", "currency"],
  searchable: ["name", "number"],
});

export interface Quote extends Row<typeof draft> {}
export interface QuoteInput extends Input<typeof draft> {}
/** What is offered to a customer, at which prices, until when. */
export const quote = draft.as<Quote, QuoteInput>();
export type QuoteDocument = NonNullable<Quote["document"]>;

const lineDraft = defineEntity("quoteLine", {
  fields: {
    quoteId: reference(quote, { onDelete: "cascade" }),
    position: withDefault(Type.Integer({ minimum: 0 }), 0),
    productId: Type.Optional(reference(product, { onDelete: "set null" })),
    /** Of a product that is put together. */
    options: Type.Optional(json(optionSelection)),
    /** Default: the name of the product. */
    description: filledByHook(Type.String({ minLength: 1, maxLength: 1000 })),
    quantity: withDefault(lineQuantity(), "1"),
    /** Of one, without tax. Default: what the price books say. Negative for a credit. */
    unitPrice: filledByHook(money()),
    /** What the price books said, options included; null for what is in none. */
    listPrice: Type.Optional(money()),
    discountPercent: Type.Optional(percent()),
    /** Of the whole line. */
    discountAmount: Type.Optional(money()),
    /** Per cent. */
    taxRate: withDefault(percent(), "0"),
    net: filledByHook(money()),
    documentDiscount: filledByHook(money()),
    tax: filledByHook(money()),
    total: filledByHook(money()),
  },
  relations: { quote: one("quoteId"), product: one("productId") },
  access: { parents: ["quote"] },
  indexes: [["quoteId", "position"], ["productId"]],
  immutable: ["quoteId"],
});

export interface QuoteLine extends Row<typeof lineDraft> {}
export interface QuoteLineInput extends Input<typeof lineDraft> {}
/** One line of a quote. */
export const quoteLine = lineDraft.as<QuoteLine, QuoteLineInput>();

export const quoteWithLines = extendEntity(quote, {
  relations: { lines: many(quoteLine, "quoteId") },
});
