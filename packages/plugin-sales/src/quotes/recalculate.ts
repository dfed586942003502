import type { Context, Money } from "@corm/core";
import { type Quote, type QuoteLine, quote, quoteLine } from "../entities/quote.js";
import { QuoteTooLong } from "../errors.js";
import { quoteBooks } from "./books.js";
import { type DocumentTotals, documentTotals, type PricedDocument } from "./totals.js";

/** Lines that one quote may have. */
export const MAX_LINES = 1000;
const PAGE = 500;

/** Lines by quote, in their order. @throws quote-too-long */
export async function linesOf(ctx: Context, quoteIds: readonly string[]): Promise<Map<string, QuoteLine[]>> {
  const lines = new Map<string, QuoteLine[]>(quoteIds.map((id) => [id, []]));
  for await (const line of quoteBooks(ctx)
    .repo(quoteLine)
    .stream({ where: { quoteId: { in: quoteIds } }, orderBy: ["position", "id"], limit: PAGE })) {
    const own = lines.get(line.quoteId) as QuoteLine[];
    own.push(line);
    if (own.length > MAX_LINES) throw QuoteTooLong({ limit: MAX_LINES });
  }
  return lines;
}

export function totalsOf(record: Quote, lines: readonly QuoteLine[]): DocumentTotals {
  const { currency, rounding, discountPercent, discountAmount } = record;
  return documentTotals({ currency, rounding, discountPercent, discountAmount, lines } as PricedDocument);
}

/** Brings quotes and their lines in step after a change of what is offered. As many queries for many quotes as for one. */
export async function recalculate(ctx: Context, quoteIds: readonly string[]): Promise<void> {
  const ids = [...new Set(quoteIds)];
  if (ids.length === 0) return;
  const books = quoteBooks(ctx);
  const lines = await linesOf(ctx, ids);
  const quotes: { id: string; patch: Partial<Quote> }[] = [];
  const changed: { id: string; patch: Partial<QuoteLine> }[] = [];
  for await (const record of books.repo(quote).stream({ where: { id: { in: ids } }, limit: PAGE })) {
    const own = lines.get(record.id) as QuoteLine[];
    const { lines: parts, taxes: _, ...totals } = totalsOf(record, own);
    own.forEach((line, at) => {
      const part = parts[at] as (typeof parts)[number];
      if (FIGURES.some((name) => !same(line[name], part[name])))
        changed.push({ id: line.id, patch: { ...part } });
    });
    quotes.push({ id: record.id, patch: { ...totals, contentRevision: record.contentRevision + 1 } });
  }
  await books.repo(quoteLine).updateMany(changed);
  await books.repo(quote).updateMany(quotes);
}

const FIGURES = ["net", "documentDiscount", "tax", "total"] as const;
const same = (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency;
