import { after, before, type Context, type HookDefinition } from "@corm/core";
import { type Quote, type QuoteLineInput, quoteLine } from "../entities/quote.js";
import { holdDrafts, isOwnWrite, quoteBooks } from "../quotes/books.js";
import { fillLines, type LineDraft } from "../quotes/fill-lines.js";
import { recalculate } from "../quotes/recalculate.js";
import { refuseWritten } from "../services/protected-fields.js";

const WRITTEN = ["listPrice", "net", "documentDiscount", "tax", "total"] as const;
/** Fields from which a price follows. */
const PRICING = ["productId", "options", "quantity"] as const;

/** Lines that come and go with their quote are the quote's to decide. */
const follows = (ctx: Context): boolean => isOwnWrite(ctx) || (ctx.chain.at(-2) ?? "").startsWith("quote.");

async function fillNew(batch: readonly { readonly input: QuoteLineInput }[], ctx: Context): Promise<void> {
  if (isOwnWrite(ctx)) return;
  const inputs = batch.map(({ input }) => input);
  refuseWritten(quoteLine.name, inputs, WRITTEN);
  const quotes = await holdDrafts(
    ctx,
    inputs.map(({ quoteId }) => quoteId),
  );
  const drafts: LineDraft[] = inputs.flatMap((input, at) => {
    const quote = quotes.get(input.quoteId);
    return quote ? [{ quote, at, values: input, target: input, priced: input.unitPrice == null }] : [];
  });
  await fillLines(ctx, drafts, inputs.length === 1);
  for (const { quote, target } of drafts) {
    const nothing = { amount: "0", currency: quote.currency };
    Object.assign(target, { net: nothing, documentDiscount: nothing, tax: nothing, total: nothing });
  }
}

async function fillChanged(
  batch: readonly { readonly before: QuoteLineInput; readonly patch: Partial<QuoteLineInput> }[],
  ctx: Context,
): Promise<void> {
  if (isOwnWrite(ctx)) return;
  refuseWritten(
    quoteLine.name,
    batch.map(({ patch }) => patch),
    WRITTEN,
  );
  const quotes = await holdDrafts(
    ctx,
    batch.map(({ before: old }) => old.quoteId),
  );
  const drafts: LineDraft[] = batch.flatMap(({ before: old, patch }, at) => {
    const quote = quotes.get(old.quoteId) as Quote;
    const values = { ...old, ...patch };
    const followed = old.listPrice != null && old.listPrice.amount === old.unitPrice?.amount;
    const touched = PRICING.some((name) => patch[name] !== undefined) || patch.discountAmount != null;
    if (!touched && patch.unitPrice === undefined) return [];
    return [{ quote, at, values, target: patch, priced: patch.unitPrice === undefined && followed }];
  });
  await fillLines(ctx, drafts, batch.length === 1);
}

const addUp = (ctx: Context, lines: readonly { readonly quoteId: string }[]): Promise<void> =>
  recalculate(
    quoteBooks(ctx),
    lines.map(({ quoteId }) => quoteId),
  );

/** Lines belong to drafts, are priced by the books, and add up to their quote. */
export const keepQuoteLines: readonly HookDefinition[] = [
  before(quoteLine, "create", { name: "sales.fillLine" }, fillNew),
  before(quoteLine, "update", { name: "sales.fillChangedLine" }, fillChanged),
  ...(["delete", "restore", "purge"] as const).map((operation) =>
    before(
      quoteLine,
      operation,
      { name: `sales.holdQuote-${operation}`, stage: "early" },
      async (batch, ctx) => {
        if (!follows(ctx))
          await holdDrafts(
            ctx,
            batch.map(({ before: old }) => old.quoteId),
          );
      },
    ),
  ),
  after(quoteLine, "create", { name: "sales.addUpNew", stage: "early" }, async (batch, ctx) => {
    if (!follows(ctx))
      await addUp(
        ctx,
        batch.map(({ row }) => row),
      );
  }),
  after(quoteLine, "update", { name: "sales.addUpChanged", stage: "early" }, async (batch, ctx) => {
    if (!follows(ctx))
      await addUp(
        ctx,
        batch.map(({ row }) => row),
      );
  }),
  after(quoteLine, "restore", { name: "sales.addUpRestored", stage: "early" }, async (batch, ctx) => {
    if (!follows(ctx))
      await addUp(
        ctx,
        batch.map(({ row }) => row),
      );
  }),
  ...(["delete", "purge"] as const).map((operation) =>
    after(quoteLine, operation, { name: `sales.addUp-${operation}`, stage: "early" }, async (batch, ctx) => {
      if (!follows(ctx))
        await addUp(
          ctx,
          batch.map(({ before: old }) => old),
        );
    }),
  ),
];
