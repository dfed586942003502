import { defineJob, defineSchedule, Type } from "@corm/core";
import { quote } from "../entities/quote.js";

/** Marks quotes whose time is over. They cannot be accepted before that either: this is for lists. */
export const expireQuotes = defineJob("sales.expireQuotes", {
  input: Type.Object({}),
  capability: "sales.quotes",
  transactional: true,
  run: async (ctx) => {
    await ctx
      .repo(quote)
      .updateWhere({ status: "sent", expiresAt: { lte: ctx.now() } }, { status: "expired" });
  },
});

export const expireQuotesHourly = defineSchedule("sales.expireQuotesHourly", {
  cron: "5 * * * *",
  job: expireQuotes,
  input: {},
});
