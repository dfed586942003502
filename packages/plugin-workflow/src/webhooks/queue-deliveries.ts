import type { Context, EnqueuedJob, JobHandle } from "@corm/core";
import { type WebhookDelivery, type WebhookEndpoint, webhookDelivery } from "../entities/webhook-endpoint.js";
import { abandoned } from "./abandoned.js";

export interface DeliverInput {
  readonly deliveryId: string;
}
export const DELIVER: JobHandle<DeliverInput> = { name: "workflow.deliver" };

/** One message that is to be. */
export interface Message {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  /** RFC 3339: when it happened. */
  readonly at: string;
  readonly entity?: string | null;
  readonly recordId?: string | null;
}

/**
 * Queues messages to an endpoint, in a transaction: it is sent if and only if that commits. What is there already is left
 * alone, or with `again` sent once more, under the same id, unless it waits and a job will send it.
 */
export async function queueDeliveries(
  books: Context,
  endpoint: Pick<WebhookEndpoint, "id" | "ordering">,
  messages: readonly Message[],
  { again = false }: { readonly again?: boolean } = {},
): Promise<number> {
  if (messages.length === 0) return 0;
  const deliveries = books.repo(webhookDelivery);
  const { items: known } = await deliveries.find({
    where: { endpointId: endpoint.id, messageId: { in: messages.map(({ id }) => id) } },
    select: ["id", "messageId", "recordId", "state", "jobId"],
    limit: messages.length,
  });
  const there = new Set(known.map(({ messageId }) => messageId));
  const fresh = messages.filter(({ id }) => !there.has(id));
  const made = await deliveries.createMany(
    fresh.map(({ id, type, data, at, entity, recordId }) => ({
      ...{ endpointId: endpoint.id, messageId: id, type, queuedAt: books.now() },
      payload: JSON.stringify({ type, timestamp: at, data }),
      ...(entity == null ? {} : { entity }),
      ...(recordId == null ? {} : { recordId }),
    })),
  );
  const repeated = again
    ? [...known.filter(({ state }) => state !== "pending"), ...(await abandoned(books, known))]
    : [];
  const due = [...repeated, ...(made as WebhookDelivery[])];
  const jobs = await books.jobs.enqueueMany(
    DELIVER,
    due.map(({ id, recordId }) => ({ input: { deliveryId: id }, ...keyOf(endpoint, recordId) })),
  );
  await deliveries.updateMany(
    due.map(({ id }, n) => {
      const jobId = (jobs[n] as EnqueuedJob).id;
      const begun = { state: "pending", attempts: 0, queuedAt: books.now() } as const;
      return { id, patch: n < repeated.length ? { ...begun, jobId } : { jobId } };
    }),
  );
  return due.length;
}

/** In order where the endpoint wants it; otherwise so many at once, so that a slow one does not take all hands. */
function keyOf({ id, ordering }: Pick<WebhookEndpoint, "id" | "ordering">, recordId: string | null) {
  if (ordering === "endpoint") return { orderingKey: `webhook:${id}` };
  if (ordering === "record" && recordId !== null) return { orderingKey: `webhook:${id}:${recordId}` };
  return { concurrencyKey: `webhook:${id}` };
}
