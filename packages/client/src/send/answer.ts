import { type ClientIssue, CormClientError, clientErrors } from "../errors.js";
import { retryAfter } from "./wait.js";

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; undefined for an empty body. */
  readonly body: unknown;
}

/** @throws unexpected-answer */
export function parseAnswer(status: number, headers: Headers, text: string): Answer {
  if (text === "") return { status, headers, body: undefined };
  if (!isJson(headers))
    throw clientErrors.unexpectedAnswer(
      status,
      `The server answered "${headers.get("content-type") ?? "nothing that it names"}" instead of JSON.`,
    );
  try {
    return { status, headers, body: JSON.parse(text) as unknown };
  } catch {
    throw clientErrors.unexpectedAnswer(status, "The answer is not JSON.");
  }
}

/** The error that a failing answer stands for. */
export function errorOf(status: number, headers: Headers, text: string, now: number): CormClientError {
  const problem = problemIn(headers, text);
  if (problem === undefined)
    return clientErrors.unexpectedAnswer(status, `The server answered ${status} without a problem document.`);
  return problemError(status, problem, headers, retryAfter(headers, now));
}

/** The error that a problem document stands for. */
export function problemError(
  status: number,
  { code, title, detail, instance, errors }: Readonly<Record<string, unknown>>,
  headers?: Headers,
  retryAfterMs?: number,
): CormClientError {
  return new CormClientError({
    status,
    code: String(code),
    title: String(title),
    detail: String(detail),
    issues: Array.isArray(errors) ? (errors as ClientIssue[]) : [],
    requestId: typeof instance === "string" ? instance : (headers?.get("x-request-id") ?? undefined),
    retryAfterMs,
  });
}

function problemIn(headers: Headers, text: string): Record<string, unknown> | undefined {
  if (!isJson(headers)) return undefined;
  try {
    const problem = JSON.parse(text) as unknown;
    const known = typeof problem === "object" && problem !== null && "code" in problem;
    return known ? (problem as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isJson(headers: Headers): boolean {
  return /^application\/([\w.-]+\+)?json\b/i.test(headers.get("content-type") ?? "");
}
