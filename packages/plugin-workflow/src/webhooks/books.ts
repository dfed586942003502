import type { Context } from "@corm/core";

/** The session in which endpoints and what is sent to them are kept. */
export const webhookBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "workflow.webhooks", reason: "send webhooks" });
