import { InvalidArgument } from "@corm/core";

export const PERIOD = "^\\d{4}(-(Q[1-4]|0[1-9]|1[0-2]))?$";

/** First and last day of a period. */
export interface PeriodDays {
  readonly from: string;
  readonly until: string;
}

/** The days of `2026`, `2026-Q1` or `2026-03`. @throws invalid-argument */
export function periodDays(period: string): PeriodDays {
  if (!new RegExp(PERIOD).test(period))
    throw InvalidArgument({
      argument: "period",
      reason: 'it is a year, a quarter or a month, such as "2026-Q1"',
    });
  const year = period.slice(0, 4);
  const part = period.slice(5);
  if (part === "") return { from: `${year}-01-01`, until: `${year}-12-31` };
  const first = part.startsWith("Q") ? (Number(part[1]) - 1) * 3 + 1 : Number(part);
  const last = part.startsWith("Q") ? first + 2 : first;
  const days = new Date(Date.UTC(Number(year), last, 0)).getUTCDate();
  const two = (value: number) => String(value).padStart(2, "0");
  return { from: `${year}-${two(first)}-01`, until: `${year}-${two(last)}-${two(days)}` };
}

/** The quarter that a day is in. */
export function quarterOf(day: string): string {
  return `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
}

/** The quarter after another. */
export function nextQuarter(quarter: string): string {
  const [year, number] = [Number(quarter.slice(0, 4)), Number(quarter[6])];
  return number === 4 ? `${year + 1}-Q1` : `${year}-Q${number + 1}`;
}
