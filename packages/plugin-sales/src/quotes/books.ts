import { type Context, Forbidden, NotFound } from "@corm/core";
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
    await assertMayChange(ctx, quote, id);
    if (found.status !== "draft") throw QuoteIsSent({ number: found.number, status: found.status });
    held.set(found.id, found);
  }
  return held;
}

/** Actions that write with the rights of the plugin ask for those of the caller first. @throws not-found, forbidden */
export async function assertMayChange(
  ctx: Context,
  entity: { readonly name: string },
  id: string,
): Promise<void> {
  if (ctx.actor.kind === "system" || (await ctx.can("update", entity, id))) return;
  if (!(await ctx.can("read", entity, id))) throw NotFound({ entity: entity.name, id });
  throw Forbidden({ reason: `You may not change this ${entity.name}.` });
}
