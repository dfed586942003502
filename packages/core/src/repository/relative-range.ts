import { InvalidQuery } from "../errors/core-errors.js";

const UNITS: Readonly<Record<string, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** `{ last: 30, unit: "day" }` as epoch milliseconds from and to. Months and years are calendar ones, in UTC. */
export function relativeRange(range: unknown, now: number, place: string): { from: number; to: number } {
  const wrong = InvalidQuery({
    reason: `"within" on "${place}" takes { last | next: n, unit: "minute" | "hour" | "day" | "week" | "month" | "year" }.`,
  });
  if (typeof range !== "object" || range === null) throw wrong;
  const { last, next, unit, ...rest } = range as Record<string, unknown>;
  if (Object.keys(rest).length > 0 || (last === undefined) === (next === undefined)) throw wrong;
  const count = last ?? next;
  if (typeof count !== "number" || !Number.isInteger(count) || count < 0 || count > 100_000) throw wrong;
  const moved = shift(now, last === undefined ? count : -count, unit);
  if (moved === undefined) throw wrong;
  return last === undefined ? { from: now, to: moved } : { from: moved, to: now };
}

function shift(now: number, count: number, unit: unknown): number | undefined {
  if (typeof unit !== "string") return undefined;
  const size = UNITS[unit];
  if (size !== undefined) return now + count * size;
  if (unit !== "month" && unit !== "year") return undefined;
  const date = new Date(now);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + count * (unit === "year" ? 12 : 1));
  // The 31st becomes the last day of a shorter month.
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, lastDay));
  return date.getTime();
}
