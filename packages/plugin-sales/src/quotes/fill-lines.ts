import { addMoney, type Context, type Issue, type Money, multiplyMoney, ValidationFailed } from "@corm/core";
import { accountWithOpportunities } from "../entities/opportunity.js";
import { product } from "../entities/product.js";
import { type Quote, type QuoteLineInput, quoteLine } from "../entities/quote.js";
import { ConfigurationImpossible, PriceMissing } from "../errors.js";
import { type Bundle, loadBundles } from "../products/bundles.js";
import { type Selection, violationsOf } from "../products/configuration.js";
import { pricing } from "../products/prices.js";
import { quoteBooks } from "./books.js";

/** A line that is written, with what it is to hold afterwards. Values are the caller's until they are validated. */
export interface LineDraft {
  readonly quote: Quote;
  /** Where it stands in the batch. */
  readonly at: number;
  /** Values after the write. */
  readonly values: Partial<QuoteLineInput>;
  /** Takes what is filled in. */
  readonly target: Partial<QuoteLineInput>;
  /** Whether the price follows from the price books. */
  readonly priced: boolean;
}

const NO_BUNDLE: Bundle["model"] = { groups: [], options: [] };

/**
 * Prices and descriptions of lines, and what is wrong with them. As many queries for many lines of a quote as for one.
 *
 * @throws configuration-impossible, price-missing, validation-failed
 */
export async function fillLines(ctx: Context, drafts: readonly LineDraft[], single: boolean): Promise<void> {
  const productIds = [...new Set(drafts.flatMap(({ values }) => values.productId ?? []))];
  const bundles = await loadBundles(ctx, productIds);
  for (const { values, at } of drafts) {
    const model = bundles.get(values.productId ?? "")?.model ?? NO_BUNDLE;
    const violations = violationsOf(model, (values.options ?? {}) as Selection);
    const pointer = `${single ? "" : `/${at}`}/options`;
    if (violations.length > 0) throw ConfigurationImpossible({ pointer, violations });
  }
  await fillPrices(ctx, drafts, bundles);
  await fillDescriptions(ctx, drafts);
  const issues = drafts.flatMap((draft) => currencyIssues(draft, single));
  if (issues.length > 0) throw ValidationFailed({ entity: quoteLine.name, issues });
}

async function fillPrices(
  ctx: Context,
  drafts: readonly LineDraft[],
  bundles: ReadonlyMap<string, Bundle>,
): Promise<void> {
  const segments = await segmentsOf(ctx, drafts);
  const byQuote = new Map<string, LineDraft[]>();
  for (const draft of drafts)
    if (draft.values.productId != null)
      byQuote.set(draft.quote.id, [...(byQuote.get(draft.quote.id) ?? []), draft]);
  for (const lines of byQuote.values()) {
    const { currency, priceBookId, accountId } = (lines[0] as LineDraft).quote;
    const wanted = lines.map((line) => ({ line, parts: partsOf(line, bundles) }));
    const prices = await ctx.service(pricing).resolve({
      currency,
      priceBookId,
      segment: segments.get(accountId ?? "") ?? null,
      items: wanted.flatMap(({ parts }) => parts),
    });
    let next = 0;
    for (const { line, parts } of wanted) {
      const found = prices.slice(next, next + parts.length);
      next += parts.length;
      let list: Money | null = { amount: "0", currency };
      for (const [n, { unitPrice }] of found.entries())
        list = list && unitPrice && addMoney(list, multiplyMoney(unitPrice, String(parts[n]?.times)));
      line.target.listPrice = list;
      if (!line.priced) continue;
      const missing = found.filter(({ unitPrice }) => unitPrice === null).map(({ productId }) => productId);
      if (list === null) throw PriceMissing({ products: [...new Set(missing)], currency });
      line.target.unitPrice = list;
    }
  }
}

/** The product itself, and the options that cost something. */
function partsOf({ values }: LineDraft, bundles: ReadonlyMap<string, Bundle>) {
  const productId = values.productId as string;
  const lineQuantity = values.quantity ?? "1";
  const chosen = (values.options ?? {}) as Selection;
  const options = (bundles.get(productId)?.options ?? []).filter(
    ({ key, included }) => !included && (chosen[key] ?? 0) > 0,
  );
  return [
    { productId, quantity: lineQuantity, times: 1 },
    ...options.map((option) => {
      const times = chosen[option.key] as number;
      return { productId: option.productId, quantity: String(Number(lineQuantity) * times), times };
    }),
  ];
}

async function segmentsOf(ctx: Context, drafts: readonly LineDraft[]): Promise<Map<string, string | null>> {
  const ids = [...new Set(drafts.flatMap(({ quote }) => quote.accountId ?? []))];
  const segments = new Map<string, string | null>();
  if (ids.length === 0) return segments;
  const accounts = quoteBooks(ctx).repo(accountWithOpportunities);
  for await (const { id, priceSegment } of accounts.stream({
    where: { id: { in: ids } },
    select: ["id", "priceSegment"],
    limit: 500,
  }))
    segments.set(id, priceSegment);
  return segments;
}

async function fillDescriptions(ctx: Context, drafts: readonly LineDraft[]): Promise<void> {
  const open = drafts.filter(({ values }) => values.description == null && values.productId != null);
  if (open.length === 0) return;
  const names = new Map<string, string>();
  const ids = [...new Set(open.map(({ values }) => values.productId as string))];
  for await (const { id, name } of quoteBooks(ctx)
    .repo(product)
    .stream({ where: { id: { in: ids } }, select: ["id", "name"], limit: 500 }))
    names.set(id, name);
  for (const { values, target } of open) {
    const name = names.get(values.productId as string);
    if (name !== undefined) target.description = name;
  }
}

function currencyIssues({ quote, values, target, at }: LineDraft, single: boolean): Issue[] {
  return (["unitPrice", "discountAmount"] as const).flatMap((name) => {
    const money = (target[name] ?? values[name]) as Money | null | undefined;
    if (money == null || money.currency === quote.currency) return [];
    const pointer = `${single ? "" : `/${at}`}/${name}/currency`;
    return [
      { pointer, code: "currency-of-quote", message: `is ${quote.currency}, the currency of the quote` },
    ];
  });
}
