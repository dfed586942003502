import type { MetricUnit, Money } from "@corm/core";
import type { MetricValue } from "../query/metric-query.js";

export interface Formats {
  /** For people to read: `$ 1,234.50`, `62.7 %`. */
  readonly full: (value: number) => string;
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
        short: make({ style: "currency", currency, notation: "compact", maximumFractionDigits: 1 }),
      };
    case "ratio":
      return {
        full: make({ style: "percent", maximumFractionDigits: 1 }),
        short: make({ style: "percent", maximumFractionDigits: 0 }),
      };
    default:
      return {
        full: make({ maximumFractionDigits: 2 }),
        short: make({ notation: "compact", maximumFractionDigits: 1 }),
      };
  }
}

/** A metric's value as a number to draw; exact amounts stay exact everywhere but in pictures. */
export function drawable(value: MetricValue | undefined): number | null {
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? value : Number(value.amount);
}

/** The currency in which values are, where they are money. */
export function currencyOf(values: Iterable<MetricValue | undefined>, fallback: string): string {
  for (const value of values) if (value && typeof value === "object") return (value as Money).currency;
  return fallback;
}
