import type { RecordValues } from "../model/record-codec.js";

const TAG = /^"v([1-9]\d{0,15})"$/;
/** A version that no record has: what a foreign tag asks for. */
const NO_VERSION = 0;

/** Opaque to callers; changes with the record's version. */
export function etagOf(record: RecordValues): string {
  return `"v${record["version"] as number}"`;
}

/**
 * Versions that `If-Match` allows; undefined where it allows any. Tags that are weak or not made here match nothing,
 * which is a list of an impossible version.
 */
export function ifMatch(headers: Headers): readonly number[] | undefined {
  const header = headers.get("if-match");
  if (header === null || header.trim() === "*") return undefined;
  return tagsOf(header).map((tag) => Number(TAG.exec(tag)?.[1] ?? NO_VERSION));
}

/** True where the caller has this version already. Compares weakly, as RFC 9110 says for reading. */
export function ifNoneMatch(headers: Headers, record: RecordValues): boolean {
  const header = headers.get("if-none-match");
  if (header === null) return false;
  if (header.trim() === "*") return true;
  const current = etagOf(record);
  return tagsOf(header).some((tag) => tag.replace(/^W\//, "") === current);
}

function tagsOf(header: string): string[] {
  return header.split(",").map((tag) => tag.trim());
}
