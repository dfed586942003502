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
