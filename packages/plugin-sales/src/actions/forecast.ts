import { defineAction, money, Type } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { forecastOf } from "../forecast/forecast.js";
import { PERIOD } from "../forecast/period.js";

const columns = Type.Object({
  omitted: money(),
  pipeline: money(),
  bestCase: money(),
  commit: money(),
  closed: money(),
});
const cumulative = Type.Object({
  closed: money(),
  commit: money(),
  bestCase: money(),
  openPipeline: money(),
});
const id = Type.String({ format: "uuid" });
const nullable = <S extends ReturnType<typeof money>>(schema: S) => Type.Union([schema, Type.Null()]);

/** The forecast of a period over the tree of managers. `POST /api/opportunities/forecast` */
export const forecast = defineAction({
  name: "forecast",
  on: opportunity,
  collection: true,
  readOnly: true,
  label: "Forecast",
  description:
    "Amounts of opportunities that close in the period, by category, in the reporting currency, rolled up the tree of managers, with their adjustments and quotas.",
  input: Type.Object({
    period: Type.String({ pattern: PERIOD }),
    /** Whose branch. Default: everybody. */
    managerId: Type.Optional(id),
    /** Opportunities as they stood then. */
    asOf: Type.Optional(Type.String({ format: "date-time" })),
  }),
  output: Type.Object({
    currency: Type.String(),
    from: Type.String(),
    until: Type.String(),
    opportunities: Type.Integer(),
    total: money(),
    categories: columns,
    cumulative,
    unassigned: columns,
    lines: Type.Array(
      Type.Object({
        userId: Type.String(),
        name: Type.String(),
        managerId: Type.Union([Type.String(), Type.Null()]),
        own: columns,
        rollUp: columns,
        cumulative,
        adjusted: columns,
        quota: nullable(money()),
        attainment: Type.Union([Type.Number(), Type.Null()]),
      }),
    ),
    groups: Type.Array(
      Type.Object({
        quotaId: Type.String(),
        kind: Type.Enum(["team", "territory"]),
        id: Type.String(),
        name: Type.String(),
        quota: money(),
        closed: money(),
        attainment: Type.Union([Type.Number(), Type.Null()]),
      }),
    ),
    adjustments: Type.Array(
      Type.Object({
        id: Type.String(),
        managerId: Type.String(),
        userId: Type.String(),
        category: Type.String(),
        amount: money(),
        original: money(),
        note: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
    rates: Type.Array(
      Type.Object({
        id: Type.String(),
        base: Type.String(),
        quote: Type.String(),
        validFrom: Type.String(),
        rate: Type.String(),
        inverse: Type.Boolean(),
      }),
    ),
  }),
  run: async ({ input }, ctx) => structuredClone(await forecastOf(ctx, input)) as never,
});
