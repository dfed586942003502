import { createHash } from "node:crypto";

/** Longer ones are known by their hash: databases index no text of any length. */
const MAX_ID = 250;
const BRACKETED = /<([^<>\s]{1,2000})>/g;

/** The ids in `Message-ID`, `In-Reply-To` or `References`, without brackets, in order, at most the last `max`. */
export function messageIds(header: string | undefined, max: number): string[] {
  if (!header) return [];
  const bracketed = [...header.slice(0, 64_000).matchAll(BRACKETED)].map((match) => match[1] as string);
  // Some programs leave the brackets out.
  const bare = header.trim().split(/\s+/);
  const ids = bracketed.length > 0 ? bracketed : bare.filter((word) => /^[^<>\s]+@[^<>\s]+$/.test(word));
  return ids.slice(-max).map(bounded);
}

/** The id of the message itself, or undefined where the header is missing or empty. */
export function ownMessageId(header: string | undefined): string | undefined {
  const [id] = messageIds(header, 1);
  if (id) return id;
  const word = header?.replace(/[<>\s]/g, "");
  return word ? bounded(word) : undefined;
}

function bounded(id: string): string {
  const clean = id.replace(/[^\x21-\x7e]/g, "?");
  return clean.length <= MAX_ID ? clean : `${sha256(clean)}@long.invalid`;
}

/**
 * An id for mail that has none: the same whenever the same mail comes, by whatever way. What servers add on the way
 * is left out, and line breaks count as one.
 */
export function derivedMessageId(
  headers: readonly { readonly key: string; readonly value: string }[],
  raw: Uint8Array,
): string {
  const hash = createHash("sha256");
  for (const { key, value } of headers) {
    if (["from", "to", "cc", "date", "subject"].includes(key)) hash.update(`${key}:${value.trim()}\n`);
  }
  hash.update("\n");
  hash.update(bodyOf(raw));
  return `${hash.digest("hex")}@derived.invalid`;
}

function bodyOf(raw: Uint8Array): Buffer {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const ends = [text.indexOf("\n\n"), text.indexOf("\n\r\n")].filter((at) => at >= 0);
  const body = ends.length > 0 ? text.subarray(Math.min(...ends) + 1) : text;
  const kept = Buffer.allocUnsafe(body.length);
  let length = 0;
  for (const byte of body) if (byte !== 0x0d) kept[length++] = byte;
  return kept.subarray(0, length);
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
