import { type Context, defineJob, RetryLater, Type } from "@corm/core";
import { principalSession } from "../automations/principal.js";
import {
  type WebhookDelivery,
  type WebhookEndpoint,
  webhookDelivery,
  webhookEndpoint,
} from "../entities/webhook-endpoint.js";
import { AutomationRefused, StepFailed } from "../errors.js";
import { turnOff } from "../webhooks/notify-endpoints.js";
import { DELIVER } from "../webhooks/queue-deliveries.js";
import { noteOutcome, sendDelivery } from "../webhooks/send-delivery.js";

const ATTEMPTS = 10;

/**
 * Sends a message: at once, and after a failure ever more slowly, for some 40 hours. In a queue of its own, so that a host
 * can give it workers of its own.
 */
export const deliver = defineJob(DELIVER.name, {
  queue: "webhooks",
  input: Type.Object({ deliveryId: Type.String() }),
  capability: "workflow.webhooks",
  attempts: ATTEMPTS,
  backoff: { initial: 5000, factor: 5, max: 12 * 3_600_000 },
  timeout: 60_000,
  // It gives signs of life while it waits for an answer: who is silent for so long is gone.
  lease: 10_000,
  /** To one endpoint. */
  concurrency: 8,
  run: async (ctx, { deliveryId }, job) => {
    const found = await ctx.repo(webhookDelivery).first({ where: { id: deliveryId } });
    // Or its job had died, and somebody lets that run again.
    if (!found || !(found.state === "pending" || (found.state === "failed" && found.jobId === job.id)))
      return;
    const endpoint = (await ctx.repo(webhookEndpoint).get(found.endpointId)) as WebhookEndpoint;
    if (!endpoint.active) {
      await ctx.repo(webhookDelivery).update(deliveryId, { state: "cancelled" });
      return;
    }
    const refusal = await mayNotHear(ctx, endpoint, found);
    if (refusal !== null) {
      await ctx.transaction(async (tx) => {
        await tx.repo(webhookDelivery).update(deliveryId, { state: "cancelled" });
        if (refusal.off) await turnOff(tx, endpoint, refusal.reason);
      });
      return;
    }
    const outcome = await sendDelivery(ctx, endpoint, found);
    const state = await ctx.transaction(async (tx) => {
      const current = (await tx.repo(webhookDelivery).get(deliveryId, { lock: true })) as WebhookDelivery;
      const receiver = (await tx.repo(webhookEndpoint).get(endpoint.id)) as WebhookEndpoint;
      const noted = await noteOutcome(tx, current, receiver, outcome, job.attempt >= ATTEMPTS);
      if (noted !== "pending") await job.complete(tx);
      return noted;
    });
    if (state !== "pending") return;
    if (outcome.retryAt !== null) throw RetryLater({ at: outcome.retryAt, reason: outcome.error ?? "" });
    throw StepFailed({ step: `webhook ${endpoint.name}`, reason: outcome.error ?? "" });
  },
});

/** Why the endpoint's principal may not hear of a message by now: it may have waited for days. Null where he may. */
async function mayNotHear(
  ctx: Context,
  { name, principalId }: WebhookEndpoint,
  { entity }: Pick<WebhookDelivery, "entity">,
): Promise<{ readonly reason: string; readonly off: boolean } | null> {
  try {
    const session = await principalSession(ctx, `webhook ${name}`, { userId: principalId });
    return entity === null || session.catalog.entities.has(entity)
      ? null
      : { reason: `its principal reads no ${entity}`, off: false };
  } catch (error) {
    if (!AutomationRefused.is(error)) throw error;
    return { reason: error.message, off: true };
  }
}
