import { domainToASCII } from "node:url";
import { cleanText } from "./text.js";

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u00a0-\\u{10ffff}-]+";
const LOCAL = new RegExp(
  `^(?:${ATOM}(?:\\.${ATOM})*|"(?:[\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]|\\\\[\\x20-\\x7e])+")$`,
  "u",
);
const LABEL =
  "[A-Za-z0-9\\u00a0-\\u{10ffff}](?:[A-Za-z0-9\\u00a0-\\u{10ffff}-]*[A-Za-z0-9\\u00a0-\\u{10ffff}])?";
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, "u");
const LITERAL = /^\[(?:IPv6:[0-9A-Fa-f:.]+|\d{1,3}(?:\.\d{1,3}){3})\]$/;

/** Characters of an address, of the part before the @, and of a label between dots (RFC 5321 and RFC 1035). */
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_LABEL = 63;

/**
 * Whether mail can be sent to a text as it is: the syntax of RFC 5321 without comments and folded lines, addresses in other
 * scripts (RFC 6531) among them. Whether anybody reads it is another question.
 */
export function isEmail(address: string): boolean {
  const at = address.lastIndexOf("@");
  if (at < 1 || address.length > MAX_ADDRESS || at > MAX_LOCAL) return false;
  const domain = address.slice(at + 1);
  if (!LOCAL.test(address.slice(0, at))) return false;
  if (LITERAL.test(domain)) return true;
  return DOMAIN.test(domain) && domain.split(".").every((label) => label.length <= MAX_LABEL);
}

/**
 * An e-mail address as it is kept: cleaned, in lower case, its domain as the DNS has it. Tags and dots stay, since they
 * are part of where mail goes.
 *
 * @example normalEmail(" Ada@MÜNCHEN.de ") // "ada@xn--mnchen-3ya.de"
 */
export function normalEmail(value: string): string {
  const text = cleanText(value.trim().replace(/^mailto:/i, "")).toLowerCase();
  const at = text.lastIndexOf("@");
  const domain = text.slice(at + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what is all ASCII needs no other form.
  if (at < 1 || /^[\x00-\x7f]*$/.test(domain)) return text;
  const ascii = domainToASCII(domain);
  return ascii === "" ? text : `${text.slice(0, at)}@${ascii}`;
}

/** Providers that deliver to one mailbox whatever dots and tags its name has. */
const DOTLESS = new Set(["gmail.com", "googlemail.com"]);
/** Providers of mailboxes that take what follows a plus for a tag. */
const TAGGED = new Set([...DOTLESS, "outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com"]);

/** What addresses of one mailbox have in common: to compare by, never to send to. */
export function emailKey(value: string): string {
  const text = normalEmail(value);
  const at = text.lastIndexOf("@");
  if (at < 1) return text;
  let [local, domain] = [text.slice(0, at), text.slice(at + 1)];
  if (TAGGED.has(domain)) local = local.split("+")[0] || local;
  if (DOTLESS.has(domain)) [local, domain] = [local.replaceAll(".", ""), "gmail.com"];
  return `${local}@${domain}`;
}
