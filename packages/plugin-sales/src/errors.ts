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
