import { type Context, parseInstantMs, toInstant } from "@corm/core";
import {
  type WebhookDelivery,
  type WebhookEndpoint,
  webhookDelivery,
  webhookEndpoint,
} from "../entities/webhook-endpoint.js";
import { guardedRequest, RequestFailed } from "../net/guarded-request.js";
import { settingsOf } from "../services/settings.js";
import { signWebhook } from "./signature.js";

export interface Outcome {
  readonly status: number | null;
  readonly error: string | null;
  /** It never can arrive there. */
  readonly permanent: boolean;
  /** The receiver does not want to hear any more. */
  readonly gone: boolean;
  /** When the receiver asks to come back; null where it does not say. */
  readonly retryAt: string | null;
}

const MAX_RETRY_AFTER_MS = 86_400_000;

/** Sends a message once. Never throws for what the other side does. */
export async function sendDelivery(
  ctx: Context,
  endpoint: WebhookEndpoint,
  { messageId, payload }: Pick<WebhookDelivery, "messageId" | "payload">,
): Promise<Outcome> {
  const timestamp = Math.floor(ctx.clock.now() / 1000);
  const signature = signWebhook(secretsOf(ctx, endpoint), { id: messageId, timestamp, body: payload });
  try {
    const { status, headers } = await guardedRequest(
      {
        url: endpoint.url,
        body: payload,
        headers: {
          "content-type": "application/json",
          "user-agent": "corm-webhooks",
          "webhook-id": messageId,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signature,
        },
        signal: ctx.signal,
      },
      settingsOf(ctx).net,
    );
    const arrived = status >= 200 && status < 300;
    return {
      status,
      error: arrived
        ? null
        : status >= 300 && status < 400
          ? "answers with a redirect, which is not followed"
          : `answers ${status}`,
      permanent: false,
      gone: status === 410,
      retryAt: arrived ? null : retryAfter(ctx, headers["retry-after"]),
    };
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    return {
      status: null,
      error: error.message.slice(0, 300),
      permanent: error.refused,
      gone: false,
      retryAt: null,
    };
  }
}

function secretsOf(ctx: Context, { secret, previousSecret, previousUntil }: WebhookEndpoint): string[] {
  const old = previousSecret !== null && previousUntil !== null && previousUntil > ctx.now();
  return [...(secret === null ? [] : [secret]), ...(old ? [previousSecret] : [])];
}

/** Seconds, or a date as HTTP writes it; at most a day. */
function retryAfter({ clock }: Context, text: string | undefined): string | null {
  if (text === undefined) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  if (!Number.isFinite(ms) || ms <= 0) return null;
  return toInstant(clock.now() + Math.min(ms, MAX_RETRY_AFTER_MS));
}

/** Attempts that a delivery remembers. */
export const MAX_LOG = 20;

/** Notes an attempt, and what follows from it: the endpoint works again, has failed for too long, or is gone. In a transaction. */
export async function noteOutcome(
  tx: Context,
  delivery: WebhookDelivery,
  endpoint: WebhookEndpoint,
  outcome: Outcome,
  isLast: boolean,
): Promise<"delivered" | "failed" | "pending"> {
  const { status, error } = outcome;
  const arrived = error === null;
  const now = tx.now();
  const state = arrived ? "delivered" : isLast || outcome.permanent || outcome.gone ? "failed" : "pending";
  await tx.repo(webhookDelivery).update(delivery.id, {
    state,
    attempts: delivery.attempts + 1,
    log: [...delivery.log, { at: now, status, error }].slice(-MAX_LOG),
    ...(arrived ? { deliveredAt: now } : {}),
  });
  const endpoints = tx.repo(webhookEndpoint);
  if (arrived) {
    if (endpoint.failingSince !== null) await endpoints.update(endpoint.id, { failingSince: null });
    return state;
  }
  const failingSince = endpoint.failingSince ?? now;
  const limit = settingsOf(tx).disableAfterMs;
  const tooLong = tx.clock.now() - parseInstantMs(failingSince) >= limit;
  const reason = outcome.gone
    ? "The receiver answers 410: it does not want to hear any more."
    : tooLong
      ? `Nothing has arrived since ${failingSince}: ${error}`
      : null;
  if (reason !== null)
    await endpoints.update(endpoint.id, {
      failingSince,
      active: false,
      disabledReason: reason.slice(0, 300),
    });
  else if (endpoint.failingSince === null) await endpoints.update(endpoint.id, { failingSince });
  return state;
}
