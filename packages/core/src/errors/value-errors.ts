import type { Issue } from "./corm-error.js";
import { defineError } from "./define-error.js";

/** A value as an error message may show it: quoted, at most 40 characters; anything but text by its type. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : `a value of type ${typeof value}`;
}

export const InvalidInstant = defineError<{ value: string; reason: string }>("invalid-instant", {
  status: 400,
  title: "Not a point in time",
  detail: ({ value, reason }) =>
    `${value} is not an instant: ${reason}. Write it like 2026-03-01T09:30:00Z or 2026-03-01T10:30:00+01:00.`,
});

export const InvalidDate = defineError<{ value: string; reason: string }>("invalid-date", {
  status: 400,
  title: "Not a calendar date",
  detail: ({ value, reason }) => `${value} is not a date: ${reason}. Write it like 2026-03-01.`,
});

export const InvalidDuration = defineError<{ value: string; reason: string }>("invalid-duration", {
  status: 400,
  title: "Not a usable duration",
  detail: ({ value, reason }) => `${value} is not a usable duration: ${reason}.`,
});

export const InvalidTimeZone = defineError<{ value: string }>("invalid-time-zone", {
  status: 400,
  title: "Unknown time zone",
  detail: ({ value }) => `${value} is not an IANA time zone. Use a name like Europe/Berlin or UTC.`,
});

export const InvalidCalendar = defineError<{ issues: readonly Issue[] }>("invalid-calendar", {
  status: 400,
  title: "The business calendar is not usable",
  detail: ({ issues }) => issues.map(({ pointer, message }) => `${pointer || "/"}: ${message}`).join(" "),
  issues: ({ issues }) => issues,
});

export const WorkingTimeOutOfReach = defineError<{ years: number }>("working-time-out-of-reach", {
  status: 400,
  title: "The working time lies too far away",
  detail: ({ years }) =>
    `The calendar does not offer this much working time within ${years} years. Ask for less, or add working hours.`,
});

export const InvalidDecimal = defineError<{ value: string }>("invalid-decimal", {
  status: 400,
  title: "Not a decimal number",
  detail: ({ value }) =>
    `${value} is not a plain decimal number. Write it like "1.19", without exponent or separators.`,
});

/** `pointer` is relative to the money value; `issue` is the code of the finding, `detail` its message. */
export const InvalidMoney = defineError<{
  pointer: "" | "/amount" | "/currency";
  issue: string;
  detail: string;
}>("invalid-money", {
  status: 400,
  title: "Not an amount of money",
  detail: ({ detail }) => detail,
  issues: ({ pointer, issue, detail }) => [{ pointer, code: issue, message: detail }],
});

export const CurrencyMismatch = defineError<{ left: string; right: string }>("currency-mismatch", {
  status: 400,
  title: "Two currencies cannot be mixed",
  detail: ({ left, right }) =>
    `${left} and ${right} cannot be mixed. Convert one of them with a dated rate first.`,
});

export const InvalidLocale = defineError<{ value: string }>("invalid-locale", {
  status: 400,
  title: "Not a locale",
  detail: ({ value }) => `${value} is not a BCP 47 language tag. Use one like en-GB or zh-Hans-CN.`,
});

/** A mistake of the calling code, never of a request. */
export const InvalidArgument = defineError<{ argument: string; reason: string }>("invalid-argument", {
  status: 500,
  title: "A function was called with an unusable argument",
  detail: ({ argument, reason }) => `The argument "${argument}" is not usable: ${reason}.`,
});
