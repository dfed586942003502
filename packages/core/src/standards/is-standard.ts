import { isEmail } from "./email.js";
import type { Standard, StandardScope } from "./normal-form.js";
import { phoneKey } from "./phone.js";

const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/;

/**
 * What is wrong with a value in its normal form, in words that go behind the field's name; undefined where it is what its
 * standard says. Normal forms keep what they cannot read, so that nothing is lost: this tells it.
 */
export function standardProblem(
  standard: Standard,
  value: string,
  { country }: StandardScope = {},
): string | undefined {
  switch (standard) {
    case "email":
      return isEmail(value) ? undefined : "is no e-mail address";
    case "phone":
      return phoneKey(value, country) === undefined ? "is no phone number" : undefined;
    case "url":
      return isUrl(value) ? undefined : "is no web address";
    case "domain":
      return DOMAIN.test(value) ? undefined : "is no domain";
    default:
      return undefined;
  }
}

function isUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text)) return false;
  try {
    return new URL(text).hostname !== "";
  } catch {
    return false;
  }
}
