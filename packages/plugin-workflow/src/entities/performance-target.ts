import { date, defineEntity, type Input, one, type Row, reference, Type, user } from "@corm/core";

const draft = defineEntity("performanceTarget", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    /** A metric of the app, on records that belong to users. */
    metric: Type.String({ minLength: 1, maxLength: 100 }),
    /** First and last day. */
    from: date(),
    until: date(),
    /** What it is to come to: of money in the currency of the app, of ratios from 0 to 1. */
    value: Type.Number({ exclusiveMinimum: 0 }),
  },
  relations: { user: one("userId") },
  unique: [["userId", "metric", "from"]],
  indexes: [["from", "until"]],
});

export interface PerformanceTarget extends Row<typeof draft> {}
export interface PerformanceTargetInput extends Input<typeof draft> {}
/** What somebody is to reach in a stretch of time. */
export const performanceTarget = draft.as<PerformanceTarget, PerformanceTargetInput>();
