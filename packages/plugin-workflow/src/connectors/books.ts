import type { Context } from "@corm/core";

/** The session in which connections are kept, and which alone reads their credentials. */
export const connectionBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "workflow.connections", reason: "use a connection" });
