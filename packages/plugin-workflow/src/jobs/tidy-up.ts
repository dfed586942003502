import { type Context, defineJob, defineSchedule, Type, toInstant } from "@corm/core";
import { webhookDelivery } from "../entities/webhook-endpoint.js";
import { workflowRun } from "../entities/workflow-run.js";
import { settingsOf } from "../services/settings.js";

const BATCH = 100;
/** Records of each kind that one night takes; the next one goes on. */
const MOST = 10_000;

/**
 * Removes runs that are over, with their steps, and messages that were delivered or given up, once they have been kept for as
 * long as the app says. What still waits stays, however old it is.
 */
export const tidyUp = defineJob("workflow.tidyUp", {
  input: Type.Object({}),
  capability: "workflow.automations",
  run: async (ctx) => {
    const { keepRunsMs, keepDeliveriesMs } = settingsOf(ctx);
    const runs = { finishedAt: { lt: before(ctx, keepRunsMs) } };
    await purge(ctx, async () => {
      const { items } = await ctx.repo(workflowRun).find({ where: runs, select: ["id"], limit: BATCH });
      await ctx.repo(workflowRun).purgeMany(items.map(({ id }) => id));
      return items.length;
    });
    const over = { state: { ne: "pending" as const }, queuedAt: { lt: before(ctx, keepDeliveriesMs) } };
    await purge(ctx, async () => {
      const { items } = await ctx.repo(webhookDelivery).find({ where: over, select: ["id"], limit: BATCH });
      await ctx.repo(webhookDelivery).purgeMany(items.map(({ id }) => id));
      return items.length;
    });
  },
});

const before = ({ clock }: Context, ms: number): string => toInstant(clock.now() - ms);

/** A batch is a transaction: who is ended between two of them has done what he has done. */
async function purge(ctx: Context, batch: () => Promise<number>): Promise<void> {
  for (let taken = 0; taken < MOST; ) {
    ctx.signal?.throwIfAborted();
    const count = await batch();
    taken += count;
    if (count < BATCH) return;
  }
}

export const tidyNightly = defineSchedule("workflow.tidyNightly", {
  cron: "30 3 * * *",
  job: tidyUp,
  input: {},
});
