import { type Context, Forbidden } from "@corm/core";

/** The user who acts, or in whose name something does. */
export function actingUser(ctx: Context): string | undefined {
  return ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : undefined);
}

/** @throws forbidden for whoever is no user */
export function requireUser(ctx: Context, what: string): string {
  const id = actingUser(ctx);
  if (id === undefined)
    throw Forbidden({ reason: `${what} is for users: sign in, or use a key that has a user.` });
  return id;
}
