const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const HEADERS =
  "Authorization, Content-Type, Corm-Confidence, Corm-Read-After, Corm-Reference, Corm-Source, If-Match, If-None-Match, Idempotency-Key, X-CSRF-Token, X-Request-Id, Last-Event-ID";
const EXPOSED =
  "Corm-Written-At, Duplicate-Warnings, ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy";
const PREFLIGHT_SECONDS = "600";

/**
 * Lets pages of the listed origins read answers, with cookies. An origin that is not listed, and `null`, which a page in
 * a sandbox has, get no header at all.
 */
export async function withCors(
  request: Request,
  origins: readonly string[],
  answer: () => Promise<Response>,
): Promise<Response> {
  const origin = request.headers.get("origin");
  const listed = origin !== null && origins.includes(origin);
  const preflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
  const response = preflight && listed ? new Response(null, { status: 204 }) : await answer();
  const headers = new Headers(response.headers);
  headers.append("vary", "Origin");
  if (listed) {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-allow-credentials", "true");
    headers.set("access-control-expose-headers", EXPOSED);
    if (preflight) {
      headers.set("access-control-allow-methods", METHODS);
      headers.set("access-control-allow-headers", HEADERS);
      headers.set("access-control-max-age", PREFLIGHT_SECONDS);
    }
  }
  return new Response(response.body, { status: response.status, headers });
}
