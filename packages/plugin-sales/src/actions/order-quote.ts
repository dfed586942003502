import {
  addMoney,
  assertCan,
  type Context,
  defineAction,
  type Money,
  money,
  nextNumber,
  subtractMoney,
  sumMoney,
  Type,
} from "@corm/core";
import { type Order, type OrderLine, order, orderLine } from "../entities/order.js";
import { lineQuantity, type Quote, type QuoteDocument, quote } from "../entities/quote.js";
import { QuantityExceeded, QuoteNotAccepted } from "../errors.js";
import { micros, partOf, quantityText } from "../orders/split-amounts.js";
import { quoteBooks } from "../quotes/books.js";
import { sellerDay } from "../services/today.js";

const FIGURES = ["net", "documentDiscount", "tax"] as const;
type Figures = Readonly<Record<(typeof FIGURES)[number], Money>>;

/** What is left of a line after the orders that there are. */
interface Rest extends Figures {
  readonly line: QuoteDocument["lines"][number];
  readonly at: number;
  readonly remaining: bigint;
}

/**
 * Makes an order of an accepted quote, or of a part of it, at the prices of the quote. `POST /api/quotes/{id}/order`
 *
 * @throws quote-not-accepted, quantity-exceeded
 */
export const orderQuote = defineAction({
  name: "order",
  on: quote,
  label: "Order",
  description:
    "Makes an order of all that is left, or of the given quantities. Called again when nothing is left, or with the same reference, it answers the order that there is.",
  input: Type.Object({
    /** Default: all that is left. */
    lines: Type.Optional(
      Type.Array(Type.Object({ lineId: Type.String({ format: "uuid" }), quantity: lineQuantity() }), {
        minItems: 1,
        maxItems: 1000,
      }),
    ),
    /** The caller's own name for the order. */
    reference: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  }),
  output: Type.Object({
    id: Type.String(),
    number: Type.String(),
    total: money(),
    /** What can still be ordered. */
    remaining: Type.Array(Type.Object({ lineId: Type.String(), quantity: Type.String() })),
  }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], quote, [record.id]);
    const { number, status, document } = record;
    if (status !== "accepted" || document === null) throw QuoteNotAccepted({ number, status });
    const books = quoteBooks(ctx);
    const rests = await restsOf(books, record.id, document);
    const answer = ({ id, number: own, total }: Order, left: readonly Rest[]) => ({
      id,
      number: own,
      total,
      remaining: left
        .filter(({ remaining }) => remaining > 0n)
        .map(({ line, remaining }) => ({ lineId: line.id, quantity: quantityText(remaining) })),
    });
    const { reference } = input;
    if (reference !== undefined) {
      const known = await books.repo(order).first({ where: { quoteId: record.id, reference } });
      if (known) return answer(known, rests);
    }
    const wanted = input.lines
      ? new Map(input.lines.map(({ lineId, quantity }) => [lineId.toLowerCase(), micros(quantity)]))
      : new Map(rests.map(({ line, remaining }) => [line.id, remaining]));
    if (!input.lines && rests.every(({ remaining }) => remaining === 0n)) {
      const last = await books
        .repo(order)
        .first({ where: { quoteId: record.id, status: { ne: "cancelled" } }, orderBy: ["-number"] });
      if (last) return answer(last, rests);
    }
    checkWanted(wanted, rests);
    const parts = rests.flatMap((rest) => {
      const quantity = wanted.get(rest.line.id) ?? 0n;
      return quantity === 0n ? [] : [taken(rest, quantity)];
    });
    const made = await write(books, record, parts, reference);
    const left = rests.map((rest) => ({
      ...rest,
      remaining: rest.remaining - (wanted.get(rest.line.id) ?? 0n),
    }));
    return answer(made, left);
  },
});

async function restsOf(books: Context, quoteId: string, { lines }: QuoteDocument): Promise<Rest[]> {
  const ordered = new Map<string, OrderLine[]>();
  const found = books.repo(orderLine).stream({
    where: {
      quoteLineId: { in: lines.map(({ id }) => id) },
      order: { quoteId, status: { ne: "cancelled" } },
    } as never,
    limit: 500,
  });
  for await (const line of found)
    ordered.set(line.quoteLineId, [...(ordered.get(line.quoteLineId) ?? []), line]);
  return lines.map((line, at) => {
    const gone = ordered.get(line.id) ?? [];
    const left = (name: (typeof FIGURES)[number]): Money =>
      subtractMoney(
        line[name],
        sumMoney(
          gone.map((one) => one[name]),
          line[name].currency,
        ),
      );
    const taken = gone.reduce((sum, { quantity }) => sum + micros(quantity), 0n);
    return {
      line,
      at,
      remaining: micros(line.quantity) - taken,
      net: left("net"),
      documentDiscount: left("documentDiscount"),
      tax: left("tax"),
    };
  });
}

function checkWanted(wanted: ReadonlyMap<string, bigint>, rests: readonly Rest[]): void {
  const left = new Map(rests.map(({ line, remaining }) => [line.id, remaining]));
  for (const [lineId, quantity] of wanted)
    if (quantity > (left.get(lineId) ?? 0n))
      throw QuantityExceeded({
        lineId,
        wanted: quantityText(quantity),
        remaining: quantityText(left.get(lineId) ?? 0n),
      });
}

function taken(rest: Rest, quantity: bigint) {
  const { line, remaining } = rest;
  const [net, documentDiscount, tax] = FIGURES.map((name) => partOf(rest[name], quantity, remaining)) as [
    Money,
    Money,
    Money,
  ];
  return {
    quoteLineId: line.id,
    position: rest.at,
    productId: line.productId,
    description: line.description,
    options: line.options.length > 0 ? line.options : null,
    quantity: quantityText(quantity),
    unitPrice: line.unitPrice,
    taxRate: line.taxRate,
    net,
    documentDiscount,
    tax,
    total: addMoney(subtractMoney(net, documentDiscount), tax),
  };
}

async function write(
  books: Context,
  record: Quote,
  parts: readonly ReturnType<typeof taken>[],
  reference: string | undefined,
): Promise<Order> {
  const { id, name, opportunityId, accountId, contactId, ownerId, currency } = record;
  const sum = (figure: "net" | "documentDiscount" | "tax" | "total") =>
    sumMoney(
      parts.map((part) => part[figure]),
      currency,
    );
  const made = await books.repo(order).create({
    ...{ name, opportunityId, accountId, contactId, ownerId },
    number: `O-${String(await nextNumber(books, "sales.order")).padStart(6, "0")}`,
    quoteId: id,
    reference: reference ?? null,
    orderedOn: sellerDay(books),
    subtotal: sum("net"),
    discountTotal: sum("documentDiscount"),
    taxTotal: sum("tax"),
    total: sum("total"),
  });
  await books.repo(orderLine).createMany(parts.map((part) => ({ ...part, orderId: made.id })));
  return made;
}
