import { equalText, hmacBase64Url } from "../../util/hash.js";
import { CrossSiteRequest } from "../errors.js";

export const CSRF_HEADER = "x-csrf-token";
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** What a page must send along with every change: made from the session, so that nothing is kept for it. */
export function csrfTokenOf(sessionToken: string): string {
  return hmacBase64Url(sessionToken, "corm csrf");
}

/**
 * A browser sends cookies along with requests that other sites make it send. Changes therefore come from a page of this
 * origin or of a listed one, and carry a token that only such a page can have read.
 *
 * @throws cross-site-request
 */
export function checkCsrf(request: Request, sessionToken: string, origins: readonly string[]): void {
  if (SAFE.has(request.method)) return;
  checkOrigin(request, origins);
  const given = request.headers.get(CSRF_HEADER);
  if (given === null || !equalText(given, csrfTokenOf(sessionToken)))
    throw CrossSiteRequest({
      reason: `A change with a cookie carries the header "X-CSRF-Token", with the value that signing in and GET /api/auth/me answer.`,
    });
}

/** @throws cross-site-request */
export function checkOrigin(request: Request, origins: readonly string[]): void {
  const origin = request.headers.get("origin");
  if (origin !== null && origins.includes(origin)) return;
  const site = request.headers.get("sec-fetch-site");
  const foreign = site !== null && site !== "same-origin" && site !== "none";
  if (foreign || (origin !== null && !isOwn(origin, request)))
    throw CrossSiteRequest({
      reason: `The request comes from a page of another origin. Name that origin in "signIn.origins", if it is one of yours.`,
    });
}

/** By the host alone: a proxy that ends TLS makes `http` of `https` on the way here. */
function isOwn(origin: string, request: Request): boolean {
  try {
    return new URL(origin).host === new URL(request.url).host;
  } catch {
    // `null`, and whatever is no origin.
    return false;
  }
}
