import { parseDate } from "@corm/core";

const DAY_MS = 86_400_000;

export const addDays = (day: string, days: number): string =>
  parseDate(new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10));

/**
 * The last day of a term: so many months from a day, and a day less. A month that is too short ends on its last day:
 * a month from 31 January is over on 27 February.
 */
export function endOfTerm(startsOn: string, months: number): string {
  return addDays(addMonths(startsOn, months), -1);
}

export function addMonths(day: string, months: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const first = new Date(Date.UTC(year, month - 1 + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  first.setUTCDate(Math.min(date, last));
  return parseDate(first.toISOString().slice(0, 10));
}
