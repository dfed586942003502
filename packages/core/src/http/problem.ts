import { type CormError, type Issue, isCormError } from "../errors/corm-error.js";
import { MethodNotAllowed, RequestFailed, RequestTimedOut, TooManyRequests } from "./errors.js";
import { limitHeaders } from "./limits/options.js";
import type { Answer } from "./route.js";

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457, with the stable `code` and the findings of a validation. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Id of the request, as it stands in the log and in `X-Request-Id`. */
  readonly instance: string;
  readonly errors?: readonly Issue[];
}

const MAX_DETAIL = 2000;
const MAX_ISSUES = 100;
/** Status of an answer that nobody waits for any more. */
const CLIENT_GONE = 499;

/** The problem document of an error. Errors that are not meant for callers become an opaque 500. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (!isCormError(error)) return opaque(requestId);
  if (error.status >= 500) return error.status === 500 ? opaque(requestId) : unavailable(error, requestId);
  return {
    ...headOf(error, requestId),
    detail: cut(error.message),
    ...(error.issues.length > 0 ? { errors: error.issues.slice(0, MAX_ISSUES).map(short) } : {}),
  };
}

/** The answer to an error, with the headers that its status asks for. */
export function problemAnswer(error: unknown, requestId: string, challenge: string): Answer {
  const problem = toProblem(error, requestId);
  const headers: Record<string, string> = { "content-type": PROBLEM_TYPE };
  if (problem.status === 401) headers["www-authenticate"] = challenge;
  if (MethodNotAllowed.is(error)) headers["allow"] = (error.meta["allow"] as readonly string[]).join(", ");
  const wait = retryAfter(error) ?? (problem.status === 503 ? 1 : undefined);
  if (wait !== undefined) headers["retry-after"] = String(wait);
  if (TooManyRequests.is(error)) Object.assign(headers, refusedHeaders(error.meta));
  return { status: problem.status, body: problem, headers };
}

function refusedHeaders(meta: CormError["meta"]): Record<string, string> {
  const { policy, limit, windowSeconds, retryAfterSeconds } = meta as Parameters<typeof TooManyRequests>[0];
  const decision = { remaining: 0, resetSeconds: retryAfterSeconds };
  return {
    "retry-after": String(retryAfterSeconds),
    ...limitHeaders(policy, { limit, windowSeconds }, decision),
  };
}

/** Hands an error to the log when its cause is on this side; callers get only the id under which it stands there. */
export function reportFailure(
  error: unknown,
  request: { readonly requestId: string; readonly method: string; readonly path: string },
  report: (error: unknown) => void,
): void {
  if (isCormError(error) && error.status < 500) return;
  report(RequestFailed(request, { cause: error }));
}

/** The caller hung up: whatever was thrown then is no failure of the server. */
export function clientGone(requestId: string): Answer {
  const problem: Problem = {
    type: typeOf("client-gone"),
    title: "The caller hung up",
    status: CLIENT_GONE,
    code: "client-gone",
    detail: "The request was cancelled before it was answered.",
    instance: requestId,
  };
  return { status: CLIENT_GONE, body: problem, headers: { "content-type": PROBLEM_TYPE } };
}

/** Seconds, of errors that know when to try again: `meta.retryAfterSeconds`. */
function retryAfter(error: unknown): number | undefined {
  const seconds = isCormError(error) ? error.meta["retryAfterSeconds"] : undefined;
  return typeof seconds === "number" && Number.isFinite(seconds)
    ? Math.max(1, Math.ceil(seconds))
    : undefined;
}

function headOf(error: CormError, requestId: string): Omit<Problem, "detail"> {
  const { code, title, status } = error;
  return { type: typeOf(code), title, status, code, instance: requestId };
}

function opaque(requestId: string): Problem {
  return {
    type: typeOf("internal-error"),
    title: "Internal error",
    status: 500,
    code: "internal-error",
    detail: `Something went wrong on this side. Ask with the id ${requestId}, which stands in the log.`,
    instance: requestId,
  };
}

/** 503 and 507: worth trying again, but why is told to the log alone. */
function unavailable(error: CormError, requestId: string): Problem {
  // Whether anything was changed is told by the error itself, where it cannot be told of all.
  const detail = RequestTimedOut.is(error) ? error.message : "Nothing was changed. Try again later.";
  return { ...headOf(error, requestId), detail };
}

const typeOf = (code: string): string => `https://corm.dev/problems/${code}`;
const cut = (text: string): string => (text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL)}…` : text);
const short = ({ pointer, code, message }: Issue): Issue => ({
  pointer: cut(pointer),
  code,
  message: cut(message),
});
