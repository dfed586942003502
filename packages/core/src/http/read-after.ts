import type { ReadAfter } from "../storage/adapter.js";

/** Of a request: what it must see. Of an answer: what was written. */
const READ_AFTER = "corm-read-after";
const WRITTEN_AT = "corm-written-at";
/** The same for browsers, which do not carry headers from one page to the next. */
const COOKIE = /(?:^|; *)corm-written=([0-9A-F/]{3,17})(?:;|$)/i;

/**
 * What the reads of a request must see. Everything, where it says nothing: who does not know of replicas must not find
 * what he has just written missing.
 */
export function readAfter({ method, headers }: Request): ReadAfter {
  if (method !== "GET" && method !== "HEAD") return "primary";
  const given = headers.get(READ_AFTER);
  const kept = COOKIE.exec(headers.get("cookie") ?? "")?.[1];
  if (kept === undefined) return given ?? "primary";
  return given === null || given === "any" || isBefore(given, kept) ? kept : given;
}

/** Of two places in the log. What is none is for the storage to judge. */
function isBefore(a: string, b: string): boolean {
  const [x, y] = [a, b].map((place) =>
    place
      .split("/")
      .map((part) => part.padStart(8, "0"))
      .join(""),
  );
  return (x as string).toUpperCase() < (y as string).toUpperCase();
}

/** The answer with what was written: in a header, and to a browser in a cookie. */
export function tellWritten({ headers }: Request, response: Response, written: string): Response {
  response.headers.set(WRITTEN_AT, written);
  if (headers.has("cookie"))
    response.headers.append("set-cookie", `corm-written=${written}; Path=/; HttpOnly; SameSite=Lax`);
  return response;
}
