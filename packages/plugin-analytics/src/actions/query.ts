import { defineAction, oneOf, Type } from "@corm/core";
import { type MetricAnswer, type MetricQuery, queryMetrics } from "../query/metric-query.js";
import { grains } from "../query/periods.js";

const day = Type.String({ format: "date" });
const condition = Type.Record(Type.String(), Type.Unknown());

const input = Type.Object({
  measures: Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 20 }),
  dimensions: Type.Optional(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 4 })),
  grain: Type.Optional(oneOf([...grains])),
  timeZone: Type.Optional(Type.String({ maxLength: 64 })),
  from: Type.Optional(day),
  to: Type.Optional(day),
  asOf: Type.Optional(Type.String({ maxLength: 40 })),
  where: Type.Optional(condition),
});

const output = Type.Object({
  measures: Type.Array(Type.Object({ name: Type.String(), label: Type.String(), unit: Type.String() })),
  periods: Type.Union([Type.Array(Type.String()), Type.Null()]),
  rows: Type.Array(
    Type.Object({
      period: Type.Union([Type.String(), Type.Null()]),
      dimensions: condition,
      labels: Type.Record(Type.String(), Type.String()),
      values: condition,
    }),
  ),
});

/** Answers a question about metrics: `POST /api/actions/analytics.query`. */
export const query = defineAction({
  name: "query",
  label: "Query metrics",
  description: "Values of declared metrics, split by dimensions and periods, without gaps.",
  input,
  output: Type.Unsafe<MetricAnswer>(output),
  readOnly: true,
  run: ({ input: given }, ctx) => queryMetrics(ctx, given as MetricQuery),
});
