import { Type } from "@corm/core";
import { verifyWebhook } from "../webhooks/signature.js";
import { defineConnector } from "./define-connector.js";

/** Hears of any system that signs as Standard Webhooks say; what the trigger `webhook` listens to. */
export const webhookConnector = defineConnector({
  name: "webhook",
  label: "Incoming webhook",
  credentials: Type.Object({ secret: Type.String({ minLength: 24, maxLength: 200 }) }),
  events: { received: { label: "A message came in", payload: Type.Object({}) } },
  understand: ({ credentials, headers, body, now }) => {
    const id = headers["webhook-id"] ?? "";
    const given = { id, timestamp: headers["webhook-timestamp"], signature: headers["webhook-signature"] };
    if (!verifyWebhook([credentials.secret], given, body, Math.floor(now / 1000)))
      return { kind: "unsigned" };
    return { kind: "event", id, event: "received", payload: JSON.parse(body) as unknown };
  },
});
