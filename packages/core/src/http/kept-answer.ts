import { AnswerNotKept } from "../idempotency/errors.js";
import { JSON_TYPE } from "./body.js";
import { textOf } from "./json-text.js";
import type { Answer } from "./route.js";

/** Longest answer that is kept. Databases take a few megabytes in one value; batches of 1,000 records need them. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** Headers that belong to the caller's connection or session, or that every answer gets anew. */
const NOT_KEPT = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "set-cookie",
  "transfer-encoding",
  "vary",
  "x-request-id",
]);

/** An answer as it is kept to be given again. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64: an answer may be a file. Null for none; a number where it was too long to keep: how long. */
  readonly body: string | number | null;
  /** Digest of the rights that it was given to; see `authorityOf`. Absent in those of before. */
  readonly authority?: string;
}

/** Takes an answer apart; `reply` makes it whole again. */
export async function keepAnswer(answer: Answer | Response): Promise<{ kept: KeptAnswer; reply: Response }> {
  const response = answer instanceof Response ? answer : responseOf(answer);
  const bytes = response.body === null ? null : new Uint8Array(await response.arrayBuffer());
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) if (!NOT_KEPT.has(name)) headers[name] = value;
  const { status } = response;
  const tooLong = bytes !== null && bytes.byteLength > MAX_KEPT_BYTES;
  const text = bytes === null ? null : Buffer.from(bytes).toString("base64");
  return {
    kept: { status, headers, body: tooLong ? bytes.byteLength : text },
    reply: new Response(bytes, { status, headers: response.headers }),
  };
}

/**
 * The first answer again, for the rights that it was given to. With others the caller may see less by now.
 *
 * @throws answer-not-kept
 */
export function replyAgain({ status, headers, body, authority }: KeptAnswer, asking: string): Response {
  if (authority !== asking)
    throw AnswerNotKept({ reason: "was for other roles or scopes than yours are now" });
  if (typeof body === "number") throw AnswerNotKept({ reason: `of ${body} bytes was too long to keep` });
  const bytes = body === null ? null : Buffer.from(body, "base64");
  return new Response(bytes, { status, headers: { ...headers, "idempotency-replayed": "true" } });
}

function responseOf({ status, body, headers = {} }: Answer): Response {
  if (body === undefined) return new Response(null, { status, headers });
  return new Response(textOf(body), { status, headers: { "content-type": JSON_TYPE, ...headers } });
}
