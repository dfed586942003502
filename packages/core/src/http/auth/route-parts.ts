import type { JsonSchema } from "../openapi/operation.js";
import type { HttpRoute } from "../route.js";

export const text = (maxLength: number): JsonSchema => ({ type: "string", minLength: 1, maxLength });
export const closed = (
  properties: Record<string, JsonSchema>,
  optional: readonly string[] = [],
): JsonSchema => ({
  type: "object",
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

export const cookie = { "Set-Cookie": { description: "The session.", schema: { type: "string" } } };

/** A route of signing in: open below `/public`, and of which nothing is kept for idempotency keys. */
export const route = (
  method: HttpRoute["method"],
  path: string,
  handle: HttpRoute["handle"],
  operation: Omit<HttpRoute["operation"], "tag">,
): HttpRoute => ({
  owner: "core",
  method,
  path,
  access: path.startsWith("/public/") ? "open" : "authenticated",
  policy: path.startsWith("/public/") ? "open" : "authenticated",
  once: "never",
  operation: { ...operation, tag: "auth" },
  handle,
});
