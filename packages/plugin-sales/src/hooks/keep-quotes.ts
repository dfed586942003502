import {
  after,
  before,
  type Context,
  type HookDefinition,
  type Issue,
  isCurrency,
  nextNumbers,
  ValidationFailed,
} from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { type QuoteInput, quote } from "../entities/quote.js";
import { QuoteIsSent } from "../errors.js";
import { isOwnWrite, quoteBooks } from "../quotes/books.js";
import { recalculate } from "../quotes/recalculate.js";
import { refuseWritten } from "../services/protected-fields.js";

const WRITTEN = [
  "number",
  "revision",
  "status",
  "contentRevision",
  "submittedContent",
  "subtotal",
  "discountTotal",
  "taxTotal",
  "total",
  "effectiveDiscount",
  "sentAt",
  "expiresAt",
  "document",
  "documentHash",
  "decidedAt",
  "decidedBy",
  "decidedFrom",
  "decidedHash",
  "declineReason",
] as const;
/** What is offered, to whom, and on which terms: an approval is of that. */
const OFFERED = [
  "discountPercent",
  "discountAmount",
  "rounding",
  "terms",
  "validUntil",
  "accountId",
  "contactId",
] as const;

async function fillQuotes(batch: readonly { readonly input: QuoteInput }[], ctx: Context): Promise<void> {
  if (isOwnWrite(ctx)) return;
  const inputs = batch.map(({ input }) => input);
  refuseWritten(quote.name, inputs, WRITTEN);
  await followOpportunities(inputs, ctx);
  const numbers = await nextNumbers(ctx, "sales.quote", inputs.length);
  const issues: Issue[] = [];
  for (const [at, input] of inputs.entries()) {
    input.currency ??= ctx.currency;
    const nothing = { amount: "0", currency: input.currency };
    input.number = `Q-${String(numbers[at]).padStart(6, "0")}`;
    input.revision = 1;
    input.status = "draft";
    input.contentRevision = 1;
    input.effectiveDiscount = 0;
    Object.assign(input, { subtotal: nothing, discountTotal: nothing, taxTotal: nothing, total: nothing });
    const pointer = inputs.length === 1 ? "" : `/${at}`;
    if (typeof input.currency === "string" && !isCurrency(input.currency))
      issues.push({ pointer: `${pointer}/currency`, code: "unknown-currency", message: "is not a currency" });
    issues.push(...discountIssues(input, input.currency, pointer));
  }
  if (issues.length > 0) throw ValidationFailed({ entity: quote.name, issues });
}

/** Customer and owner are those of the opportunity, where the caller says nothing else. One query a batch. */
async function followOpportunities(inputs: readonly QuoteInput[], ctx: Context): Promise<void> {
  const ids = [...new Set(inputs.flatMap(({ opportunityId }) => opportunityId ?? []))];
  if (ids.length === 0) return;
  const found = ctx.repo(opportunity).stream({
    where: { id: { in: ids } },
    select: ["id", "accountId", "contactId", "ownerId"],
    limit: 500,
  });
  for await (const { id, accountId, contactId, ownerId } of found)
    for (const input of inputs.filter(({ opportunityId }) => opportunityId === id)) {
      input.accountId ??= accountId;
      input.contactId ??= contactId;
      input.ownerId ??= ownerId;
    }
}

function discountIssues(values: Partial<QuoteInput>, currency: string, pointer: string): Issue[] {
  const own = (values.discountAmount as { readonly currency?: unknown } | null | undefined)?.currency;
  if (typeof own !== "string" || own === currency) return [];
  const message = `is ${currency}, the currency of the quote`;
  return [{ pointer: `${pointer}/discountAmount/currency`, code: "currency-of-quote", message }];
}

/** Quotes are numbered, added up, and never change once they were sent. */
export const keepQuotes: readonly HookDefinition[] = [
  before(quote, "create", { name: "sales.fillQuote" }, fillQuotes),
  before(quote, "update", { name: "sales.keepQuote", stage: "early" }, async (batch, ctx) => {
    if (isOwnWrite(ctx)) return;
    refuseWritten(
      quote.name,
      batch.map(({ patch }) => patch),
      WRITTEN,
    );
    for (const { before: old, patch } of batch) {
      if (old.status !== "draft") throw QuoteIsSent({ number: old.number, status: old.status });
      const issues = discountIssues(patch, old.currency, "");
      if (issues.length > 0) throw ValidationFailed({ entity: quote.name, issues });
    }
  }),
  after(quote, "update", { name: "sales.addUpQuote", stage: "early" }, async (batch, ctx) => {
    if (isOwnWrite(ctx)) return;
    const changed = batch.filter(({ changed: names }) => OFFERED.some((name) => names.has(name)));
    if (changed.length > 0)
      await recalculate(
        quoteBooks(ctx),
        changed.map(({ row }) => row.id),
      );
  }),
  ...(["delete", "purge"] as const).map((operation) =>
    before(quote, operation, { name: `sales.keepSent-${operation}`, stage: "early" }, (batch, ctx) => {
      if (isOwnWrite(ctx)) return;
      for (const { before: old } of batch)
        if (old.status !== "draft") throw QuoteIsSent({ number: old.number, status: old.status });
    }),
  ),
];
