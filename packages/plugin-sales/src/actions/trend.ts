import { defineAction, isCormError, type Money, money, Type, timeSeries } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { addMonths } from "../contracts/months.js";
import { opportunity } from "../entities/opportunity.js";
import { sellerDay } from "../services/today.js";

/** Two seasons and a month to test with: with less, what comes every year cannot be told from chance. */
const LEAST_MONTHS = 25;

/** What will be won, from what was. `POST /api/opportunities/trend` */
export const trend = defineAction({
  name: "trend",
  on: opportunity,
  collection: true,
  readOnly: true,
  label: "Trend",
  description:
    "Won revenue of the next months from that of the past ones, where a plugin of the app knows time series; otherwise it says what is missing, and never makes a number up.",
  input: Type.Object({ months: Type.Integer({ minimum: 1, maximum: 36 }) }),
  output: Type.Object({
    status: Type.Enum(["forecast", "insufficient data", "analytics not installed"]),
    /** Of whole months before the present one, by the clock of the seller. */
    history: Type.Array(Type.Object({ month: Type.String(), revenue: money() })),
    method: Type.Union([Type.String(), Type.Null()]),
    /** How far off the method was on the last months, which it was not shown. */
    holdout: Type.Union([
      Type.Object({ values: Type.Integer(), meanAbsoluteError: Type.Number(), naiveError: Type.Number() }),
      Type.Null(),
    ]),
    points: Type.Array(
      Type.Object({ month: Type.String(), value: Type.Number(), low: Type.Number(), high: Type.Number() }),
    ),
  }),
  run: async ({ input: { months } }, ctx) => {
    const present = `${sellerDay(ctx).slice(0, 7)}-01`;
    const { rows, currency } = await reportingSums(ctx, {
      where: { status: "won", closeDate: { lt: present } },
      groupBy: [{ field: "closeDate", bucket: "month", as: "month" }],
    });
    const history = everyMonth(
      new Map(rows.map(({ groups, amount }) => [String(groups["month"]), amount])),
      present,
      currency,
    );
    const port = ctx.optional(timeSeries);
    const nothing = { history, method: null, holdout: null, points: [] };
    if (!port) return { status: "analytics not installed" as const, ...nothing };
    if (history.length < LEAST_MONTHS) return { status: "insufficient data" as const, ...nothing };
    const values = history.map(({ revenue }) => Number(revenue.amount));
    const answer = await port.forecast({ values, season: 12, horizon: months }).catch((error) => {
      if (isCormError(error) && error.code === "insufficient-history") return null;
      throw error;
    });
    if (!answer) return { status: "insufficient data" as const, ...nothing };
    const { method, points, holdout = null } = answer;
    const named = points.map((point, at) => ({ month: addMonths(present, at).slice(0, 7), ...point }));
    return { status: "forecast" as const, history, method, holdout, points: named };
  },
});

/** Months without revenue are part of the series. */
function everyMonth(revenue: ReadonlyMap<string, Money>, present: string, currency: string) {
  const first = [...revenue.keys()].sort()[0];
  const history: { month: string; revenue: Money }[] = [];
  if (first === undefined) return history;
  for (let month = `${first}-01`; month < present; month = addMonths(month, 1))
    history.push({
      month: month.slice(0, 7),
      revenue: revenue.get(month.slice(0, 7)) ?? { amount: "0", currency },
    });
  return history;
}
