import { defineJob, defineSchedule, Type } from "@corm/core";
import { endWithJobs } from "../webhooks/abandoned.js";
import { DELIVER } from "../webhooks/queue-deliveries.js";

/** Pages of jobs that one look goes through: the latest ones, which earlier looks have not seen. */
const PAGES = 20;

/** Ends messages whose jobs have ended without a word: their process died each time, or somebody cancelled them. */
export const settleDeliveries = defineJob("workflow.settleDeliveries", {
  input: Type.Object({}),
  capability: "workflow.webhooks",
  run: async (ctx) => {
    for (const state of ["dead", "cancelled"] as const) {
      let after: string | null = null;
      for (let pages = 0; pages < PAGES; pages++) {
        const page: Awaited<ReturnType<typeof ctx.jobs.list>> = await ctx.jobs.list({
          ...{ name: DELIVER.name, state, limit: 500, after },
        });
        await endWithJobs(ctx, page.items, state === "dead" ? "failed" : "cancelled");
        after = page.next;
        if (after === null) break;
      }
    }
  },
});

export const settleOften = defineSchedule("workflow.deliveries", {
  cron: "15 */6 * * *",
  job: settleDeliveries,
  input: {},
});
