import { date, defineAction, money, Type } from "@corm/core";
import { priceBook } from "../entities/price-book.js";
import { pricing } from "../products/prices.js";

/** Above zero, with at most six decimals. */
export const quantity = () =>
  Type.String({ pattern: "^(?=.*[1-9])\\d{1,9}(\\.\\d{1,6})?$", description: "Decimal text above 0" });

/** What products cost a customer. `POST /api/price-books/resolve` */
export const resolvePrices = defineAction({
  name: "resolve",
  on: priceBook,
  collection: true,
  readOnly: true,
  label: "Resolve prices",
  description:
    "The prices of up to 500 items, each with the book and the tier that it is from. Null where there is none.",
  input: Type.Object({
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    segment: Type.Optional(Type.String({ maxLength: 100 })),
    /** Default: today, by the clock of the seller. */
    on: Type.Optional(date()),
    priceBookId: Type.Optional(Type.String({ format: "uuid" })),
    items: Type.Array(Type.Object({ productId: Type.String({ format: "uuid" }), quantity: quantity() }), {
      minItems: 1,
      maxItems: 500,
    }),
  }),
  output: Type.Object({
    prices: Type.Array(
      Type.Object({
        productId: Type.String(),
        quantity: Type.String(),
        unitPrice: Type.Union([money(), Type.Null()]),
        source: Type.Union([
          Type.Object({
            kind: Type.Literal("priceBook"),
            priceBookId: Type.String(),
            name: Type.String(),
            minQuantity: Type.Integer(),
          }),
          Type.Object({ kind: Type.Literal("listPrice") }),
          Type.Null(),
        ]),
      }),
    ),
  }),
  run: async ({ input }, ctx) => ({ prices: await ctx.service(pricing).resolve(input) }),
});
