import { domainToASCII } from "node:url";
import { cleanText } from "./text.js";

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const HOST = /^[^\s/?#@:]+\.[^\s/?#@:.]+(?::\d+)?(?:[/?#]|$)/u;

/**
 * A web address as it is kept: with a scheme, its host as the DNS has it, without the slash that says nothing. What is no
 * web address stays as it was written, cleaned.
 *
 * @example normalUrl("Example.COM/") // "https://example.com"
 */
export function normalUrl(value: string): string {
  const text = cleanText(value);
  const full =
    SCHEME.test(text) && !/^[^/]+:\d+/.test(text) ? text : HOST.test(text) ? `https://${text}` : undefined;
  if (full === undefined || !/^https?:/i.test(full)) return text;
  const url = tryParse(full);
  if (!url || url.hostname === "") return text;
  const bare = url.pathname === "/" && url.search === "" && url.hash === "";
  return bare ? url.href.replace(/\/$/, "") : url.href;
}

function tryParse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

/**
 * The domain of a company as it is kept, out of a domain, a web address or an e-mail address: lower case, as the DNS has
 * it, without `www`.
 *
 * @example normalDomain("https://www.Example.com/about") // "example.com"
 */
export function normalDomain(value: string): string {
  const text = cleanText(value).toLowerCase();
  const host = text
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/^[^/?#]*@/, "")
    .replace(/[/?#].*$/, "")
    .replace(/:\d+$/, "")
    .replace(/\.$/, "")
    .replace(/^www\d?\.(?=[^.]+\.)/, "");
  const ascii = domainToASCII(host);
  return ascii === "" ? text : ascii;
}
