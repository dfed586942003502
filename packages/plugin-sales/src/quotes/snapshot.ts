import { account, type Context, contact } from "@corm/core";
import { product } from "../entities/product.js";
import type { Quote, QuoteDocument, QuoteLine } from "../entities/quote.js";
import { type Bundle, loadBundles } from "../products/bundles.js";
import { settingsOf } from "../services/settings.js";
import { sellerDay } from "../services/today.js";
import { quoteBooks } from "./books.js";
import { totalsOf } from "./recalculate.js";

/** What a customer is shown, with everything in it that could change later. */
export async function snapshotOf(
  ctx: Context,
  record: Quote,
  lines: readonly QuoteLine[],
  validUntil: string,
): Promise<QuoteDocument> {
  const books = quoteBooks(ctx);
  const { accountId, contactId } = record;
  const customer = accountId
    ? await books.repo(account).first({ where: { id: accountId }, select: ["name"] })
    : null;
  const person = contactId
    ? await books.repo(contact).first({ where: { id: contactId }, select: ["firstName", "lastName"] })
    : null;
  const names = await optionNames(ctx, lines);
  const { lines: parts, ...totals } = totalsOf(record, lines);
  return {
    number: record.number,
    revision: record.revision,
    name: record.name,
    language: record.language,
    customer: {
      account: customer?.name ?? null,
      contact: person ? [person.firstName, person.lastName].filter(Boolean).join(" ") : null,
    },
    seller: settingsOf(ctx).seller,
    sentOn: sellerDay(ctx),
    validUntil,
    currency: record.currency,
    rounding: record.rounding,
    terms: record.terms,
    lines: lines.map((line, at) => ({
      id: line.id,
      productId: line.productId,
      description: line.description,
      options: names(line),
      quantity: line.quantity,
      unitPrice: line.unitPrice,
      discountPercent: line.discountPercent,
      discountAmount: line.discountAmount,
      taxRate: line.taxRate,
      ...(parts[at] as (typeof parts)[number]),
    })),
    taxes: [...totals.taxes],
    subtotal: totals.subtotal,
    discountTotal: totals.discountTotal,
    taxTotal: totals.taxTotal,
    total: totals.total,
  };
}

/** What the options of lines are called, in three queries. */
async function optionNames(ctx: Context, lines: readonly QuoteLine[]) {
  const bundleIds = [
    ...new Set(lines.flatMap(({ productId, options }) => (productId && options ? [productId] : []))),
  ];
  const bundles = await loadBundles(ctx, bundleIds);
  const ids = new Set(
    [...bundles.values()].flatMap(({ options }) => options.map(({ productId }) => productId)),
  );
  const names = new Map<string, string>();
  if (ids.size > 0)
    for await (const { id, name } of quoteBooks(ctx)
      .repo(product)
      .stream({ where: { id: { in: [...ids] } }, select: ["id", "name"], limit: 500 }))
      names.set(id, name);
  return ({ productId, options }: QuoteLine) =>
    Object.entries(options ?? {})
      .filter(([, quantity]) => quantity > 0)
      .map(([key, quantity]) => {
        const option = bundles
          .get(productId ?? "")
          ?.options.find((one: Bundle["options"][number]) => one.key === key);
        return { name: names.get(option?.productId ?? "") ?? key, quantity };
      });
}
