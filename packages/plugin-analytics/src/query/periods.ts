import { InvalidMetricQuery } from "../errors.js";

export type Grain = "day" | "week" | "month" | "quarter" | "year";
export const grains: readonly Grain[] = ["day", "week", "month", "quarter", "year"];

/** Periods of one answer. */
const MAX_PERIODS = 2000;
const DAY_MS = 86_400_000;

/**
 * Every period from one key to another, both included: `2017-11`, `2017-12`, `2018-01`.
 *
 * @throws invalid-metric-query beyond 2,000 periods
 */
export function periodsBetween(first: string, last: string, grain: Grain): string[] {
  const periods: string[] = [];
  for (let key = first; key <= last; key = nextPeriod(key, grain)) {
    if (periods.length === MAX_PERIODS) {
      throw InvalidMetricQuery({
        reason: `From ${first} to ${last} there are more than ${MAX_PERIODS} periods of a ${grain}. Take a coarser grain or a shorter time.`,
      });
    }
    periods.push(key);
  }
  return periods;
}

/** The period in which a day `YYYY-MM-DD` lies, under the key that aggregates use. */
export function periodOf(day: string, grain: Grain): string {
  const year = day.slice(0, 4);
  const month = Number(day.slice(5, 7));
  switch (grain) {
    case "day":
      return day;
    case "month":
      return day.slice(0, 7);
    case "quarter":
      return `${year}-Q${Math.ceil(month / 3)}`;
    case "year":
      return year;
    case "week":
      return isoWeek(Date.parse(`${day}T00:00:00Z`));
  }
}

function nextPeriod(key: string, grain: Grain): string {
  const year = Number(key.slice(0, 4));
  switch (grain) {
    case "day":
      return dayText(Date.parse(`${key}T00:00:00Z`) + DAY_MS);
    case "month": {
      const month = Number(key.slice(5, 7));
      return month === 12
        ? `${yearText(year + 1)}-01`
        : `${yearText(year)}-${String(month + 1).padStart(2, "0")}`;
    }
    case "quarter": {
      const quarter = Number(key.slice(6));
      return quarter === 4 ? `${yearText(year + 1)}-Q1` : `${yearText(year)}-Q${quarter + 1}`;
    }
    case "year":
      return yearText(year + 1);
    case "week":
      return isoWeek(mondayOf(year, Number(key.slice(6))) + 7 * DAY_MS);
  }
}

const yearText = (year: number): string => String(year).padStart(4, "0");
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** ISO 8601: a week belongs to the year of its Thursday. */
function isoWeek(ms: number): string {
  const weekday = (new Date(ms).getUTCDay() + 6) % 7;
  const thursday = new Date(ms + (3 - weekday) * DAY_MS);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS));
  return `${yearText(year)}-W${String(week).padStart(2, "0")}`;
}

function mondayOf(year: number, week: number): number {
  const fourth = Date.UTC(year, 0, 4);
  const weekday = (new Date(fourth).getUTCDay() + 6) % 7;
  return fourth - weekday * DAY_MS + (week - 1) * 7 * DAY_MS;
}
