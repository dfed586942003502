import { normalEmail } from "./email.js";
import { normalPhone } from "./phone.js";
import { cleanText } from "./text.js";
import { normalDomain, normalUrl } from "./url.js";

/**
 * What a text field holds, which says how its values are brought into one form on every way in, and how two of them are
 * compared: see `normalized()`.
 */
export type Standard = "text" | "email" | "phone" | "personName" | "company" | "address" | "url" | "domain";

export const STANDARDS: readonly Standard[] = [
  "text",
  "email",
  "phone",
  "personName",
  "company",
  "address",
  "url",
  "domain",
];

/** What the form of a value depends on beside the value. */
export interface StandardScope {
  /** Of phone numbers without an international prefix: a code or a name. */
  readonly country?: string | null | undefined;
}

/** The form in which a value is kept. Applying it twice changes nothing. */
export function normalForm(standard: Standard, value: string, scope: StandardScope = {}): string {
  switch (standard) {
    case "email":
      return normalEmail(value);
    case "phone":
      return normalPhone(value, scope.country);
    case "url":
      return normalUrl(value);
    case "domain":
      return normalDomain(value);
    // Names and addresses are kept as people write them: only their comparison is another.
    case "text":
    case "personName":
    case "company":
    case "address":
      return cleanText(value);
  }
}
