import { type Context, Forbidden } from "@corm/core";

/** The rights with which pools move leads. */
export const pooling = (ctx: Context): Context =>
  ctx.asSystem({ capability: "leads.pool", reason: "moves leads into pools and out of them" });

/** The user who claims, or in whose name something does. @throws forbidden for whoever is no user */
export function claimingUser(ctx: Context): string {
  const id = ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : undefined);
  if (id === undefined)
    throw Forbidden({ reason: "Leads are held by users: sign in, or use a key that has a user." });
  return id;
}
