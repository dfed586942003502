/** What is kept of where a visitor came from, under the names in which it arrives. */
export const TOUCH_NAMES = [
  "utm_source",
  "utm_medium",
  "utm_campaign",
  "utm_term",
  "utm_content",
  "gclid",
  "fbclid",
  "msclkid",
  "referrer",
  "landing_page",
] as const;

const MAX_LENGTH = 500;

/** Picks them out of posted values or a query, cut to size. */
export function readTouch(get: (name: string) => unknown): Record<string, string> {
  const touch: Record<string, string> = {};
  for (const name of TOUCH_NAMES) {
    const value = get(name);
    if (typeof value !== "string") continue;
    const clean = value.replace(/[\p{Cc}\p{Surrogate}]/gu, "").trim();
    if (clean !== "") touch[name] = clean.slice(0, MAX_LENGTH);
  }
  return touch;
}
