import { approvals, type Context, compareMoney, exchange, formatMoney } from "@corm/core";
import { type Quote, quote } from "../entities/quote.js";
import { ApprovalRequired, ApprovalsMissing } from "../errors.js";
import { settingsOf } from "../services/settings.js";

/** Why a quote wants approval, in words; empty where it does not. */
export async function approvalReasons(ctx: Context, record: Quote): Promise<string[]> {
  const { discountPercent, total } = settingsOf(ctx).approval;
  const reasons: string[] = [];
  if (discountPercent !== null && record.effectiveDiscount > discountPercent)
    reasons.push(
      `discounts of ${record.effectiveDiscount} % are over the limit of ${discountPercent} % of the list prices`,
    );
  if (total !== null) {
    const { money } = await ctx.service(exchange).convert(record.total, { to: total.currency });
    if (compareMoney(money, total) > 0)
      reasons.push(`a total of ${formatMoney(money, "en")} is over the limit of ${formatMoney(total, "en")}`);
  }
  return reasons;
}

/**
 * What is offered now is what was approved, where it wants approval at all.
 *
 * @throws approval-required, approvals-not-installed
 */
export async function requireApproval(ctx: Context, record: Quote): Promise<void> {
  const reasons = await approvalReasons(ctx, record);
  if (reasons.length === 0) return;
  const port = ctx.optional(approvals);
  if (!port) throw ApprovalsMissing({});
  const latest = await port.latest(quote.name, record.id);
  const current = record.submittedContent === record.contentRevision;
  if (latest?.state === "approved" && current) return;
  const state = !latest
    ? "It was not submitted."
    : current
      ? `Its approval is ${latest.state}.`
      : "It has changed since it was submitted.";
  throw ApprovalRequired({ number: record.number, reasons, state });
}
