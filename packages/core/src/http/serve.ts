import type { Context as HonoContext } from "hono";
import type { DuplicateWarning, Identity } from "../context/context.js";
import { Unauthenticated } from "../errors/core-errors.js";
import type { Session } from "../runtime/session.js";
import { type Awaitable, andThen } from "../util/awaitable.js";
import { answerOnce, KEY_HEADER } from "./answer-once.js";
import { type Authenticator, keyInUrl } from "./authenticate.js";
import { Deadline } from "./deadline.js";
import { withWarnings } from "./duplicate-warnings.js";
import { textOf } from "./json-text.js";
import { clientNetwork } from "./limits/client-network.js";
import type { HttpSettings } from "./options.js";
import { originOf } from "./origin.js";
import { clientGone, problemAnswer, reportFailure } from "./problem.js";
import { readAfter, tellWritten } from "./read-after.js";
import { pathOf } from "./request-path.js";
import type { Answer, HttpCall, HttpRoute } from "./route.js";
import type { Matched, RouteTree } from "./route-tree.js";

/** A part of the app whose routes have in common who may ask. */
export interface Area {
  readonly tree: RouteTree;
  /** Segments of the path under which a host has mounted the app. */
  readonly mountedAt: number;
  /** Callers must prove who they are, also to learn that there is nothing. */
  readonly isPrivate: boolean;
}

/** An id that came with the request is kept when it is harmless, so that logs of several systems meet. */
const REQUEST_ID = /^[\w.-]{8,64}$/;

/** One request from its first to its last moment: id, credential, URL, route, errors, headers. */
export function serve(c: HonoContext, area: Area, settings: HttpSettings): Awaitable<Response> {
  return new Exchange(c, area, settings).response();
}

/** What is there already is answered at once: on an engine inside the process a read waits for nothing. */
class Exchange {
  readonly #c: HonoContext;
  readonly #area: Area;
  readonly #settings: HttpSettings;
  readonly #asked: Asked;
  readonly #deadline: Deadline;
  /** The log gets the pattern and not the path, which may hold a token. */
  #pattern = "*";

  constructor(c: HonoContext, area: Area, settings: HttpSettings) {
    const request = c.req.raw;
    const given = request.headers.get("x-request-id");
    const requestId = given !== null && REQUEST_ID.test(given) ? given : settings.crm.runtime.newId();
    this.#c = c;
    this.#area = area;
    this.#settings = settings;
    this.#deadline = new Deadline(request, settings.requestTimeout);
    this.#asked = { request, url: request.url, requestId, deadline: this.#deadline, warnings: [] };
  }

  response(): Awaitable<Response> {
    let response: Awaitable<Response>;
    try {
      response = this.#answered();
    } catch (error) {
      return this.#failed(error);
    }
    return response instanceof Promise ? this.#awaited(response) : response;
  }

