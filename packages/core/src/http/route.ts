import type { HttpMethod } from "../routes/define-route.js";
import type { Session } from "../runtime/session.js";
import type { Awaitable } from "../util/awaitable.js";
import type { Operation } from "./openapi/operation.js";

/** One request on its way through a route. */
export interface HttpCall {
  readonly request: Request;
  /** Path as it was asked for, with whatever the host app mounted the API under. */
  readonly path: string;
  /** Decoded; holds no slash and no NUL. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly requestId: string;
  /** Aborts when the time of the request is up, or its caller hangs up. */
  readonly signal: AbortSignal;
  readonly clientAddress: string | undefined;
  /** The caller's session. @throws unauthenticated on an open route */
  readonly session: Session;
  /** Looks again who asks, for answers that take long. @throws unauthenticated where the credential holds no more */
  again(): Promise<Session>;
}

/** What a route answers; core adds the headers that every answer has. */
export interface Answer {
  readonly status: number;
  /** Becomes JSON, or is it already (`JsonText`); absent for an answer without body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route as data: served by Hono, described by OpenAPI, listed by tests. */
export interface HttpRoute {
  /** Plugin that the route is there for, or `core`. */
  readonly owner: string;
  readonly method: HttpMethod;
  /** With parameters in braces: `/api/leads/{id}`. */
  readonly path: string;
  /** `open` routes answer without a credential. */
  readonly access: "open" | "authenticated";
  /**
   * What lets a caller through: `open`, `authenticated` (anybody who is known), a right on an entity (`lead:read`), or a
   * permission (`lead.convert`). A test holds that every route declares one.
   */
  readonly policy?: string | undefined;
  readonly operation: Operation;
  /**
   * How a request with an `Idempotency-Key` is done once: `inside` one transaction with the memory of it, where `handle`
   * works through `call.session` alone and may run again; `around` it, where that cannot be (default). `never`
   * for what takes passwords or answers secrets, of which nothing may be kept: the header is passed over.
   */
  readonly once?: "inside" | "around" | "never";
  /** Longest body in bytes, where the route does not take the host's limit. */
  readonly maxBody?: number | undefined;
  /**
   * Milliseconds until the answer begins, where the route does not take the host's limit; null for none. An answer that
   * has begun may take as long as its caller stays.
   */
  readonly timeout?: number | null | undefined;
  readonly handle: (call: HttpCall) => Awaitable<Answer | Response>;
}

/** A route whose operation is described when somebody first asks: a process that starts has no reader of it yet. */
export function describedLater(route: Omit<HttpRoute, "operation">, describe: () => Operation): HttpRoute {
  let made: Operation | undefined;
  return {
    ...route,
    get operation() {
      made ??= describe();
      return made;
    },
  };
}
