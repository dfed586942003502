import { domainToASCII } from "node:url";

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A mail address as it may stand in an envelope, its domain in ASCII; undefined for anything else.
 *
 * Deliberately narrower than RFC 5321: quoted local parts, comments, groups, display names, lists and line breaks
 * are how one recipient becomes another one or several.
 */
export function mailAddress(text: string): string | undefined {
  const at = text.lastIndexOf("@");
  if (at < 1 || text.length > 254) return undefined;
  const local = text.slice(0, at);
  const given = text.slice(at + 1);
  // domainToASCII stops at what ends a host in a URL, and would cut it off unseen.
  if (local.length > 64 || !LOCAL.test(local) || /[\s/\\?#:@[\]%<>"',;()]/.test(given)) return undefined;
  const domain = domainToASCII(given);
  return DOMAIN.test(domain) ? `${local}@${domain}` : undefined;
}
