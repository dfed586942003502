import { defineAction, Type } from "@corm/core";
import { type FunnelAnswer, type FunnelQuery, queryFunnel } from "../query/funnel.js";

const day = Type.String({ format: "date" });
const rate = Type.Union([Type.Number(), Type.Null()]);

/** How many records come how far: `POST /api/actions/analytics.funnel`. */
export const funnel = defineAction({
  name: "funnel",
  label: "Funnel",
  description: "Counts and conversion of every step of a funnel metric.",
  input: Type.Object({
    metric: Type.String({ maxLength: 100 }),
    from: Type.Optional(day),
    to: Type.Optional(day),
    timeZone: Type.Optional(Type.String({ maxLength: 64 })),
    asOf: Type.Optional(Type.String({ maxLength: 40 })),
    where: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  }),
  output: Type.Unsafe<FunnelAnswer>(
    Type.Object({
      metric: Type.String(),
      label: Type.String(),
      steps: Type.Array(
        Type.Object({
          name: Type.String(),
          label: Type.String(),
          count: Type.Integer(),
          conversion: rate,
          overall: rate,
        }),
      ),
    }),
  ),
  readOnly: true,
  run: ({ input }, ctx) => queryFunnel(ctx, input as FunnelQuery),
});
