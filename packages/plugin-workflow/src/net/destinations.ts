import { isPublicAddress } from "./addresses.js";

/** What a host lets the plugin call besides public addresses by `https` on port 443. */
export interface NetOptions {
  /** Hosts with their port, `hooks.internal:8080`: allowed whatever their address, by http and https. */
  readonly allow?: readonly string[];
  /** Ports of public addresses. Default 443. */
  readonly ports?: readonly number[];
  /** Also `http` to public addresses; their ports go into `ports`. Default false. */
  readonly http?: boolean;
}

/** What is wrong with where something would go, before any name is looked up; null where nothing is. */
export function destinationProblem(text: string, options: NetOptions = {}): string | null {
  const url = parse(text);
  if (!url) return "is no URL";
  if (url.username !== "" || url.password !== "") return "has a user name in it";
  if (url.protocol !== "https:" && url.protocol !== "http:") return `has the scheme "${url.protocol}"`;
  if (isAllowed(url, options)) return null;
  if (url.protocol === "http:" && options.http !== true) return "is not https";
  const port = Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);
  if (!(options.ports ?? [443]).includes(port)) return `has the port ${port}`;
  const host = hostOf(url);
  if (host === "localhost" || host.endsWith(".localhost") || host === "") return "is this machine";
  // As the URL standard reads it, decimal, octal and full-width spellings are addresses like others.
  if (isLiteral(host) && !isPublicAddress(host)) return "is no public address";
  return null;
}

function parse(text: string): URL | null {
  if (text.length > 2000 || /[\s\\\p{Cc}]/u.test(text)) return null;
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

export const isLiteral = (host: string): boolean => host.includes(":") || /^[\d.]+$/.test(host);

/** Without the brackets of IPv6, and the dot at the end of a full name. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

export function isAllowed(url: URL, { allow = [] }: NetOptions): boolean {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return allow.includes(`${url.hostname}:${port}`);
}
