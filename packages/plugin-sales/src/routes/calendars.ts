import { createHash } from "node:crypto";
import { type Context, defineRoute, NotFound, type RouteDefinition, rolesOf, toInstant } from "@corm/core";
import { readFeedToken } from "../calendar/feed-link.js";
import { type CalendarEntry, feedText } from "../calendar/ics.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { calendarFeed } from "../entities/calendar-feed.js";

const DAY_MS = 86_400_000;
/** Days back and ahead. */
const BACK = 90;
const AHEAD = 366;
const MAX_ENTRIES = 2000;
const PAGE = 500;

/** What a user has to do, for his calendar program: behind a secret link, with no account. */
export const calendarRoutes: readonly RouteDefinition[] = [
  defineRoute({
    method: "GET",
    path: "/public/calendars/:token",
    permission: "public",
    produces: "text/calendar",
    summary: "The activities of a user as iCalendar, behind a secret link",
    handle: async ({ params, headers }, access) => {
      const missing = NotFound({ entity: "calendar", id: "of this link" });
      const ticket = readFeedToken(access.tokens, params["token"] ?? "");
      if (!ticket) throw missing;
      const system = access
        .forTenant(ticket.tenant)
        .asSystem({ capability: "sales.calendars", reason: "read a user's calendar" });
      const feed = await system
        .repo(calendarFeed)
        .first({ where: { id: ticket.feedId, revokedAt: null }, include: ["user"] });
      if (!feed?.user?.active) throw missing;
      const { id: userId, name } = feed.user;
      const roles = await rolesOf(system, userId);
      // With the user's own rights, as they are now.
      const own = system.actingAs({ actor: { kind: "user", id: userId }, userId, roles }, "calendar-feed");
      const body = await feedText(name, await entriesOf(own, userId));
      const etag = `"${createHash("sha256").update(body).digest("base64url")}"`;
      const common = { etag, "cache-control": "private, no-cache", "referrer-policy": "no-referrer" };
      const known = (headers.get("if-none-match") ?? "")
        .split(",")
        .map((tag) => tag.trim().replace(/^W\//, ""));
      if (known.includes(etag)) return new Response(null, { status: 304, headers: common });
      return new Response(body, {
        headers: {
          ...common,
          "content-type": "text/calendar; charset=utf-8",
          "content-disposition": 'inline; filename="calendar.ics"',
          "x-content-type-options": "nosniff",
        },
      });
    },
  }),
];

async function entriesOf(ctx: Context, userId: string): Promise<CalendarEntry[]> {
  if (!(await ctx.can("read", activityOfOpportunity))) return [];
  const now = ctx.clock.now();
  const entries: CalendarEntry[] = [];
  // Owned by him alone: what others do is read elsewhere.
  const rows = ctx.repo(activityOfOpportunity).stream({
    where: {
      ownerId: userId,
      dueAt: { gte: toInstant(now - BACK * DAY_MS), lte: toInstant(now + AHEAD * DAY_MS) },
    },
    orderBy: ["dueAt", "id"],
    limit: PAGE,
  });
  for await (const row of rows) {
    if (row.dueAt === null) continue;
    entries.push({ ...row, dueAt: row.dueAt, sequence: row.version - 1 });
    if (entries.length >= MAX_ENTRIES) break;
  }
  return entries;
}
