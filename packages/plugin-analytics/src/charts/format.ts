import type { MetricUnit } from "@corm/core";
import type { Grain } from "../query/periods.js";

export interface Formats {
  /** For people to read: `$1,234.50`, `62.7%`. */
  readonly full: (value: number) => string;
  /** At a glance: `$5,090,469`. Amounts from 1,000 on without their decimals. */
  readonly brief: (value: number) => string;
  /** For axes: `$1.2M`. */
  readonly short: (value: number) => string;
}

/** How numbers of a unit are written in a locale. `currency` for money. */
export function formatsOf(unit: MetricUnit, locale: string, currency: string): Formats {
  const make = (options: Intl.NumberFormatOptions) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value: number) => format.format(value);
  };
  switch (unit) {
    case "money":
      return {
        full: make({ style: "currency", currency }),
        brief: brief(
          make({ style: "currency", currency }),
          make({ style: "currency", currency, minimumFractionDigits: 0, maximumFractionDigits: 0 }),
        ),
        short: make({
          style: "currency",
          currency,
          notation: "compact",
          minimumFractionDigits: 0,
          maximumFractionDigits: 1,
        }),
      };
    case "ratio":
      return {
        full: make({ style: "percent", maximumFractionDigits: 1 }),
        brief: make({ style: "percent", maximumFractionDigits: 1 }),
        short: make({ style: "percent", maximumFractionDigits: 0 }),
      };
    default:
      return {
        full: make({ maximumFractionDigits: 2 }),
        brief: brief(make({ maximumFractionDigits: 2 }), make({ maximumFractionDigits: 0 })),
        short: make({ notation: "compact", maximumFractionDigits: 1 }),
      };
  }
}

function brief(small: Formats["full"], large: Formats["full"]): Formats["full"] {
  return (value) => (Math.abs(value) < 1000 ? small(value) : large(value));
}

/** A period for people: `Mar 2017` for months, `Q1 2017` for quarters; other keys are readable as they are. */
export function periodLabel(key: string, grain: Grain, locale: string): string {
  if (grain === "quarter") return `${key.slice(5)} ${key.slice(0, 4)}`;
  if (grain !== "month") return key;
  const format = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric", timeZone: "UTC" });
  return format.format(Date.parse(`${key}-01T00:00:00Z`));
}
