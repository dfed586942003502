import type { Context as HonoContext } from "hono";
import type { Identity } from "../context/context.js";
import { Unauthenticated } from "../errors/core-errors.js";
import type { Session } from "../runtime/session.js";
import { answerOnce, KEY_HEADER } from "./answer-once.js";
import { type Authenticator, keyInUrl } from "./authenticate.js";
import { Deadline } from "./deadline.js";
import { InvalidUrl, RouteNotFound } from "./errors.js";
import { textOf } from "./json-text.js";
import { clientNetwork } from "./limits/client-network.js";
import type { HttpSettings } from "./options.js";
import { clientGone, problemAnswer, reportFailure } from "./problem.js";
import type { Answer, HttpCall, HttpRoute } from "./route.js";
import { type RouteTree, segmentsOf } from "./route-tree.js";

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
export async function serve(c: HonoContext, area: Area, settings: HttpSettings): Promise<Response> {
  const request = c.req.raw;
  const { method } = request;
  const { isPrivate } = area;
  const given = request.headers.get("x-request-id");
  const requestId = given !== null && REQUEST_ID.test(given) ? given : settings.crm.runtime.newId();
  // The log gets the pattern and not the path, which may hold a token.
  let path = "*";
  const deadline = new Deadline(request.signal, settings.requestTimeout);
  const asked: Asked = { request, requestId, signal: deadline.signal };
  const answered = async (): Promise<Response> => {
    let session = isPrivate ? await authenticated(asked, settings) : undefined;
    const { route, params } = area.tree.match(method, pathOf(request).slice(area.mountedAt));
    path = route.path;
    if (route.timeout !== undefined) deadline.allow(route.timeout);
    // The route has the last word, wherever it was found.
    if (route.access === "authenticated") session ??= await authenticated(asked, settings);
    const limited = await limitOf(c, route, session, settings);
    const call = new Call(c, asked, params, session, settings);
    const answer =
      method === "POST" && route.once !== "never" && request.headers.has(KEY_HEADER)
        ? await once(c, route, call, session, settings)
        : await route.handle(call);
    const response =
      answer instanceof Response
        ? withHeaders(answer, requestId, isPrivate)
        : render(answer, requestId, isPrivate);
    for (const [name, value] of Object.entries(limited)) response.headers.set(name, value);
    return response;
  };
  const failed = (error: unknown) => reportFailure(error, { requestId, method, path }, settings.crm.report);
  try {
    return await deadline.race(answered(), failed);
  } catch (error) {
    if (request.signal.aborted) return render(clientGone(requestId), requestId, isPrivate);
    failed(error);
    return render(problemAnswer(error, requestId, settings.challenge), requestId, isPrivate);
  } finally {
    deadline.stop();
  }
}

function once(
  c: HonoContext,
  route: HttpRoute,
  call: HttpCall,
  session: Session | undefined,
  settings: HttpSettings,
): Promise<Response> {
  const { params, requestId, signal } = call;
  const handle = async (request: Request, own: Session | undefined) =>
    route.handle(new Call(c, { request, requestId, signal }, params, own, settings));
  return answerOnce(route, call, session, handle, settings);
}

/** Counts the request for its caller, where the host limits such requests. @throws too-many-requests */
async function limitOf(
  c: HonoContext,
  route: HttpRoute,
  session: Session | undefined,
  { rateLimits, clientAddress }: HttpSettings,
): Promise<Readonly<Record<string, string>>> {
  const { counts } = rateLimits;
  if (session) {
    if (!counts.api) return {};
    const { tenant, actor } = session;
    return rateLimits.check("api", `${tenant}/${actor.kind}/${"id" in actor ? actor.id : ""}`);
  }
  if (!counts.public || !route.path.startsWith("/public/")) return {};
  return rateLimits.check("public", clientNetwork(clientAddress(c)));
}

async function authenticated(
  { request, requestId, signal }: Asked,
  { authenticators, crm }: HttpSettings,
): Promise<Session> {
  if (keyInUrl(request))
    throw Unauthenticated({
      reason: `An API key stands in the URL, where logs and histories keep it: send it as "Authorization: Bearer <API key>", and rotate it.`,
    });
  const identity = await identityOf(request, authenticators);
  if (!identity)
    throw Unauthenticated({
      reason: request.headers.has("authorization")
        ? "The credential is not valid: it may be wrong, expired or revoked."
        : `Send a credential: "Authorization: Bearer <API key>".`,
    });
  return crm.as({ ...identity, signal, requestId }) as Session;
}

async function identityOf(
  request: Request,
  authenticators: readonly Authenticator[],
): Promise<Identity | undefined> {
  for (const { authenticate } of authenticators) {
    const identity = await authenticate(request);
    if (identity) return identity;
  }
  return undefined;
}

/** The decoded segments of the path. No id, name or key holds a NUL or a slash: refused for every route at once. */
function pathOf(request: Request): string[] {
  const { url } = request;
  const path = url.slice(url.indexOf("/", url.indexOf("//") + 2)).split(/[?#]/, 1)[0] as string;
  if (!url.includes("%")) return segmentsOf(path);
  if (url.includes("%00")) throw InvalidUrl({ reason: "The URL holds a NUL character." });
  if (/%2f|%5c/i.test(path)) throw RouteNotFound({ method: request.method, path });
  try {
    return segmentsOf(path).map(decodeURIComponent);
  } catch (cause) {
    throw InvalidUrl({ reason: `The path of the URL has a "%" that encodes no UTF-8 text.` }, { cause });
  }
}

const none = new URLSearchParams();

type Asked = Pick<HttpCall, "request" | "requestId" | "signal">;

class Call implements HttpCall {
  readonly request: Request;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly #c: HonoContext;
  readonly #session: Session | undefined;
  readonly #settings: HttpSettings;

  constructor(
    c: HonoContext,
    { request, requestId, signal }: Asked,
    params: Readonly<Record<string, string>>,
    session: Session | undefined,
    settings: HttpSettings,
  ) {
    this.request = request;
    this.params = params;
    this.requestId = requestId;
    this.signal = signal;
    this.#c = c;
    this.#session = session;
    this.#settings = settings;
  }

  get path(): string {
    return new URL(this.request.url).pathname;
  }
  get query(): URLSearchParams {
    return this.request.url.includes("?") ? new URL(this.request.url).searchParams : none;
  }
  get clientAddress(): string | undefined {
    return this.#settings.clientAddress(this.#c);
  }
  again(): Promise<Session> {
    return authenticated(this, this.#settings);
  }
  get session(): Session {
    if (!this.#session) throw Unauthenticated({ reason: "This route has no authenticated caller." });
    return this.#session;
  }
}

function render(answer: Answer, requestId: string, isPrivate: boolean): Response {
  const headers: Record<string, string> = {
    "x-request-id": requestId,
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
  };
  if (isPrivate) headers["vary"] = "Authorization, Cookie";
  if (answer.body !== undefined) headers["content-type"] = "application/json";
  Object.assign(headers, answer.headers);
  const body = answer.body === undefined ? null : textOf(answer.body);
  return new Response(body, { status: answer.status, headers });
}

/** The answer of a plugin's own route, which may set what core sets by default. */
function withHeaders(response: Response, requestId: string, isPrivate: boolean): Response {
  const headers = new Headers(response.headers);
  headers.set("x-request-id", requestId);
  headers.set("x-content-type-options", "nosniff");
  if (isPrivate) {
    headers.set("cache-control", "no-store");
    headers.append("vary", "Authorization, Cookie");
  } else if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
