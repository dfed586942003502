import type { Context } from "@corm/core";

/** The session in which runs are kept. */
export const runBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "workflow.automations", reason: "run automations" });
