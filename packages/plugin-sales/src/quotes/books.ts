import { assertCan, type Context } from "@corm/core";
import { type Quote, quote } from "../entities/quote.js";
import { QuoteIsSent } from "../errors.js";

/** The session in which the plugin itself writes quotes, orders and contracts. */
export const quoteBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "sales.quotes", reason: "keep quotes and what follows from them" });

/** A write of the plugin's own, or of an erasure: the rules for callers do not apply to it. */
export const isOwnWrite = ({ actor }: Context): boolean =>
  actor.kind === "system" && (actor.capability === "sales.quotes" || actor.capability === "core.privacy");

/**
 * Holds quotes that are to change: nobody sends them meanwhile, and lines of one quote are written one after another.
 *
 * @throws not-found, forbidden, quote-is-sent
 */
export async function holdDrafts(ctx: Context, ids: Iterable<unknown>): Promise<Map<string, Quote>> {
  const books = quoteBooks(ctx);
  const held = new Map<string, Quote>();
  // In one order, so that two writers of the same quotes do not wait for each other.
  for (const id of [...new Set(ids)].sort()) {
    if (typeof id !== "string") continue;
    const found = await books.repo(quote).get(id, { lock: true });
    held.set(found.id, found);
  }
  await assertCan(ctx, ["update"], quote, [...held.keys()]);
  for (const { status, number } of held.values())
    if (status !== "draft") throw QuoteIsSent({ number, status });
  return held;
}
