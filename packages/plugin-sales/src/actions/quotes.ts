import { approvals, assertCan, date, defineAction, Type, timeZone, toInstant } from "@corm/core";
import { addDays } from "../contracts/months.js";
import { KEEP_DOCUMENT } from "../documents/keep-document.js";
import { quote, quoteLine } from "../entities/quote.js";
import { ApprovalsMissing, QuoteIsSent, QuoteNotOpen, QuoteNotReady } from "../errors.js";
import { quoteSent } from "../events.js";
import { requireApproval } from "../quotes/approval.js";
import { quoteBooks } from "../quotes/books.js";
import { documentHash } from "../quotes/canonical-json.js";
import { quotePath } from "../quotes/link.js";
import { linesOf, totalsOf } from "../quotes/recalculate.js";
import { snapshotOf } from "../quotes/snapshot.js";
import { settingsOf } from "../services/settings.js";
import { todayIn } from "../services/today.js";

const link = Type.Object({
  id: Type.String(),
  number: Type.String(),
  revision: Type.Integer(),
  status: Type.String(),
  validUntil: date(),
  documentHash: Type.String(),
  /** Below the base of the app: whoever has it may see the quote, and accept or decline it. */
  path: Type.String(),
});

/**
 * Fixes what is offered and makes the link for the customer. `POST /api/quotes/{id}/send`
 *
 * @throws quote-is-sent, quote-not-ready, approval-required, approvals-not-installed
 */
export const sendQuote = defineAction({
  name: "send",
  on: quote,
  label: "Send",
  description:
    "Fixes the quote, which never changes afterwards, and answers the signed link by which the customer sees and answers it. Earlier revisions are superseded.",
  input: Type.Object({}),
  output: link,
  run: async ({ record }, ctx) => {
    await assertCan(ctx, ["update"], quote, [record.id]);
    const { number, status } = record;
    if (status !== "draft") throw QuoteIsSent({ number, status });
    const books = quoteBooks(ctx);
    const { timeZone: zoneName, quoteDays } = settingsOf(ctx);
    const zone = timeZone(zoneName);
    const today = todayIn(zoneName, ctx.clock.now());
    const validUntil = record.validUntil ?? addDays(today, quoteDays);
    const lines = (await linesOf(ctx, [record.id])).get(record.id) ?? [];
    const { discountTotal, subtotal } = totalsOf(record, lines);
    const reasons: string[] = [];
    if (lines.length === 0) reasons.push("it has no lines");
    if (validUntil < today) reasons.push(`"validUntil" is ${validUntil}, which is over`);
    if (Number(discountTotal.amount) > Math.max(0, Number(subtotal.amount)))
      reasons.push(
        `its discount of ${discountTotal.amount} is more than its lines come to, ${subtotal.amount}`,
      );
    const accepted = await books
      .repo(quote)
      .first({ where: { number, status: "accepted" }, select: ["revision"] });
    if (accepted)
      reasons.push(
        `revision ${accepted.revision} of it was accepted: offer what is more in a quote of its own`,
      );
    if (reasons.length > 0) throw QuoteNotReady({ number, reasons });
    await requireApproval(ctx, record);
    const document = await snapshotOf(ctx, record, lines, validUntil);
    const hash = documentHash(document);
    const earlier = await books
      .repo(quote)
      .find({ where: { number, status: "sent" }, select: ["id", "version"], limit: 500 });
    await books
      .repo(quote)
      .updateMany(earlier.items.map(({ id, version }) => ({ id, version, patch: { status: "superseded" } })));
    const sent = await books.repo(quote).update(record.id, {
      status: "sent",
      sentAt: ctx.now(),
      validUntil,
      expiresAt: toInstant(zone.toInstant(`${addDays(validUntil, 1)}T00:00:00`)),
      document,
      documentHash: hash,
    });
    const { revision, total } = sent;
    await ctx.emit(
      quoteSent,
      { number, revision, total, documentHash: hash, validUntil },
      { entity: quote, record: record.id },
    );
    await books.jobs.enqueue(KEEP_DOCUMENT, { entity: quote.name, id: sent.id });
    const path = quotePath(ctx.tokens, sent);
    return { id: sent.id, number, revision, status: sent.status, validUntil, documentHash: hash, path };
  },
});

