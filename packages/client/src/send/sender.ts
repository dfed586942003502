import { CormClientError, clientErrors } from "../errors.js";
import type { CallOptions, ClientOptions, Middleware, Surroundings } from "../options.js";
import { type Answer, errorOf, parseAnswer } from "./answer.js";
import { type Credentials, credentialsOf } from "./credentials.js";
import { backoff, retryAfter, sleep } from "./wait.js";

/**
 * Whether a request may be sent again when nobody knows what became of it.
 *
 * | repeat        | again | because                                                                  |
 * | ------------- | ----- | ------------------------------------------------------------------------ |
 * | `safe`        | yes   | it only reads                                                            |
 * | `keyed`       | yes   | the server knows its `Idempotency-Key`                                   |
 * | `conditional` | yes   | it holds for one version, which is gone once it was carried out          |
 * | `once`        | no    | it could undo what somebody else has done in between                     |
 */
export type Repeat = "safe" | "keyed" | "conditional" | "once";

export interface Outgoing {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly repeat: Repeat;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, once: a stream cannot be read twice. */
  readonly stream?: ReadableStream<Uint8Array> | Blob | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Sender {
  /** The answer with its body, after as many tries as it takes. @throws CormClientError */
  send(outgoing: Outgoing, options?: CallOptions): Promise<Answer>;
  /** The answer as soon as its head is there; its body is the caller's, and no longer retried. @throws CormClientError */
  open(outgoing: Outgoing, options?: CallOptions): Promise<Response>;
  readonly surroundings: Required<Surroundings>;
  /** The pause before try `attempt + 1`. */
  pause(attempt: number): number;
}

interface Try {
  readonly signal: AbortSignal;
  readonly timedOut: () => boolean;
  end(streaming: boolean): void;
}

const READ_AFTER = "corm-read-after";
/** Codes of a 409 after which the same request may well succeed: nothing was done. */
const PASSING = ["in-progress", "transaction-conflict"];
/** What a server says after it has looked the key up: an earlier try that was carried out would have answered instead. */
const ANSWERED = [400, 404, 409, 412, 415, 422];

export function createSender(options: ClientOptions): Sender {
  const base = options.url.replace(/\/+$/, "");
  const { attempts = 4, baseMs = 250, maxMs = 20_000 } = options.retry ?? {};
  const credentials = credentialsOf(options);
  const surroundings: Required<Surroundings> = {
    now: Date.now,
    sleep,
    random: Math.random,
    newKey: () => crypto.randomUUID(),
    ...options.surroundings,
  };
  const pause = (attempt: number) => backoff(attempt, baseMs, maxMs, surroundings.random);
  /** Where the server reads from replicas: how far they must be for this client to see what it has written. */
  let written: string | undefined;
  const dispatch = compose(options.middleware ?? [], options.fetch ?? ((request) => fetch(request)));

  async function run<T>(
    outgoing: Outgoing,
    call: CallOptions,
    read: (response: Response) => Promise<T>,
    opened = false,
  ): Promise<T> {
    const timeoutMs = call.timeoutMs ?? options.timeoutMs ?? 30_000;
    const repeatable = outgoing.repeat !== "once" && outgoing.stream === undefined;
    let uncertain = false;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      const trial = beginTry(call.signal, timeoutMs);
      let failure: CormClientError;
      let again: boolean;
      let done = false;
      try {
        const headers = headersOf(outgoing, options, call);
        if (outgoing.method === "GET" && written !== undefined && !headers.has(READ_AFTER))
          headers.set(READ_AFTER, written);
        const credential = await credentials.sign(headers);
        const request = requestOf(base, outgoing, headers, credentials, trial.signal);
        const response = await dispatch(request);
        written = later(written, response.headers.get("corm-written-at"));
        if (response.ok) {
          const result = await read(response);
          done = true;
          return result;
        }
        const text = await response.text();
        if (response.status === 401 && !renewed && outgoing.stream === undefined) {
          renewed = true;
          if (await credentials.refused(credential)) {
            attempt--;
            continue;
          }
        }
        failure = errorOf(response.status, response.headers, text, surroundings.now());
        const passing = isPassing(failure);
        // A gateway does not know what became of the request, and neither does a server that broke down over it.
        if (!passing && (isGateway(failure) || response.status === 500))
          uncertain ||= outgoing.repeat !== "safe";
        else if (outgoing.repeat === "keyed" && ANSWERED.includes(response.status) && !passing)
          uncertain = false;
        again = passing ? outgoing.stream === undefined : repeatable && isGateway(failure);
        if (wasDone(outgoing, failure, uncertain)) return await read(new Response(null, { status: 204 }));
        const asked = retryAfter(response.headers, surroundings.now());
        if (asked !== undefined && asked > maxMs) again = false;
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason;
        if (error instanceof CormClientError || !isTransport(error, trial)) throw error;
        uncertain ||= outgoing.repeat !== "safe";
        failure = trial.timedOut()
          ? clientErrors.timeout(timeoutMs, uncertain)
          : clientErrors.network(error, uncertain);
        again = repeatable;
      } finally {
        // Whoever reads an opened answer can still be stopped by the signal.
        trial.end(done && opened);
      }
      if (!again || attempt >= attempts) throw uncertain && !failure.uncertain ? doubtful(failure) : failure;
      await surroundings.sleep(failure.retryAfterMs ?? pause(attempt), call.signal);
    }
  }

