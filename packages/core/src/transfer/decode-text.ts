import { InvalidImport } from "./errors.js";

/** Encodings of text files, as the query names them. */
export const ENCODINGS = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "gb18030"] as const;
export type TextEncoding = (typeof ENCODINGS)[number];

/**
 * Bytes as text. Without a stated encoding it is found out: by a byte order mark, or by the first bytes that are not
 * ASCII.
 *
 * @throws invalid-import where the bytes are no text of the encoding
 */
export async function* decodeText(
  chunks: AsyncIterable<Uint8Array>,
  stated?: TextEncoding,
): AsyncGenerator<string> {
  let decoder = stated === undefined ? undefined : textDecoder(stated);
  let encoding = stated;
  let held: Uint8Array = new Uint8Array();
  const decode = (bytes?: Uint8Array): string => {
    try {
      return (bytes ? decoder?.decode(bytes, { stream: true }) : decoder?.decode()) ?? "";
    } catch (cause) {
      const reason = `The file is not all ${encoding} text. State its encoding: one of ${ENCODINGS.join(", ")}.`;
      throw InvalidImport({ reason }, { cause });
    }
  };
  let isStart = true;
  for await (const chunk of chunks) {
    if (decoder) {
      yield decode(chunk);
      continue;
    }
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    if (held.length < SAMPLE_BEGIN) continue;
    encoding = guessEncoding(held, isStart);
    const first = held.findIndex((byte) => byte >= 0x80);
    // A few bytes tell too little; and plain ASCII is the same in every encoding that is left.
    if (encoding !== undefined && first >= 0 && held.length - first < SAMPLE_BEGIN) continue;
    isStart = false;
    if (encoding === undefined) yield Buffer.from(held).toString("latin1");
    else {
      decoder = textDecoder(encoding);
      yield decode(held);
    }
    held = new Uint8Array();
  }
  if (!decoder) {
    encoding = guessEncoding(held, isStart) ?? "utf-8";
    decoder = textDecoder(encoding);
    yield decode(held);
  }
  const rest = decode();
  if (rest !== "") yield rest;
}

const textDecoder = (encoding: TextEncoding) => new TextDecoder(encoding, { fatal: true });

/** Bytes after which a guess is made. */
const SAMPLE_BEGIN = 8;

/** The encoding that bytes tell of, or undefined where they are ASCII and tell of none. */
export function guessEncoding(bytes: Uint8Array, isStart = true): TextEncoding | undefined {
  const marked = isStart ? markedEncoding(bytes) : undefined;
  if (marked !== undefined) return marked;
  const first = bytes.findIndex((byte) => byte >= 0x80);
  if (first < 0) return undefined;
  const sample = bytes.subarray(first, first + 65_536);
  if (isUtf8(sample)) return "utf-8";
  return looksChinese(sample) ? "gb18030" : "windows-1252";
}

function markedEncoding(bytes: Uint8Array): TextEncoding | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  // Latin letters in UTF-16 have a zero beside them, and no other text has zeros.
  if (a !== 0 && b === 0) return "utf-16le";
  return a === 0 && b !== 0 ? "utf-16be" : undefined;
}

/** The sample may end inside of a character. */
function isUtf8(sample: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** Chinese characters come as pairs of high bytes, mostly several in a row; Western letters stand alone among others. */
function looksChinese(sample: Uint8Array): boolean {
  let high = 0;
  let paired = 0;
  for (let at = 0; at < sample.length; ) {
    let end = at;
    while (end < sample.length && (sample[end] as number) >= 0x80) end += 1;
    const run = end - at;
    high += run;
    if (run >= 2 && run % 2 === 0) paired += run;
    at = end + 1;
  }
  return paired > high * 0.7;
}