  async #awaited(response: Promise<Response>): Promise<Response> {
    try {
      return await this.#deadline.race(response, (error) => this.#report(error));
    } catch (error) {
      return this.#failed(error);
    } finally {
      this.#deadline.stop();
    }
  }

  #failed(error: unknown): Response {
    const { request, requestId } = this.#asked;
    if (request.signal.aborted) return this.#render(clientGone(requestId));
    this.#report(error);
    return this.#render(problemAnswer(error, requestId, this.#settings.challenge));
  }

  #report(error: unknown): void {
    const { request, requestId } = this.#asked;
    const { method } = request;
    reportFailure(error, { requestId, method, path: this.#pattern }, this.#settings.crm.report);
  }

  #answered(): Awaitable<Response> {
    if (!this.#area.isPrivate) return this.#matched(undefined);
    return andThen(authenticated(this.#asked, this.#settings), (session) => this.#matched(session));
  }

  #matched(session: Session | undefined): Awaitable<Response> {
    const { tree, mountedAt } = this.#area;
    const { request, url } = this.#asked;
    const matched = tree.match(request.method, pathOf(url, request.method, mountedAt));
    const { route } = matched;
    this.#pattern = route.path;
    if (route.timeout !== undefined) this.#deadline.allow(route.timeout);
    // The route has the last word, wherever it was found.
    return session || route.access !== "authenticated"
      ? this.#limited(matched, session)
      : andThen(authenticated(this.#asked, this.#settings), (known) => this.#limited(matched, known));
  }

  #limited(matched: Matched, session: Session | undefined): Awaitable<Response> {
    const limited = limitOf(this.#c, matched.route, session, this.#settings);
    if (limited === undefined) return this.#handled(matched, session);
    return limited.then(async (headers) => {
      const response = await this.#handled(matched, session);
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
      return response;
    });
  }

  /** Where the database has replicas: who says what he must see may read from them, and who writes is told what that is. */
  #handled(matched: Matched, session: Session | undefined): Awaitable<Response> {
    const { replicas } = this.#settings.crm.runtime.storage;
    if (!replicas) return this.#answer(matched, session);
    return replicas.run(readAfter(this.#asked.request), async (reads) => {
      const response = await this.#answer(matched, session);
      // What was done is done, also where the database cannot say where it is in its log: the next reads are the primary's.
      const written = await reads.written().catch((error: unknown) => {
        this.#settings.crm.report(error);
        return null;
      });
      return written === null ? response : tellWritten(this.#asked.request, response, written);
    });
  }

  #answer({ route, params }: Matched, session: Session | undefined): Awaitable<Response> {
    const call = new Call(this.#c, this.#asked, params, session, this.#settings);
    const { request } = this.#asked;
    const answer =
      request.method === "POST" && route.once !== "never" && request.headers.has(KEY_HEADER)
        ? this.#once(route, call, session)
        : andThen<Answer | Response, Answer | Response>(route.handle(call), (made) =>
            withWarnings(made, this.#asked.warnings),
          );
    return andThen<Answer | Response, Response>(answer, (made) =>
      made instanceof Response ? this.#withHeaders(made) : this.#render(made),
    );
  }

  #once(route: HttpRoute, call: HttpCall, session: Session | undefined): Promise<Response> {
    const handle = async (request: Request, own: Session | undefined) => {
      const again = new Call(this.#c, { ...this.#asked, request }, call.params, own, this.#settings);
      return withWarnings(await route.handle(again), this.#asked.warnings);
    };
    return answerOnce(route, call, session, handle, this.#settings);
  }

  #render(answer: Answer): Response {
    const headers: Record<string, string> = {
      "x-request-id": this.#asked.requestId,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    };
    if (this.#area.isPrivate) headers["vary"] = "Authorization, Cookie";
    if (answer.body !== undefined) headers["content-type"] = "application/json";
    Object.assign(headers, answer.headers);
    const body = answer.body === undefined ? null : textOf(answer.body);
    return new Response(body, { status: answer.status, headers });
  }

  /** The answer of a plugin's own route, which may set what core sets by default. */
  #withHeaders(response: Response): Response {
    const headers = new Headers(response.headers);
    headers.set("x-request-id", this.#asked.requestId);
    headers.set("x-content-type-options", "nosniff");
    if (this.#area.isPrivate) {
      headers.set("cache-control", "no-store");
      headers.append("vary", "Authorization, Cookie");
    } else if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
    const { status, statusText } = response;
    return new Response(this.#bodyOf(response), { status, statusText, headers });
  }

  /** Nobody reads what follows a head: what it would be made of, such as an open file, is let go. */
  #bodyOf({ body }: Response): ReadableStream<Uint8Array> | null {
    if (this.#asked.request.method !== "HEAD") return body;
    body?.cancel().catch((error: unknown) => this.#report(error));
    return null;
  }
}

/** Counts the request for its caller, where the host limits such requests. @throws too-many-requests */
function limitOf(
  c: HonoContext,
  route: HttpRoute,
  session: Session | undefined,
  { rateLimits, clientAddress }: HttpSettings,
): Promise<Readonly<Record<string, string>>> | undefined {
  const { counts } = rateLimits;
  if (session) {
    if (!counts.api) return undefined;
    const { tenant, actor } = session;
    return rateLimits.check("api", `${tenant}/${actor.kind}/${"id" in actor ? actor.id : ""}`);
  }
  if (!counts.public || !route.path.startsWith("/public/")) return undefined;
  return rateLimits.check("public", clientNetwork(clientAddress(c)));
}

function authenticated(asked: Asked, { authenticators, crm }: HttpSettings): Awaitable<Session> {
  const { request, url, requestId, deadline, warnings } = asked;
  if (keyInUrl(url))
    throw Unauthenticated({
      reason: `An API key stands in the URL, where logs and histories keep it: send it as "Authorization: Bearer <API key>", and rotate it.`,
    });
  return andThen(identityOf(request, authenticators, 0), (identity) => {
    if (!identity)
      throw Unauthenticated({
        reason: request.headers.has("authorization")
          ? "The credential is not valid: it may be wrong, expired or revoked."
          : `Send a credential: "Authorization: Bearer <API key>".`,
      });
    const onDuplicates = (warning: DuplicateWarning) => {
      warnings.push(warning);
      identity.onDuplicates?.(warning);
    };
    const origin = originOf(request) ?? identity.origin;
    const said = origin ? { origin } : {};
    return crm.as({ ...identity, ...said, onDuplicates, signal: deadline, requestId }) as Session;
  });
}

/** By the first authenticator from `at` on that knows the caller. */
function identityOf(
  request: Request,
  authenticators: readonly Authenticator[],
  at: number,
): Awaitable<Identity | undefined> {
  const authenticator = authenticators[at];
  return (
    authenticator &&
    andThen(
      authenticator.authenticate(request),
      (identity) => identity ?? identityOf(request, authenticators, at + 1),
    )
  );
}

const none = new URLSearchParams();

interface Asked extends Pick<HttpCall, "request" | "requestId"> {
  readonly url: string;
  readonly deadline: Deadline;
  /** Of duplicates that were written all the same. */
  readonly warnings: DuplicateWarning[];
}

class Call implements HttpCall {
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly #asked: Asked;
  readonly #c: HonoContext;
  readonly #session: Session | undefined;
  readonly #settings: HttpSettings;

  constructor(
    c: HonoContext,
    asked: Asked,
    params: Readonly<Record<string, string>>,
    session: Session | undefined,
    settings: HttpSettings,
  ) {
    this.request = asked.request;
    this.params = params;
    this.requestId = asked.requestId;
    this.#asked = asked;
    this.#c = c;
    this.#session = session;
    this.#settings = settings;
  }

  get path(): string {
    return new URL(this.#asked.url).pathname;
  }
  get query(): URLSearchParams {
    const { url } = this.#asked;
    return url.includes("?") ? new URL(url).searchParams : none;
  }
  get signal(): AbortSignal {
    return this.#asked.deadline.signal;
  }
  get clientAddress(): string | undefined {
    return this.#settings.clientAddress(this.#c);
  }
  async again(): Promise<Session> {
    return authenticated(this.#asked, this.#settings);
  }
  get session(): Session {
    if (!this.#session) throw Unauthenticated({ reason: "This route has no authenticated caller." });
    return this.#session;
  }
}
