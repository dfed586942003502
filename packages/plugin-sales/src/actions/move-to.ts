import { date, defineAction, money, Type } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";

/** Moves an opportunity to another stage of its pipeline. `POST /api/opportunities/{id}/move-to` */
export const moveTo = defineAction({
  name: "moveTo",
  on: opportunity,
  label: "Move to a stage",
  description: "Moves the opportunity to a stage of its pipeline, by the stage's key.",
  input: Type.Object({
    stage: Type.String({ minLength: 1, maxLength: 50 }),
    amount: Type.Optional(money()),
    /** Default: today, for a won or lost stage. */
    closeDate: Type.Optional(date()),
    /** Why it is won or lost. */
    closeReason: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    checked: Type.Optional(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 200 })),
  }),
  output: Type.Object({
    id: Type.String(),
    stage: Type.String(),
    status: Type.String(),
    probability: Type.Number(),
    closeDate: Type.Union([date(), Type.Null()]),
  }),
  run: async ({ input, record }, ctx) => {
    const moved = await ctx.repo(opportunity).update(record.id, input);
    const { id, stage, status, probability, closeDate } = moved;
    return { id, stage, status, probability, closeDate };
  },
});
