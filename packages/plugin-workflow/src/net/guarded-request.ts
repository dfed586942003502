import { lookup as resolve } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction, Socket } from "node:net";
import { isPublicAddress } from "./addresses.js";
import { destinationProblem, hostOf, isAllowed, isLiteral, type NetOptions } from "./destinations.js";

export interface GuardedRequest {
  readonly url: string;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the byte. */
  readonly body?: string;
  /** Milliseconds for all of it. Default 15,000. */
  readonly timeout?: number;
  /** Longest answer that is read. Default 64 KiB; what is longer counts as failed. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Looks names up. Default: as the system does. */
  readonly resolver?: typeof resolve;
}

export interface GuardedAnswer {
  readonly status: number;
  /** By lower-case name; of repeated ones the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why a request was not made, or has no answer. `refused`: it may not go there, and never will. */
export class RequestFailed extends Error {
  readonly refused: boolean;

  constructor(message: string, refused = false, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "RequestFailed";
    this.refused = refused;
  }
}

const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 15_000;

/**
 * One request to where a tenant has said, and nowhere else: to public addresses only, where the host allows no more. The
 * address that is connected to is the one that was checked; redirects are answers and not followed; what does not end is
 * cut off.
 *
 * @throws RequestFailed
 */
export function guardedRequest(given: GuardedRequest, options: NetOptions = {}): Promise<GuardedAnswer> {
  const problem = destinationProblem(given.url, options);
  if (problem !== null) return Promise.reject(new RequestFailed(`${shown(given.url)} ${problem}`, true));
  const url = new URL(given.url);
  const free = isAllowed(url, options);
  return new Promise((done, failed) => send(url, given, free, done, failed));
}

function send(
  url: URL,
  given: GuardedRequest,
  free: boolean,
  done: (answer: GuardedAnswer) => void,
  failed: (error: RequestFailed) => void,
): void {
  const { method = "POST", headers = {}, body, timeout = TIMEOUT_MS, signal, resolver = resolve } = given;
  const host = hostOf(url);
  const ask = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = ask({
    host,
    port: url.port === "" ? undefined : Number(url.port),
    path: `${url.pathname}${url.search}`,
    method,
    headers: {
      "accept-encoding": "identity",
      ...headers,
      host: url.host,
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    },
    // No connection is kept: one that was checked for one name must not serve another.
    agent: false,
    ...(isLiteral(host) ? {} : { servername: host }),
    lookup: checkedLookup(resolver, free),
  });
  let over = false;
  const end = (error: RequestFailed | null, answer?: GuardedAnswer) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", cut);
    request.destroy();
    if (error) failed(error);
    else done(answer as GuardedAnswer);
  };
  const cut = () => end(new RequestFailed("was given up"));
  const timer = setTimeout(() => end(new RequestFailed(`has not answered within ${timeout} ms`)), timeout);
  if (signal?.aborted) {
    cut();
    return;
  }
  signal?.addEventListener("abort", cut, { once: true });
  request.once("socket", (socket) => watch(socket, free, end));
  request.once("error", (error: NodeJS.ErrnoException) =>
    end(
      error instanceof RequestFailed ? error : new RequestFailed(error.code ?? error.message, false, error),
    ),
  );
  request.once("response", (response) => read(response, given.maxBytes ?? MAX_BYTES, end));
  request.end(body);
}

type End = (error: RequestFailed | null, answer?: GuardedAnswer) => void;

/** Looks a name up once, and gives no address but those that may be called: all of them must be ones. */
function checkedLookup(resolver: typeof resolve, free: boolean): LookupFunction {
  return (name, lookupOptions, callback) => {
    resolver(name, { ...lookupOptions, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const denied = addresses.find(({ address }) => !free && !isPublicAddress(address));
      const [first] = addresses;
      if (denied || !first) {
        const reason = denied
          ? `"${name}" leads to ${denied.address}, which is no public address`
          : `"${name}" leads nowhere`;
        return callback(new RequestFailed(reason, denied !== undefined) as NodeJS.ErrnoException, "", 0);
      }
      if (lookupOptions.all === true) (callback as (e: null, all: typeof addresses) => void)(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** The last look: at the address that the connection has in fact. Names and literals come by here alike. */
function watch(socket: Socket, free: boolean, end: End): void {
  const check = () => {
    if (!free && !isPublicAddress(socket.remoteAddress ?? "")) {
      socket.destroy();
      end(
        new RequestFailed(
          `was connected to ${String(socket.remoteAddress)}, which is no public address`,
          true,
        ),
      );
    }
  };
  if (socket.connecting) socket.prependOnceListener("connect", check);
  else check();
}

function read(response: IncomingMessage, limit: number, end: End): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on("data", (chunk: Buffer) => {
    length += chunk.length;
    if (length > limit) end(new RequestFailed(`answers more than ${limit} bytes`));
    else chunks.push(chunk);
  });
  response.once("error", (error) => end(new RequestFailed(error.message, false, error)));
  response.once("aborted", () => end(new RequestFailed("has broken its answer off")));
  response.once("end", () => {
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? (value[0] ?? "") : (value ?? ""),
      ]),
    );
    end(null, { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString("utf8") });
  });
}

const shown = (url: string): string => JSON.stringify(url.slice(0, 200));
