import {
  type Context,
  defineJob,
  defineSchedule,
  NotFound,
  Type,
  toInstant,
  VersionConflict,
} from "@corm/core";
import { webhookDelivery } from "../entities/webhook-endpoint.js";
import { workflowRun } from "../entities/workflow-run.js";
import { settingsOf } from "../services/settings.js";

const BATCH = 100;
/** Records of each kind that one night takes; the next one goes on. */
const MOST = 10_000;

/** Batches that somebody was faster with. */
const MOST_CHANGED = 20;

interface Purgeable<W> {
  find(query: {
    readonly where: W;
    readonly select: readonly ["id", "version"];
    readonly limit: number;
  }): Promise<{ readonly items: readonly { readonly id: string; readonly version: number }[] }>;
  purgeMany(records: readonly { readonly id: string; readonly version: number }[]): Promise<void>;
}

/**
 * Removes runs that are over, with their steps, and messages that were delivered or given up, once they have been kept for as
 * long as the app says. What still waits stays, however old it is.
 */
export const tidyUp = defineJob("workflow.tidyUp", {
  input: Type.Object({}),
  capability: "workflow.automations",
  run: async (ctx) => {
    const { keepRunsMs, keepDeliveriesMs } = settingsOf(ctx);
    await purge(ctx, ctx.repo(workflowRun), { finishedAt: { lt: before(ctx, keepRunsMs) } });
    await purge(ctx, ctx.repo(webhookDelivery), {
      state: { ne: "pending" },
      queuedAt: { lt: before(ctx, keepDeliveriesMs) },
    });
  },
});

const before = ({ clock }: Context, ms: number): string => toInstant(clock.now() - ms);

/**
 * A batch is a transaction: who is ended between two of them has done what he has done. What somebody has taken up again
 * since it was found stays: its version tells.
 */
async function purge<W>(ctx: Context, records: Purgeable<W>, where: W): Promise<void> {
  let changed = 0;
  for (let taken = 0; taken < MOST; ) {
    ctx.signal?.throwIfAborted();
    const { items } = await records.find({ where, select: ["id", "version"], limit: BATCH });
    try {
      await records.purgeMany(items.map(({ id, version }) => ({ id, version })));
    } catch (error) {
      if (!VersionConflict.is(error) && !NotFound.is(error)) throw error;
      changed += 1;
      // Found anew, they are without what has changed. The next night has the rest.
      if (changed < MOST_CHANGED) continue;
      return;
    }
    taken += items.length;
    if (items.length < BATCH) return;
  }
}

export const tidyNightly = defineSchedule("workflow.tidyNightly", {
  cron: "30 3 * * *",
  job: tidyUp,
  input: {},
});
