import { comparable } from "../util/comparable.js";
import { normalEmail } from "./email.js";
import { normalPhone, phoneKey } from "./phone.js";

/**
 * The form in which addresses of people are compared, whatever they are: e-mail and phone as fields keep them, anything
 * else in lower case without white space around it.
 */
export function normalAddress(address: string, country?: string | null): string {
  if (address.includes("@")) return normalEmail(address);
  // Digests stand for what was erased, and are none.
  if (/^erased:/.test(address) || phoneKey(address, country) === undefined) return comparable(address);
  return normalPhone(address, country);
}
