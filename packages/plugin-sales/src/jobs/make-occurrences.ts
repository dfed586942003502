import { defineJob, defineSchedule, Type, toInstant } from "@corm/core";
import { activitySeries } from "../entities/activity-series.js";
import { DAYS_AHEAD, makeOccurrences } from "../series/keep-occurrences.js";

const PAGE = 100;
const DAY_MS = 86_400_000;

/** Makes the activities of series that have come within 90 days, one series at a time. */
export const makeActivities = defineJob("sales.makeOccurrences", {
  input: Type.Object({}),
  capability: "sales.series",
  run: async (ctx) => {
    const until = toInstant(ctx.clock.now() + (DAYS_AHEAD - 1) * DAY_MS);
    const due = ctx.repo(activitySeries).stream({
      where: { exhausted: false, madeUntil: { lt: until } },
      orderBy: ["id"],
      select: ["id"],
      limit: PAGE,
    });
    for await (const { id } of due) await ctx.transaction((tx) => makeOccurrences(tx, id));
  },
});

export const makeActivitiesNightly = defineSchedule("sales.makeOccurrencesNightly", {
  cron: "35 0 * * *",
  job: makeActivities,
  input: {},
});
