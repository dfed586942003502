import {
  account,
  contact,
  date,
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  json,
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
import { opportunity } from "./opportunity.js";
import { product } from "./product.js";
import { lineQuantity, percent, quote, quoteLine } from "./quote.js";

const draft = defineEntity("order", {
  fields: {
    /** `O-000042`. */
    number: filledByHook(Type.String({ maxLength: 40 })),
    name: Type.String({ minLength: 1, maxLength: 250 }),
    quoteId: reference(quote),
    /** The caller's own name for the order: given again, it answers the same one. */
    reference: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    /** What is cancelled can be ordered anew from its quote. */
    status: withDefault(oneOf(["open", "fulfilled", "cancelled"]), "open"),
    orderedOn: date(),
    subtotal: money(),
    discountTotal: money(),
    taxTotal: money(),
    total: money(),
  },
  relations: {
    quote: one("quoteId"),
    opportunity: one("opportunityId"),
    account: one("accountId"),
    contact: one("contactId"),
    owner: one("ownerId"),
  },
  access: { parents: ["opportunity", "account"] },
  unique: [["number"], ["quoteId", "reference"]],
  indexes: [["accountId", "orderedOn"], ["ownerId"], ["opportunityId"]],
  immutable: [
    "number",
    "quoteId",
    "reference",
    "orderedOn",
    "subtotal",
    "discountTotal",
    "taxTotal",
    "total",
  ],
  searchable: ["number", "name"],
});

export interface Order extends Row<typeof draft> {}
export interface OrderInput extends Input<typeof draft> {}
/** What a customer has bought by a quote that he accepted, or by a part of one. Its prices never change. */
export const order = draft.as<Order, OrderInput>();

const lineDraft = defineEntity("orderLine", {
  fields: {
    orderId: reference(order, { onDelete: "cascade" }),
    quoteLineId: reference(quoteLine),
    position: withDefault(Type.Integer({ minimum: 0 }), 0),
    productId: Type.Optional(reference(product, { onDelete: "set null" })),
    description: Type.String({ minLength: 1, maxLength: 1000 }),
    options: Type.Optional(
      json(Type.Array(Type.Object({ name: Type.String(), quantity: Type.Integer() }), { maxItems: 500 })),
    ),
    quantity: lineQuantity(),
    unitPrice: money(),
    taxRate: percent(),
    net: money(),
    documentDiscount: money(),
    tax: money(),
    total: money(),
  },
  relations: { order: one("orderId"), quoteLine: one("quoteLineId"), product: one("productId") },
  access: { parents: ["order"] },
  indexes: [["orderId", "position"], ["quoteLineId"], ["productId"]],
});

export interface OrderLine extends Row<typeof lineDraft> {}
export interface OrderLineInput extends Input<typeof lineDraft> {}
/** One line of an order. */
export const orderLine = lineDraft.as<OrderLine, OrderLineInput>();

export const orderWithLines = extendEntity(order, {
  relations: { lines: many(orderLine, "orderId") },
});
