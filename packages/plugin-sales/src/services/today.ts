import { timeZone, toInstant } from "@corm/core";

/** The day on the calendar of a zone, `YYYY-MM-DD`. */
export const todayIn = (zone: string, now: number): string =>
  toInstant(timeZone(zone).toLocal(now)).slice(0, 10);
