import type { TSchema } from "typebox";
import type { Context } from "../context/context.js";
import type { Tokens } from "../context/tokens.js";
import type { ValueOf } from "../schema/field.js";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface RouteRequest<Body = unknown> {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** Parsed and validated where the route declares a `body`; form-encoded posts arrive as an object of strings. */
  readonly body: Body;
  /** The request as it came; its body is unread only where the route declares none. */
  readonly raw: Request;
  /** The caller's address as the host app knows it. */
  readonly clientAddress: string | undefined;
}

export interface RouteDefinition {
  readonly method: HttpMethod;
  /** Below the app's base: `/public/forms/:key`. Public routes begin with `/public/`, others with `/api/`. */
  readonly path: string;
  readonly summary: string;
  /** A permission, or `"public"` written out. */
  readonly permission: string;
  readonly body: TSchema | null;
  readonly response: TSchema | null;
  /** Media type of the answer, for OpenAPI. */
  readonly produces: string;
  /** Longest body in bytes; null for what the host allows in general. */
  readonly maxBody: number | null;
  /** Milliseconds until the answer must begin; null for any time, undefined for what the host allows in general. */
  readonly timeout: number | null | undefined;
  /** `handle` runs in one transaction of `access.ctx`. */
  readonly atomic: boolean;
  /** Public routes name the tenant themselves: from a signed token, or from a key that is unique over tenants. */
  readonly handle: (request: RouteRequest<never>, access: RouteAccess) => Promise<Response>;
}

/** How a route comes to a context. */
export interface RouteAccess {
  /** The authenticated caller's context. Throws `unauthenticated` on a public route. */
  readonly ctx: Context;
  /** A context of the public actor in a tenant that the handler has established. */
  forTenant(tenant: string): Context;
  /** The tenant of an app that has one only, or undefined. */
  readonly defaultTenant: string | undefined;
  readonly tokens: Tokens;
}

/**
 * A route that entities and actions do not give by themselves: public pages, webhooks, files.
 *
 * @example
 * defineRoute({
 *   method: "GET", path: "/public/unsubscribe/:token", permission: "public", summary: "Unsubscribe page",
 *   handle: async ({ params }, access) => new Response("…"),
 * })
 */
export function defineRoute<B extends TSchema = TSchema>(options: {
  readonly method: HttpMethod;
  readonly path: string;
  readonly summary: string;
  readonly permission: string;
  readonly body?: B;
  readonly response?: TSchema;
  readonly produces?: string;
  /** Longest body in bytes, where a file or a mail is longer than what the host allows in general (1 MiB). */
  readonly maxBody?: number;
  /**
   * Milliseconds until the answer must begin, where that takes longer than what the host allows in general (30 s);
   * null for any time. `ctx.signal` tells when it is over: hand it to whatever the route waits for.
   */
  readonly timeout?: number | null;
  /**
   * Runs `handle` in one transaction, of which `access.ctx` is the session; not for public routes, nor for what waits
   * for other systems. An `Idempotency-Key` then holds through crashes: a request is done and remembered, or neither.
   */
  readonly atomic?: boolean;
  readonly handle: (request: RouteRequest<ValueOf<B>>, access: RouteAccess) => Promise<Response>;
}): RouteDefinition {
  return {
    method: options.method,
    path: options.path,
    summary: options.summary,
    permission: options.permission,
    body: options.body ?? null,
    response: options.response ?? null,
    produces: options.produces ?? "application/json",
    maxBody: options.maxBody ?? null,
    timeout: options.timeout,
    atomic: options.atomic ?? false,
    handle: options.handle as RouteDefinition["handle"],
  };
}
