import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Whether an address is one of the public internet. Everything else is refused, also what nobody has thought of: private,
 * local, shared and reserved ranges, and those that stand for an IPv4 address behind a translator.
 *
 * @param text as the system gives it: `93.184.216.34`, `2606:2800::1`
 */
export function isPublicAddress(text: string): boolean {
  // Nothing in short: what the library would read as an address of some kind is none that a system gives.
  if (isIP(text) === 0 || !ipaddr.isValid(text)) return false;
  const address = ipaddr.parse(text);
  if (address.range() !== "unicast") return false;
  // Of IPv6 only what is given out to the internet (RFC 4291, 2000::/3); the rest is not anybody's yet, or means IPv4.
  if (address.kind() === "ipv4") return true;
  const [first = 0] = (address as ipaddr.IPv6).parts;
  return first >> 13 === 1;
}
