import { type Context, defineService, type Money, type Where } from "@corm/core";
import { type PriceBook, priceBook, priceBookEntry } from "../entities/price-book.js";
import { product } from "../entities/product.js";
import { PriceMissing } from "../errors.js";
import { sellerDay } from "../services/today.js";
import { choosePrice, type Offer } from "./choose-price.js";

export interface PriceQuestion {
  /** ISO 4217. */
  readonly currency: string;
  /** Of the customer. Default: none. */
  readonly segment?: string | null;
  /** `YYYY-MM-DD`. Default: today, by the clock of the seller. */
  readonly on?: string;
  /** Takes prices of this book before all others. */
  readonly priceBookId?: string | null;
  /** Quantities as decimal text. */
  readonly items: readonly { readonly productId: string; readonly quantity: string }[];
}

/** The price of one item, and where it is from. */
export interface ResolvedPrice {
  readonly productId: string;
  readonly quantity: string;
  /** Null where no book has the product, and no list price is in the currency. */
  readonly unitPrice: Money | null;
  readonly source:
    | {
        readonly kind: "priceBook";
        readonly priceBookId: string;
        readonly name: string;
        readonly minQuantity: number;
      }
    | { readonly kind: "listPrice" }
    | null;
}

/** What products cost whom, when. */
export interface Pricing {
  /** Answers in the order of the items, in three queries however many there are (pages of 500 prices). */
  resolve(question: PriceQuestion): Promise<ResolvedPrice[]>;
  /** @throws price-missing with all products that have no price */
  require(question: PriceQuestion): Promise<(ResolvedPrice & { readonly unitPrice: Money })[]>;
}

export const pricing = defineService<Pricing>("sales.pricing");

const PAGE = 500;

export function pricingOf(ctx: Context): Pricing {
  const resolve = (question: PriceQuestion) => resolvePrices(ctx, question);
  return {
    resolve,
    async require(question) {
      const prices = await resolve(question);
      const missing = prices.filter(({ unitPrice }) => unitPrice === null);
      if (missing.length > 0)
        throw PriceMissing({
          products: [...new Set(missing.map(({ productId }) => productId))],
          currency: question.currency,
        });
      return prices as (ResolvedPrice & { unitPrice: Money })[];
    },
  };
}

async function resolvePrices(ctx: Context, question: PriceQuestion): Promise<ResolvedPrice[]> {
  const { items } = question;
  const ids = [...new Set(items.map(({ productId }) => productId))];
  const system = ctx.asSystem({ capability: "sales.pricing", reason: "prices" });
  const books = await booksFor(system, question);
  const offers = await offersOf(system, books, ids);
  const prices = items.map(({ productId, quantity }): ResolvedPrice => {
    const own = offers.get(productId) ?? [];
    const first = own.filter(({ book }) => book.id === question.priceBookId);
    const chosen = choosePrice(first, Number(quantity)) ?? choosePrice(own, Number(quantity));
    if (!chosen) return { productId, quantity, unitPrice: null, source: null };
    const { book, minQuantity, unitPrice } = chosen;
    const source = { kind: "priceBook", priceBookId: book.id, name: book.name, minQuantity } as const;
    return { productId, quantity, unitPrice, source };
  });
  return listPrices(system, question.currency, prices);
}

async function booksFor(
  system: Context,
  { currency, segment = null, on = sellerDay(system) }: PriceQuestion,
): Promise<Map<string, PriceBook>> {
  const where: Where<PriceBook> = {
    currency,
    active: true,
    and: [
      { or: [{ segment: null }, ...(segment === null ? [] : [{ segment }])] },
      { or: [{ validFrom: null }, { validFrom: { lte: on } }] },
      { or: [{ validUntil: null }, { validUntil: { gte: on } }] },
    ],
  };
  const books = new Map<string, PriceBook>();
  for await (const book of system.repo(priceBook).stream({ where, limit: PAGE })) books.set(book.id, book);
  return books;
}

async function offersOf(
  system: Context,
  books: ReadonlyMap<string, PriceBook>,
  productIds: readonly string[],
): Promise<Map<string, Offer[]>> {
  const offers = new Map<string, Offer[]>();
  if (books.size === 0 || productIds.length === 0) return offers;
  const entries = system.repo(priceBookEntry).stream({
    where: { productId: { in: productIds }, priceBookId: { in: [...books.keys()] } },
    select: ["id", "priceBookId", "productId", "minQuantity", "unitPrice"],
    limit: PAGE,
  });
  for await (const { id, priceBookId, productId, minQuantity, unitPrice } of entries) {
    const book = books.get(priceBookId) as PriceBook;
    const list = offers.get(productId) ?? [];
    list.push({ entryId: id, minQuantity, unitPrice, book });
    offers.set(productId, list);
  }
  return offers;
}

/** Where no book has a price, the list price of the product counts, if it is in the currency. */
async function listPrices(
  system: Context,
  currency: string,
  prices: readonly ResolvedPrice[],
): Promise<ResolvedPrice[]> {
  const open = new Set(prices.filter(({ source }) => source === null).map(({ productId }) => productId));
  if (open.size === 0) return [...prices];
  const listed = new Map<string, Money>();
  const products = system.repo(product).stream({
    where: { id: { in: [...open] } },
    select: ["id", "listPrice"],
    limit: PAGE,
  });
  for await (const { id, listPrice } of products)
    if (listPrice?.currency === currency) listed.set(id, listPrice);
  return prices.map((price) => {
    const unitPrice = price.source === null ? listed.get(price.productId) : undefined;
    return unitPrice ? { ...price, unitPrice, source: { kind: "listPrice" } } : price;
  });
}