/** The customer's link again. `POST /api/quotes/{id}/link` @throws quote-not-open for a draft */
export const linkQuote = defineAction({
  name: "link",
  on: quote,
  readOnly: true,
  label: "Link for the customer",
  description: "Answers the signed link of a quote that was sent.",
  input: Type.Object({}),
  output: link,
  run: async ({ record }, ctx) => {
    const { id, number, revision, status, validUntil, documentHash: hash } = record;
    if (hash === null || validUntil === null) throw QuoteNotOpen({ number, status });
    return {
      id,
      number,
      revision,
      status,
      validUntil,
      documentHash: hash,
      path: quotePath(ctx.tokens, record),
    };
  },
});

/** Makes a draft of what was sent, under the same number. `POST /api/quotes/{id}/revise` */
export const reviseQuote = defineAction({
  name: "revise",
  on: quote,
  label: "Make a new revision",
  description:
    "A draft with the same lines under the same number. What was sent stays open until the draft is sent.",
  input: Type.Object({}),
  output: Type.Object({ id: Type.String(), number: Type.String(), revision: Type.Integer() }),
  run: async ({ record }, ctx) => {
    await assertCan(ctx, ["update"], quote, [record.id]);
    const { number, status } = record;
    if (status === "draft" || status === "accepted") throw QuoteNotOpen({ number, status });
    const books = quoteBooks(ctx);
    const last = await books
      .repo(quote)
      .first({ where: { number }, orderBy: ["-revision"], select: ["revision"], withDeleted: true });
    const { name, opportunityId, accountId, contactId, ownerId, currency, priceBookId, language } = record;
    const { rounding, discountPercent, discountAmount, terms, effectiveDiscount } = record;
    const { subtotal, discountTotal, taxTotal, total } = record;
    const made = await books.repo(quote).create({
      ...{ name, opportunityId, accountId, contactId, ownerId, currency, priceBookId, language },
      ...{ rounding, discountPercent, discountAmount, terms, effectiveDiscount },
      ...{ number, subtotal, discountTotal, taxTotal, total },
      revision: (last?.revision ?? record.revision) + 1,
      status: "draft",
      contentRevision: 1,
    });
    const lines = (await linesOf(ctx, [record.id])).get(record.id) ?? [];
    await books.repo(quoteLine).createMany(
      lines.map((line) => {
        const { id: _, tenantId, createdAt, updatedAt, version, deletedAt, ...values } = line;
        return { ...values, quoteId: made.id };
      }),
    );
    return { id: made.id, number, revision: made.revision };
  },
});

/**
 * Hands the quote in for approval as it is now. `POST /api/quotes/{id}/request-approval`
 *
 * @throws approvals-not-installed, quote-is-sent, and what submitting refuses
 */
export const requestApproval = defineAction({
  name: "requestApproval",
  on: quote,
  label: "Ask for approval",
  description:
    "Hands the quote in by the approval process of quotes; whatever changes afterwards wants approval anew.",
  input: Type.Object({ comment: Type.Optional(Type.String({ maxLength: 2000 })) }),
  output: Type.Object({ id: Type.String(), state: Type.String() }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], quote, [record.id]);
    const { id, number, status, contentRevision } = record;
    if (status !== "draft") throw QuoteIsSent({ number, status });
    const port = ctx.optional(approvals);
    if (!port) throw ApprovalsMissing({});
    await quoteBooks(ctx).repo(quote).update(id, { submittedContent: contentRevision });
    return port.submit({ target: quote.name, id, ...input });
  },
});
