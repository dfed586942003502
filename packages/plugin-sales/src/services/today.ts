import { type Context, timeZone, toInstant } from "@corm/core";
import { settingsOf } from "./settings.js";

/** The day on the calendar of a zone, `YYYY-MM-DD`. */
export const todayIn = (zone: string, now: number): string =>
  toInstant(timeZone(zone).toLocal(now)).slice(0, 10);

/** The day on the calendar of the seller, `YYYY-MM-DD`: at an instant (RFC 3339), by default now. */
export const sellerDay = (ctx: Context, at?: string): string =>
  todayIn(settingsOf(ctx).timeZone, at === undefined ? ctx.clock.now() : Date.parse(at));
