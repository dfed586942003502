import { defineError } from "@corm/core";

export const UnknownMetric = defineError<{ metric: string; known: readonly string[] }>("unknown-metric", {
  status: 400,
  title: "Unknown metric",
  detail: ({ metric, known }) =>
    `No plugin of this app declares the metric "${metric}". There are: ${known.join(", ") || "none"}.`,
});

export const InvalidMetricQuery = defineError<{ reason: string }>("invalid-metric-query", {
  status: 400,
  title: "The metric query is not valid",
  detail: ({ reason }) => reason,
});

/** Amounts of several currencies met in one number. */
export const SeveralCurrencies = defineError<{ metric: string; currencies: readonly string[] }>(
  "several-currencies",
  {
    status: 422,
    title: "Several currencies cannot be added",
    detail: ({ metric, currencies }) =>
      `"${metric}" adds ${currencies.join(" and ")}. Split it by the dimension "currency", or narrow it with "where".`,
  },
);

/** A saved dashboard that could not be drawn. */
export const InvalidDashboard = defineError<{ dashboard: string; pointer: string; problem: string }>(
  "invalid-dashboard",
  {
    status: 422,
    title: "The dashboard is not usable",
    detail: ({ dashboard, pointer, problem }) => `Dashboard "${dashboard}", ${pointer}: ${problem}`,
    issues: ({ pointer, problem }) => [{ pointer, code: "invalid-dashboard", message: problem }],
  },
);

export const InsufficientHistory = defineError<{ given: number; needed: number; season: number }>(
  "insufficient-history",
  {
    status: 422,
    title: "There is too little history",
    detail: ({ given, needed, season }) =>
      `To look ahead with a season of ${season} values takes ${needed} values, two seasons and one to test with; there are ${given}.`,
  },
);

export const InvalidSeries = defineError<{ reason: string }>("invalid-series", {
  status: 422,
  title: "The series cannot be read",
  detail: ({ reason }) => `The series cannot be used: ${reason}.`,
});
