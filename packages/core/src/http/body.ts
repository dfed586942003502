import { isUtf8 } from "node:buffer";
import { isStorableText } from "../util/normalize-text.js";
import { BodyTooLarge, DuplicateParameter, InvalidBody, UnsupportedMediaType } from "./errors.js";
import { inspectJson } from "./inspect-json.js";

export const JSON_TYPE = "application/json";
export const MERGE_PATCH_TYPE = "application/merge-patch+json";
export const FORM_TYPE = "application/x-www-form-urlencoded";

/** Longest body where neither the host nor the route says otherwise. */
export const DEFAULT_MAX_BODY = 1024 * 1024;
/** Longest file of an import: it is read as it comes, and never held as a whole. */
export const DEFAULT_MAX_IMPORT = 1024 * 1024 * 1024;

/**
 * The parsed body: a JSON value, or an object of strings for a form; undefined where there is no body.
 *
 * @param types media types that the route reads
 * @param limit bytes
 * @throws unsupported-media-type, body-too-large, invalid-body
 */
export async function readBody(request: Request, types: readonly string[], limit: number): Promise<unknown> {
  const header = request.headers.get("content-type");
  const type = header === null ? null : acceptedType(header, types);
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity")
    throw UnsupportedMediaType({ given: `${encoding}-encoded`, accepted: types });
  const bytes = await readBytes(request, limit);
  if (bytes.byteLength === 0) return undefined;
  if (type === null) throw UnsupportedMediaType({ given: "", accepted: types });
  const text = decode(bytes);
  return type === FORM_TYPE ? parseForm(text) : parseJson(text);
}

/** A JSON object, as creates and changes take one. @throws invalid-body */
export async function readObject(
  request: Request,
  types: readonly string[],
  limit: number,
): Promise<Record<string, unknown>> {
  const body = await readBody(request, types, limit);
  if (typeof body === "object" && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw InvalidBody({ reason: `This route takes a JSON object as its body, such as {"name": "…"}.` });
}

function acceptedType(header: string, types: readonly string[]): string {
  const [name = "", ...parameters] = header.split(";").map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const utf8 = charset === undefined || /^charset="?(utf-8|us-ascii)"?$/.test(charset);
  if (types.includes(name) && utf8) return name;
  throw UnsupportedMediaType({ given: header.slice(0, 100), accepted: types });
}

/** The whole body, given up as soon as it is longer than allowed: also when it says nothing of its length, or lies. */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const stated = statedLength(request.headers);
  if (stated !== null && stated > limit) throw BodyTooLarge({ limit });
  if (stated !== null && !request.headers.has("transfer-encoding")) {
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.byteLength > limit) throw BodyTooLarge({ limit });
    return bytes;
  }
  return readStream(request.body, limit);
}

async function readStream(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, length);
    length += value.byteLength;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw BodyTooLarge({ limit });
    }
    chunks.push(value);
  }
}

/** A request whose body fails to be read once it is longer than allowed: for routes that read it themselves. */
export function limitedRequest(request: Request, limit: number): Request {
  const stated = statedLength(request.headers);
  if (stated !== null && stated > limit) throw BodyTooLarge({ limit });
  if (request.body === null) return request;
  let length = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        length += chunk.byteLength;
        if (length > limit) throw BodyTooLarge({ limit });
        controller.enqueue(chunk);
      },
    }),
  );
  return new Request(request, { body: counted, duplex: "half" } as RequestInit);
}

function statedLength(headers: Headers): number | null {
  const header = headers.get("content-length");
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw InvalidBody({ reason: "The body is not UTF-8 text." });
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  // The byte order mark is no part of the text.
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function parseJson(text: string): unknown {
  inspectJson(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const at = /position (\d+)/.exec(String(cause))?.[1];
    throw InvalidBody(
      { reason: `The body is not JSON${at === undefined ? "" : `: look at character ${at}`}.` },
      { cause },
    );
  }
}

function parseForm(text: string): Record<string, string> {
  const entries = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (entries.has(name)) throw DuplicateParameter({ parameter: name.slice(0, 64) });
    if (!isStorableText(name) || !isStorableText(value))
      throw InvalidBody({ reason: "The form holds text with NUL." });
    entries.set(name, value);
  }
  // Not by assignment: a field called `__proto__` is a field like any other.
  return Object.fromEntries(entries);
}
