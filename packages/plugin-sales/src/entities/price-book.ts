import {
  date,
  defineEntity,
  extendEntity,
  type Input,
  many,
  money,
  one,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";
import { product } from "./product.js";

const draft = defineEntity("priceBook", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** ISO 4217; of all its entries. */
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    /** Customers whom it is for, by `priceSegment` of their account. Default: all. */
    segment: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    /** First and last day on which it holds. Default: always. */
    validFrom: Type.Optional(date()),
    validUntil: Type.Optional(date()),
    active: withDefault(Type.Boolean(), true),
    /** Of two books that hold, one for the segment goes first, then the lowest. */
    priority: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 100),
  },
  unique: [["name"]],
  indexes: [["currency", "active"]],
  immutable: ["currency"],
  searchable: ["name"],
});

export interface PriceBook extends Row<typeof draft> {}
export interface PriceBookInput extends Input<typeof draft> {}
/** Prices of one currency, for some customers or all, for some time or always. */
export const priceBook = draft.as<PriceBook, PriceBookInput>();

const entryDraft = defineEntity("priceBookEntry", {
  fields: {
    priceBookId: reference(priceBook, { onDelete: "cascade" }),
    productId: reference(product, { onDelete: "cascade" }),
    /** The price holds from this quantity on, for the whole quantity. */
    minQuantity: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000_000 }), 0),
    /** Of one, in the currency of the book. */
    unitPrice: money(),
  },
  relations: { priceBook: one("priceBookId"), product: one("productId") },
  access: { parents: ["priceBook"] },
  unique: [["priceBookId", "productId", "minQuantity"]],
  indexes: [["productId"]],
  immutable: ["priceBookId", "productId"],
});

export interface PriceBookEntry extends Row<typeof entryDraft> {}
export interface PriceBookEntryInput extends Input<typeof entryDraft> {}
/** What a product costs by one book, from one quantity on. */
export const priceBookEntry = entryDraft.as<PriceBookEntry, PriceBookEntryInput>();

export const priceBookWithEntries = extendEntity(priceBook, {
  relations: { entries: many(priceBookEntry, "priceBookId") },
});
