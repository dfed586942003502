import { defineJob, type JobHandle, Type } from "@corm/core";
import { principalSession } from "../automations/principal.js";
import { type WebhookEndpoint, webhookEndpoint } from "../entities/webhook-endpoint.js";
import { messagesFor } from "../webhooks/notify-endpoints.js";
import { queueDeliveries } from "../webhooks/queue-deliveries.js";

/** Pages of one job: others have their turn then. */
const PAGES = 20;

export interface ReplayInput {
  readonly endpointId: string;
  readonly since: string;
  readonly until: string;
  /** Where the job before came. */
  readonly after?: string;
}
export const REPLAY: JobHandle<ReplayInput> = { name: "workflow.replayWebhooks" };

/** Goes through the journal once more for an endpoint, and sends what happened in a stretch of time, under the same ids. */
export const replayWebhooks = defineJob(REPLAY.name, {
  input: Type.Object({
    endpointId: Type.String(),
    since: Type.String(),
    until: Type.String(),
    after: Type.Optional(Type.String()),
  }),
  queue: "webhooks",
  capability: "workflow.webhooks",
  run: async (ctx, { endpointId, since, until, after }, job) => {
    const endpoint = await ctx.repo(webhookEndpoint).first({ where: { id: endpointId } });
    if (!endpoint?.active) return;
    let cursor = after ?? null;
    for (let pages = 1; ; pages++) {
      const principal = { userId: endpoint.principalId };
      const session = await principalSession(ctx, `webhook ${endpoint.name}`, principal);
      const { items, next, more } = await session.changes({ after: cursor, limit: 500 });
      const own = items.filter(({ at }) => at >= since && at <= until);
      cursor = next;
      const isLast = !more || pages >= PAGES;
      await ctx.transaction(async (tx) => {
        const messages = await messagesFor(tx, endpoint as WebhookEndpoint, own);
        await queueDeliveries(tx, endpoint as WebhookEndpoint, messages, { again: true });
        if (more && isLast) await tx.jobs.enqueue(REPLAY, { endpointId, since, until, after: next });
        if (isLast) await job.complete(tx);
      });
      if (isLast) return;
    }
  },
});
