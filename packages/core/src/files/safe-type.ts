const TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$/;
export const UNKNOWN_TYPE = "application/octet-stream";
/** Bytes by which a type is recognised. */
export const SIGNATURE_BYTES = 16;

/** What viewers show by themselves is recognised by its first bytes (as latin1), whatever it calls itself. */
const SIGNATURES: readonly (readonly [type: string, ...starts: string[]])[] = [
  ["application/pdf", "%PDF-"],
  ["image/png", "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", "\xff\xd8\xff"],
  ["image/gif", "GIF87a", "GIF89a"],
  ["image/tiff", "II*\0", "MM\0*"],
  ["application/zip", "PK\x03\x04", "PK\x05\x06"],
];
const WEBP = "image/webp";

function recognised(text: string): string | undefined {
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return WEBP;
  return SIGNATURES.find(([, ...starts]) => starts.some((start) => text.startsWith(start)))?.[0];
}

/** Workbooks and documents are packed as ZIP. */
const PACKED = /^application\/(zip|vnd\.openxmlformats-|vnd\.oasis\.opendocument\.|epub\+zip|java-archive)/;

/**
 * The media type that a file is kept under: the declared one, where its bytes do not say otherwise. What is recognised by
 * its bytes keeps that type; what claims to be such a thing and is not, or has no proper type, is `application/octet-stream`.
 *
 * @param head the first 16 bytes, or fewer of a shorter file
 */
export function safeType(declared: string | null | undefined, head: Uint8Array): string {
  const type = ((declared ?? "").split(";")[0] as string).trim().toLowerCase();
  const text = Buffer.from(head).toString("latin1");
  const found = recognised(text);
  const claimed = TYPE.test(type) ? type : UNKNOWN_TYPE;
  if (found === "application/zip") return PACKED.test(claimed) ? claimed : found;
  if (found !== undefined) return found;
  return recognisable(claimed) || PACKED.test(claimed) ? UNKNOWN_TYPE : claimed;
}

const recognisable = (type: string): boolean => type === WEBP || SIGNATURES.some(([known]) => known === type);
