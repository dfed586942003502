import { before, type Context, type HookDefinition, isCurrency, ValidationFailed } from "@corm/core";
import { priceBook, priceBookEntry } from "../entities/price-book.js";

/** Entries are in the currency of their book: one query a batch. */
async function checkEntries(
  ctx: Context,
  entries: readonly { readonly priceBookId: unknown; readonly unitPrice: unknown }[],
): Promise<void> {
  const ids = entries.flatMap(({ priceBookId }) => (typeof priceBookId === "string" ? [priceBookId] : []));
  const currencies = new Map<string, string>();
  const books = ctx
    .asSystem({ capability: "sales.pricing", reason: "currency of a price book" })
    .repo(priceBook)
    .stream({ where: { id: { in: [...new Set(ids)] } }, select: ["id", "currency"], limit: 500 });
  for await (const { id, currency } of books) currencies.set(id, currency);
  const issues = entries.flatMap(({ priceBookId, unitPrice }, at) => {
    const currency = currencies.get(String(priceBookId));
    const own = (unitPrice as { readonly currency?: unknown } | null | undefined)?.currency;
    if (currency === undefined || typeof own !== "string" || own === currency) return [];
    const pointer = `${entries.length === 1 ? "" : `/${at}`}/unitPrice/currency`;
    return [{ pointer, code: "currency-of-book", message: `is ${currency}, the currency of the price book` }];
  });
  if (issues.length > 0) throw ValidationFailed({ entity: priceBookEntry.name, issues });
}

/** Refuses prices that their book cannot have, and books that never hold. */
export const checkPrices: readonly HookDefinition[] = [
  before(priceBook, "create", { name: "sales.checkPriceBook" }, (batch) => {
    for (const { input } of batch) checkBook(input);
  }),
  before(priceBook, "update", { name: "sales.checkChangedPriceBook" }, (batch) => {
    for (const { before, patch } of batch) checkBook({ ...before, ...patch });
  }),
  before(priceBookEntry, "create", { name: "sales.checkPrice" }, (batch, ctx) =>
    checkEntries(
      ctx,
      batch.map(({ input }) => input),
    ),
  ),
  before(priceBookEntry, "update", { name: "sales.checkChangedPrice" }, async (batch, ctx) => {
    const priced = batch.filter(({ patch }) => patch.unitPrice !== undefined);
    if (priced.length === 0) return;
    const entries = priced.map(({ before: { priceBookId }, patch: { unitPrice } }) => ({
      priceBookId,
      unitPrice,
    }));
    await checkEntries(ctx, entries);
  }),
];

function checkBook(book: {
  readonly currency?: unknown;
  readonly validFrom?: unknown;
  readonly validUntil?: unknown;
}): void {
  const { currency, validFrom, validUntil } = book;
  const issues = [];
  if (typeof currency === "string" && /^[A-Z]{3}$/.test(currency) && !isCurrency(currency)) {
    const message = `"${currency}" is not a currency of ISO 4217`;
    issues.push({ pointer: "/currency", code: "unknown-currency", message });
  }
  if (typeof validFrom === "string" && typeof validUntil === "string" && validUntil < validFrom)
    issues.push({
      pointer: "/validUntil",
      code: "ends-before-it-begins",
      message: 'lies before "validFrom"',
    });
  if (issues.length > 0) throw ValidationFailed({ entity: priceBook.name, issues });
}
