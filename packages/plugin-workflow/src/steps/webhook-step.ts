import { NotFound, Type } from "@corm/core";
import { webhookEndpoint } from "../entities/webhook-endpoint.js";
import { queueDeliveries } from "../webhooks/queue-deliveries.js";
import { defineStep } from "./step-kind.js";

/** Queues a message to an endpoint that the principal may see; its delivery says what becomes of it. */
export const webhookStep = defineStep({
  name: "webhook",
  label: "Tell another system",
  input: Type.Object({
    endpointId: Type.String({ format: "uuid" }),
    /** Such as `deal.won`. */
    type: Type.String({ minLength: 1, maxLength: 100, pattern: "^[\\w.-]+$" }),
    data: Type.Record(Type.String(), Type.Unknown()),
  }),
  run: async ({ endpointId, type, data }, { ctx, books, run, key }) => {
    const endpoint = await ctx.repo(webhookEndpoint).first({ where: { id: endpointId, active: true } });
    if (!endpoint) throw NotFound({ entity: webhookEndpoint.name, id: endpointId });
    const messageId = `msg_${key.replaceAll(/[/.]/g, "-")}`;
    const about = { entity: run.target, recordId: run.recordId };
    await queueDeliveries(books, endpoint, [{ id: messageId, type, data, at: ctx.now(), ...about }]);
    return { output: { messageId } };
  },
});
