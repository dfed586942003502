import { clientErrors } from "./errors.js";

/** Wraps every request, retries included: for traces, logs and headers. */
export type Middleware = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response>;

/** Answers the bearer token; `refresh` is true after the server has refused the one before. */
export type TokenProvider = (why: { readonly refresh: boolean }) => string | Promise<string>;

export interface CookieOptions {
  /** The token that goes with the session cookie, from where your sign-in keeps it. */
  readonly csrf?: () => string | undefined | Promise<string | undefined>;
  /** Default `X-CSRF-Token`. */
  readonly csrfHeader?: string;
}

export interface RetryOptions {
  /** Tries in all, the first one included. Default 4; 1 for none but the first. */
  readonly attempts?: number;
  /** Longest pause before the second try; doubles with each further one. Default 250 ms. */
  readonly baseMs?: number;
  /** Longest pause of all, also where the server asks for more: then the call fails. Default 20 s. */
  readonly maxMs?: number;
}

/** Time and chance, for tests. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that comes first. */
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** A key that nobody has used. */
  readonly newKey?: () => string;
}

export interface ClientOptions {
  /** Where the API is, with whatever it is mounted under: `https://crm.example.com`. In browsers also `/crm`. */
  readonly url: string;
  /** An API key, sent as bearer. */
  readonly key?: string;
  /** A bearer token that may change: asked again, once, when the server answers 401. */
  readonly token?: TokenProvider;
  /** The session cookie of a browser. */
  readonly cookies?: true | CookieOptions;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly retry?: RetryOptions;
  /** Per try, until the answer is there. Default 30 s. */
  readonly timeoutMs?: number;
  readonly middleware?: readonly Middleware[];
  /** Paths of the entities, as `client.paths()` or the generated types give them. Default: asked of the server once. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Default: the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly surroundings?: Surroundings;
}

/** Options of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** Per try. Default that of the client. */
  readonly timeoutMs?: number;
  /** Sent with this call alone. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Options of a call that changes something by POST. */
export interface PostOptions extends CallOptions {
  /** Names the intent: a second call with the same key and body does nothing more. Default: a new one per call. */
  readonly idempotencyKey?: string;
}

/** Options of a call that changes a record. Without either, the last one to write wins. */
export interface ChangeOptions extends CallOptions {
  /** The version that was read: the call fails with `version-conflict` when the record has moved on. */
  readonly version?: number;
}

const NAMES = [
  "url",
  "key",
  "token",
  "cookies",
  "headers",
  "retry",
  "timeoutMs",
  "middleware",
  "paths",
  "fetch",
  "surroundings",
];

/** @throws invalid-client-options */
export function checkOptions(options: ClientOptions): void {
  for (const name of Object.keys(options))
    if (!NAMES.includes(name))
      throw clientErrors.invalidOptions(
        `createClient has no option "${name}". It takes ${NAMES.join(", ")}.`,
      );
  if (typeof options.url !== "string")
    throw clientErrors.invalidOptions(`Give "url": where the API is, such as "https://crm.example.com".`);
  const ways = [options.key, options.token, options.cookies].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw clientErrors.invalidOptions(`"key", "token" and "cookies" exclude each other: give one of them.`);
  const { attempts = 1, baseMs = 0, maxMs = 0 } = options.retry ?? {};
  if (!(Number.isInteger(attempts) && attempts >= 1 && baseMs >= 0 && maxMs >= 0))
    throw clientErrors.invalidOptions(
      `"retry" takes whole "attempts" from 1, and "baseMs" and "maxMs" from 0.`,
    );
}
