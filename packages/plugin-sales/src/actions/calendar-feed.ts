import { type Context, defineAction, Forbidden, Type, user } from "@corm/core";
import { feedPath } from "../calendar/feed-link.js";
import { calendarFeed } from "../entities/calendar-feed.js";

const PERMISSION = "calendarFeed.use";

const books = (ctx: Context): Context =>
  ctx.asSystem({ capability: "sales.calendars", reason: "keep the calendar link of a user" });

function userOf(ctx: Context): string {
  const id = ctx.userId ?? (ctx.actor.kind === "user" ? ctx.actor.id : undefined);
  if (id === undefined)
    throw Forbidden({ reason: "A calendar is of a user: sign in, or use a key that has one." });
  return id;
}

/** Of those who ask at one moment, one after the other: each ends the link that the one before has got. */
async function revoke(ctx: Context, userId: string): Promise<number> {
  await books(ctx).repo(user).get(userId, { lock: true });
  return books(ctx).repo(calendarFeed).updateWhere({ userId, revokedAt: null }, { revokedAt: ctx.now() });
}

/** Makes the link of the caller's calendar; the one before stops to hold. `POST /api/actions/sales.issue-calendar-feed` */
export const issueCalendarFeed = defineAction({
  name: "issueCalendarFeed",
  label: "Make a calendar link",
  description:
    "Answers a secret link to what you have to do, for a calendar program. The one before stops to hold.",
  permission: PERMISSION,
  input: Type.Object({}),
  output: Type.Object({
    path: Type.String({ description: "Below the address of the app. Whoever has it may read." }),
  }),
  showsSecret: true,
  run: async (_, ctx) => {
    const userId = userOf(ctx);
    await revoke(ctx, userId);
    const { id } = await books(ctx).repo(calendarFeed).create({ userId });
    return { path: feedPath(ctx.tokens, ctx.tenant, id) };
  },
});

/** Takes the link of the caller's calendar back. `POST /api/actions/sales.revoke-calendar-feed` */
export const revokeCalendarFeed = defineAction({
  name: "revokeCalendarFeed",
  label: "Take the calendar link back",
  description: "Whoever has the link of your calendar sees nothing any more.",
  permission: PERMISSION,
  input: Type.Object({}),
  output: Type.Object({ revoked: Type.Integer() }),
  run: async (_, ctx) => ({ revoked: await revoke(ctx, userOf(ctx)) }),
});
