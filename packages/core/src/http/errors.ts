import { defineError } from "../errors/define-error.js";

export const InvalidHttpOptions = defineError<{ problem: string }>("invalid-http-options", {
  status: 500,
  title: "createHttp was called with wrong options",
  detail: ({ problem }) => problem,
});

export const RouteNotFound = defineError<{ method: string; path: string }>("route-not-found", {
  status: 404,
  title: "No such route",
  detail: ({ method, path }) => `There is no ${method} ${path}. GET /openapi.json lists what there is.`,
});

export const MethodNotAllowed = defineError<{ method: string; allow: readonly string[] }>(
  "method-not-allowed",
  {
    status: 405,
    title: "The route does not take this method",
    detail: ({ method, allow }) => `This route takes ${allow.join(", ")}, not ${method}.`,
  },
);

export const InvalidUrl = defineError<{ reason: string }>("invalid-url", {
  status: 400,
  title: "The URL is not valid",
  detail: ({ reason }) => reason,
});

export const InvalidParameter = defineError<{ parameter: string; reason: string }>("invalid-parameter", {
  status: 400,
  title: "A query parameter is not valid",
  detail: ({ parameter, reason }) => `"${parameter}" ${reason}.`,
});

export const UnknownParameter = defineError<{ parameter: string; known: readonly string[] }>(
  "unknown-parameter",
  {
    status: 400,
    title: "Unknown query parameter",
    detail: ({ parameter, known }) =>
      `There is no query parameter "${parameter}"; this route takes ${known.join(", ") || "none"}.`,
  },
);

export const DuplicateParameter = defineError<{ parameter: string }>("duplicate-parameter", {
  status: 400,
  title: "A parameter is given twice",
  detail: ({ parameter }) => `"${parameter}" is given more than once. Lists are written "a,b,c".`,
});

export const InvalidBody = defineError<{ reason: string }>("invalid-body", {
  status: 400,
  title: "The body is not valid",
  detail: ({ reason }) => reason,
});

export const BodyTooLarge = defineError<{ limit: number }>("body-too-large", {
  status: 413,
  title: "The body is too large",
  detail: ({ limit }) => `The body is longer than ${limit} bytes. Send less, or in several requests.`,
});

export const UnsupportedMediaType = defineError<{ given: string; accepted: readonly string[] }>(
  "unsupported-media-type",
  {
    status: 415,
    title: "The body has a type that this route does not read",
    detail: ({ given, accepted }) =>
      `The body is "${given || "of no stated type"}", but this route reads ${accepted.join(" or ")}. Set the Content-Type header.`,
  },
);

export const IfMatchRequired = defineError<{ pointer?: string }>("if-match-required", {
  status: 428,
  title: "The version to change is missing",
  detail: ({ pointer }) =>
    pointer === undefined
      ? "Send the ETag of the record that was read as If-Match, so that nobody else's change is overwritten."
      : `Say which "version" of the record ${pointer} changes, so that nobody else's change is overwritten.`,
});

/** What the log gets of a request that failed for reasons of the server; the caller gets its id only. */
export const RequestFailed = defineError<{ requestId: string; method: string; path: string }>(
  "request-failed",
  {
    status: 500,
    title: "A request failed",
    detail: ({ requestId, method, path }) => `Request ${requestId} (${method} ${path}) failed.`,
  },
);

export const RequestTimedOut = defineError<{
  /** Milliseconds. */
  limit: number;
  /** It has not ended although it was told to. */
  running?: boolean;
}>("request-timed-out", {
  status: 503,
  title: "The request took too long",
  detail: ({ limit, running }) =>
    running
      ? `The request took longer than ${limit / 1000} s and does not end. Look what became of it before it is sent again, or send it with an Idempotency-Key.`
      : `The request took longer than ${limit / 1000} s and was cancelled. What it had not committed is undone. Ask for less, or try again.`,
});

export const CrossSiteRequest = defineError<{ reason: string }>("cross-site-request", {
  status: 403,
  title: "The request comes from another site",
  detail: ({ reason }) => reason,
});

export const TooManyRequests = defineError<{
  policy: string;
  limit: number;
  windowSeconds: number;
  retryAfterSeconds: number;
}>("too-many-requests", {
  status: 429,
  title: "Too many requests",
  detail: ({ limit, windowSeconds, retryAfterSeconds }) =>
    `At most ${limit} in ${windowSeconds} seconds are answered. Try again in ${retryAfterSeconds} seconds.`,
});

export const NotASession = defineError("not-a-session", {
  status: 403,
  title: "The caller has not signed in with a browser",
  detail: () => "This is about the session of a browser. An API key or token has none.",
});

export const InsecureHost = defineError("insecure-host", {
  status: 403,
  title: "The cookie would be sent in the clear",
  detail: () =>
    `"signIn.insecureCookie" is for http://localhost in development alone. Leave it out, and serve over HTTPS.`,
});

export const IssuerUnavailable = defineError<{ issuer: string }>("issuer-unavailable", {
  status: 503,
  title: "The issuer of the token does not answer",
  detail: ({ issuer }) => `The keys of ${issuer} cannot be fetched, so its tokens cannot be checked.`,
});

export const ProviderSignInFailed = defineError<{ provider: string; reason: string }>(
  "provider-sign-in-failed",
  {
    status: 401,
    title: "Not signed in",
    detail: ({ provider, reason }) => `Signing in by "${provider}" did not succeed: ${reason}.`,
  },
);

export const ProviderUnavailable = defineError<{ provider: string; issuer: string }>("provider-unavailable", {
  status: 503,
  title: "The provider of sign-in does not answer",
  detail: ({ provider, issuer }) =>
    `"${provider}" (${issuer}) does not answer as it should. Try again later, or sign in otherwise.`,
});
