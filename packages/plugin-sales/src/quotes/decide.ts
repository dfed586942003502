import type { Context } from "@corm/core";
import { type Quote, quote } from "../entities/quote.js";
import { QuoteExpired, QuoteNotOpen, QuoteSeenOther } from "../errors.js";
import { quoteAccepted, quoteDeclined } from "../events.js";
import { quoteBooks } from "./books.js";

export interface Answer {
  readonly decision: "accept" | "decline";
  /** Who answers, as he gave it. */
  readonly by: string;
  /** His network address, where it is known. */
  readonly from: string | null;
  /** Of the document that he saw. */
  readonly hash: string;
  readonly reason?: string | null;
}

const OUTCOME = { accept: "accepted", decline: "declined" } as const;

/**
 * Records a customer's answer. The same answer given again changes nothing, and leaves the first one as it was.
 *
 * @throws quote-expired, quote-not-open, quote-seen-other
 */
export function decideQuote(ctx: Context, id: string, answer: Answer): Promise<Quote> {
  return ctx.transaction(async (tx) => {
    const books = quoteBooks(tx);
    const found = await books.repo(quote).get(id, { lock: true });
    const { number, status } = found;
    const outcome = OUTCOME[answer.decision];
    if (answer.hash !== found.documentHash) throw QuoteSeenOther({ number });
    if (status === outcome) return found;
    if (isExpired(found, tx.clock.now())) throw QuoteExpired({ number, validUntil: found.validUntil ?? "" });
    if (status !== "sent") throw QuoteNotOpen({ number, status });
    const { by, from, hash, reason = null } = answer;
    const decided = await books.repo(quote).update(id, {
      status: outcome,
      decidedAt: tx.now(),
      decidedBy: by,
      decidedFrom: from,
      decidedHash: hash,
      declineReason: outcome === "declined" ? reason : null,
    });
    const common = { number, revision: found.revision, total: found.total, documentHash: hash };
    const subject = { entity: quote, record: id };
    if (outcome === "accepted") await books.emit(quoteAccepted, { ...common, by }, subject);
    else await books.emit(quoteDeclined, { ...common, reason }, subject);
    return decided;
  });
}

export function isExpired({ status, expiresAt }: Quote, now: number): boolean {
  return status === "expired" || (status === "sent" && expiresAt !== null && now >= Date.parse(expiresAt));
}
