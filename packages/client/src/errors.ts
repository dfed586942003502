/** One wrong value of a request. */
export interface ClientIssue {
  /** JSON Pointer into the body: `/amount/currency`. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface ClientErrorDetails {
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly issues?: readonly ClientIssue[];
  /** Under which the server's log has the request. */
  readonly requestId?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  /** Whether the server may have carried the request out all the same. */
  readonly uncertain?: boolean;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("corm.client-error");

/**
 * What a call of the client fails with: the server's problem document, or a code of the client's own. Compare `code`;
 * it is stable.
 */
export class CormClientError extends Error {
  override readonly name = "CormClientError";
  readonly code: string;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  readonly title: string;
  /** One per wrong value of a `validation-failed`. */
  readonly issues: readonly ClientIssue[];
  readonly requestId: string | undefined;
  /** How long the server asked to wait. */
  readonly retryAfterMs: number | undefined;
  /**
   * True where the server may have carried the request out all the same: its answer, or that of an earlier try, was
   * lost. Read the record before you do it again.
   */
  readonly uncertain: boolean;

  constructor(details: ClientErrorDetails) {
    super(details.detail, details.cause === undefined ? {} : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.title = details.title;
    this.issues = details.issues ?? [];
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.uncertain = details.uncertain ?? false;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for errors of any copy of this package. With a code: for that one only. */
export function isCormClientError(error: unknown, code?: string): error is CormClientError {
  if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as { code?: unknown }).code === code;
}

/** Errors that arise here and not at the server, under `code`. */
export const clientErrors = {
  network: (cause: unknown, uncertain: boolean): CormClientError =>
    new CormClientError({
      status: 0,
      code: "network-error",
      title: "The server was not reached",
      detail: "The connection failed or broke. See `cause`.",
      cause,
      uncertain,
    }),
  timeout: (milliseconds: number, uncertain: boolean): CormClientError =>
    new CormClientError({
      status: 0,
      code: "timeout",
      title: "The server took too long",
      detail: `There was no answer within ${milliseconds} ms.`,
      uncertain,
    }),
  unexpectedAnswer: (status: number, reason: string, uncertain = false): CormClientError =>
    new CormClientError({
      status,
      code: "unexpected-answer",
      title: "The answer is not one of this API",
      detail: `${reason} Does the URL lead to a Corm API, and does a proxy in between change answers?`,
      uncertain,
    }),
  unknownEntity: (name: string, known: readonly string[]): CormClientError =>
    new CormClientError({
      status: 0,
      code: "unknown-entity",
      title: "The server does not serve this entity",
      detail: `There is no entity "${name}" for this caller. The server serves ${known.join(", ") || "none"}.`,
    }),
  versionConflict: (entity: string, id: string, version: number, current: unknown): CormClientError =>
    new CormClientError({
      status: 412,
      code: "version-conflict",
      title: "The record has changed",
      detail: `${entity} ${id} is at version ${String(current)}, not ${version}. Read it again and repeat the change on what you find.`,
    }),
  invalidId: (id: string): CormClientError =>
    new CormClientError({
      status: 0,
      code: "invalid-id",
      title: "Not an id",
      detail: `"${id.slice(0, 64)}" cannot be the id of a record.`,
    }),
  invalidFilter: (what: string): CormClientError =>
    new CormClientError({
      status: 0,
      code: "invalid-filter",
      title: "The condition does not fit a URL",
      detail: `An export takes its condition in the URL, which cannot say ${what}. Write comparisons that must all hold.`,
    }),
  invalidOptions: (problem: string): CormClientError =>
    new CormClientError({
      status: 0,
      code: "invalid-client-options",
      title: "The client was made with wrong options",
      detail: problem,
    }),
} as const;
