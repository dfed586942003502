import { defineError } from "@corm/core";

export const StageHistoryIsWritten = defineError<{ operation: string }>("stage-history-is-append-only", {
  status: 409,
  title: "The stage history cannot be edited",
  detail: ({ operation }) =>
    `Stage visits follow from moves of their opportunity, and cannot be ${operation} by hand. Move the opportunity instead.`,
});

export const ReportTooLarge = defineError<{ limit: number }>("sales-report-too-large", {
  status: 422,
  title: "The sales report has too many groups",
  detail: ({ limit }) =>
    `Won revenue by owner and quarter has more than ${limit} groups. Narrow the report with "from" and "to".`,
});

export const PriceMissing = defineError<{ products: readonly string[]; currency: string }>("price-missing", {
  status: 422,
  title: "A product has no price",
  detail: ({ products, currency }) =>
    `No price book that holds, and no list price, has a price in ${currency} for ${products.slice(0, 10).join(", ")}. Enter one, or give the price with the line.`,
});

export const ConfigurationImpossible = defineError<{
  pointer: string;
  violations: readonly { readonly rule: string; readonly message: string }[];
}>("configuration-impossible", {
  status: 422,
  title: "The options do not go together",
  detail: ({ violations }) => violations.map(({ rule, message }) => `${rule}: ${message}.`).join(" "),
  issues: ({ pointer, violations }) =>
    violations.map(({ rule, message }) => ({
      pointer,
      code: "configuration-rule",
      message: `${rule}: ${message}`,
    })),
});

export const ConfigurationTooComplex = defineError<{ productId: string }>("configuration-too-complex", {
  status: 422,
  title: "The rules of the product are too entangled",
  detail: ({ productId }) =>
    `The rules of product ${productId} could not be followed to an end in 10,000 attempts. Choose more of the options, or make its groups smaller.`,
});

export const QuoteIsSent = defineError<{ number: string; status: string }>("quote-is-sent", {
  status: 409,
  title: "The quote was sent",
  detail: ({ number, status }) =>
    `Quote ${number} is ${status}, and what was sent does not change. Make a new revision of it with "revise".`,
});

export const QuoteTooLong = defineError<{ limit: number }>("quote-too-long", {
  status: 422,
  title: "The quote has too many lines",
  detail: ({ limit }) => `A quote has at most ${limit} lines. Make several.`,
});

export const QuoteNotReady = defineError<{ number: string; reasons: readonly string[] }>("quote-not-ready", {
  status: 409,
  title: "The quote cannot be sent",
  detail: ({ number, reasons }) => `Quote ${number} cannot be sent: ${reasons.join("; ")}.`,
});

export const ApprovalRequired = defineError<{ number: string; reasons: readonly string[]; state: string }>(
  "approval-required",
  {
    status: 409,
    title: "The quote wants approval",
    detail: ({ number, reasons, state }) =>
      `Quote ${number} wants approval: ${reasons.join("; ")}. ${state} Ask for it with "request-approval".`,
  },
);

export const ApprovalsMissing = defineError("approvals-not-installed", {
  status: 409,
  title: "Nothing here keeps approvals",
  detail: () =>
    'No plugin of this app keeps approvals. Add @corm/plugin-workflow with approvable: ["quote"], or stay within the limits.',
});

export const QuoteExpired = defineError<{ number: string; validUntil: string }>("quote-expired", {
  status: 409,
  title: "The quote has expired",
  detail: ({ number, validUntil }) =>
    `Quote ${number} could be accepted until ${validUntil}. Ask for a new one.`,
});

export const QuoteNotOpen = defineError<{ number: string; status: string }>("quote-not-open", {
  status: 409,
  title: "The quote is not open any more",
  detail: ({ number, status }) => `Quote ${number} is ${status}, so nothing can be decided about it.`,
});

export const QuoteSeenOther = defineError<{ number: string }>("quote-seen-other", {
  status: 409,
  title: "Another document was seen",
  detail: ({ number }) =>
    `What was answered is not what quote ${number} says. Open the link again, and answer what it shows.`,
});
