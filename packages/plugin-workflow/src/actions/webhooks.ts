import { randomBytes } from "node:crypto";
import { defineAction, instant, Type, toInstant } from "@corm/core";
import { webhookDelivery, webhookEndpoint } from "../entities/webhook-endpoint.js";
import { RunStateConflict } from "../errors.js";
import { REPLAY } from "../jobs/replay-webhooks.js";
import { abandoned } from "../webhooks/abandoned.js";
import { webhookBooks } from "../webhooks/books.js";
import { DELIVER, queueDeliveries } from "../webhooks/queue-deliveries.js";

const DAY_MS = 86_400_000;

export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

/** Makes another secret, and shows it this once. `POST /api/webhook-endpoints/{id}/rotate-secret` */
export const rotateSecret = defineAction({
  name: "rotateSecret",
  on: webhookEndpoint,
  label: "New secret",
  description: "Makes another secret and shows it this once; the one before signs as well for `graceHours`.",
  showsSecret: true,
  input: Type.Object({ graceHours: Type.Optional(Type.Integer({ minimum: 0, maximum: 720, default: 24 })) }),
  output: Type.Object({ secret: Type.String(), previousUntil: instant() }),
  run: async ({ record, input: { graceHours = 24 } }, ctx) => {
    const endpoints = webhookBooks(ctx).repo(webhookEndpoint);
    const { secret: previousSecret } = await endpoints.get(record.id);
    const secret = newSecret();
    const previousUntil = toInstant(ctx.clock.now() + (graceHours * DAY_MS) / 24);
    await endpoints.update(record.id, { secret, previousSecret, previousUntil });
    return { secret, previousUntil };
  },
});

/** Sends a message of the type `ping`. `POST /api/webhook-endpoints/{id}/ping` */
export const ping = defineAction({
  name: "ping",
  on: webhookEndpoint,
  label: "Send a test",
  description: "Sends a message of the type `ping`; its delivery says what came of it.",
  input: Type.Object({}),
  output: Type.Object({ messageId: Type.String() }),
  run: async ({ record }, ctx) => {
    const messageId = `msg_${ctx.newId()}`;
    await queueDeliveries(webhookBooks(ctx), record, [
      { id: messageId, type: "ping", data: {}, at: ctx.now() },
    ]);
    return { messageId };
  },
});

/** Sends what happened in a stretch of time once more. `POST /api/webhook-endpoints/{id}/replay` */
export const replay = defineAction({
  name: "replay",
  on: webhookEndpoint,
  label: "Send again",
  description:
    "Goes through the journal once more, and sends what happened since an instant, under the same ids.",
  input: Type.Object({ since: instant(), until: Type.Optional(instant()) }),
  output: Type.Object({ jobId: Type.String() }),
  run: async ({ record, input: { since, until } }, ctx) => {
    const from = toInstant(Date.parse(since));
    const to = until === undefined ? ctx.now() : toInstant(Date.parse(until));
    const { id } = await ctx.jobs.enqueue(REPLAY, { endpointId: record.id, since: from, until: to });
    return { jobId: id };
  },
});

/** Sends one message once more. `POST /api/webhook-deliveries/{id}/resend` @throws run-state while it is under way */
export const resend = defineAction({
  name: "resend",
  on: webhookDelivery,
  label: "Send again",
  description: "Sends a message once more, under the same id.",
  input: Type.Object({}),
  output: Type.Object({ state: Type.String() }),
  run: async ({ record }, ctx) => {
    const { id, state } = record;
    const books = webhookBooks(ctx);
    if (state === "pending" && (await abandoned(books, [record])).length === 0)
      throw RunStateConflict({ id, state, wanted: "sent again" });
    const key = { concurrencyKey: `webhook:${record.endpointId}` };
    const job = await books.jobs.enqueue(DELIVER, { deliveryId: id }, key);
    await books.repo(webhookDelivery).update(id, { state: "pending", attempts: 0, jobId: job.id });
    return { state: "pending" };
  },
});
