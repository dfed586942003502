import { parseDate, timeZone, toInstant } from "@corm/core";
import type { MetricQuery } from "./metric-query.js";

const DAY_MS = 86_400_000;

/** The condition that a record lies between `from` and `to`, both days included, in the query's zone. */
export function timeCondition(
  field: { readonly name: string; readonly kind: string },
  query: Pick<MetricQuery, "from" | "to" | "timeZone">,
): Record<string, unknown> | undefined {
  const from = query.from === undefined ? undefined : parseDate(query.from);
  const to = query.to === undefined ? undefined : parseDate(query.to);
  if (from === undefined && to === undefined) return undefined;
  if (field.kind === "date") {
    return { [field.name]: { ...(from ? { gte: from } : {}), ...(to ? { lte: to } : {}) } };
  }
  const zone = timeZone(query.timeZone ?? "UTC");
  const begin = (day: string, plus: number): string => {
    const date = new Date(Date.parse(`${day}T00:00:00Z`) + plus * DAY_MS);
    return toInstant(zone.toInstant(date.getTime()));
  };
  return { [field.name]: { ...(from ? { gte: begin(from, 0) } : {}), ...(to ? { lt: begin(to, 1) } : {}) } };
}