  return {
    surroundings,
    pause,
    send: (outgoing, call = {}) =>
      run(outgoing, call, async (response) =>
        parseAnswer(response.status, response.headers, await response.text()),
      ),
    open: (outgoing, call = {}) => run(outgoing, call, async (response) => response, true),
  };
}

/** Of two places in the log of PostgreSQL. Answers of requests at one moment come in any order. */
function later(one: string | undefined, other: string | null): string | undefined {
  if (one === undefined || other === null) return other ?? one;
  const [a, b] = [one, other].map((place) =>
    place
      .split("/")
      .map((part) => part.padStart(8, "0"))
      .join(),
  );
  return (a as string) > (b as string) ? one : other;
}

function compose(middleware: readonly Middleware[], send: (request: Request) => Promise<Response>) {
  return middleware.reduceRight<(request: Request) => Promise<Response>>(
    (next, around) => (request) => around(request, next),
    send,
  );
}

function headersOf(outgoing: Outgoing, options: ClientOptions, call: CallOptions): Headers {
  const headers = new Headers({ accept: "application/json" });
  if (outgoing.json !== undefined) headers.set("content-type", "application/json");
  for (const given of [options.headers, outgoing.headers, call.headers])
    for (const [name, value] of Object.entries(given ?? {})) headers.set(name, value);
  return headers;
}

function requestOf(
  base: string,
  outgoing: Outgoing,
  headers: Headers,
  credentials: Credentials,
  signal: AbortSignal,
): Request {
  const { method, path, json, stream } = outgoing;
  const body = stream ?? (json === undefined ? undefined : JSON.stringify(json));
  const init: RequestInit & { duplex?: "half" } = {
    method,
    headers,
    signal,
    credentials: credentials.mode,
    // A redirected POST would become a GET, and a credential would travel on.
    redirect: "error",
    ...(body === undefined ? {} : { body: body as string }),
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  };
  try {
    return new Request(base + path, init);
  } catch (cause) {
    throw clientErrors.invalidOptions(`"${base + path}" is not a URL that can be asked: ${String(cause)}`);
  }
}

function beginTry(outer: AbortSignal | undefined, timeoutMs: number): Try {
  if (outer?.aborted) throw outer.reason;
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort(new DOMException("timed out", "TimeoutError"));
  }, timeoutMs);
  const stop = () => controller.abort(outer?.reason);
  outer?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => late,
    end(streaming) {
      clearTimeout(timer);
      if (!streaming) outer?.removeEventListener("abort", stop);
    },
  };
}

/** The server says itself that nothing was done and another try is welcome. */
function isPassing({ status, code }: CormClientError): boolean {
  if (code === "unexpected-answer") return status === 429;
  return status === 429 || status === 503 || (status === 409 && PASSING.includes(code));
}

function isGateway({ status, code }: CormClientError): boolean {
  return code === "unexpected-answer" && (status === 502 || status === 503 || status === 504);
}

/** `fetch` fails with a TypeError for whatever the connection does, and with an abort for the timeout. */
function isTransport(error: unknown, trial: Try): boolean {
  return trial.timedOut() || error instanceof TypeError || (error as { name?: string }).name === "AbortError";
}

/** A conditional delete that is refused because the record is gone, after an answer was lost, has done its work. */
function wasDone(
  { method, repeat }: Outgoing,
  { status, code }: CormClientError,
  uncertain: boolean,
): boolean {
  return (
    method === "DELETE" && repeat === "conditional" && uncertain && status === 404 && code === "not-found"
  );
}

function doubtful(failure: CormClientError): CormClientError {
  const { status, code, title, message, issues, requestId, retryAfterMs, cause } = failure;
  return new CormClientError({
    ...{ status, code, title, issues, requestId, retryAfterMs, cause },
    detail: message,
    uncertain: true,
  });
}
