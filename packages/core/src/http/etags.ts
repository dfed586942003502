import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import type { Tokens } from "../context/tokens.js";
import type { RecordValues } from "../model/record-codec.js";

/** A version that no record has: what a foreign tag asks for. */
const NO_VERSION = 0;
const TAG = /^"([A-Za-z0-9_-]{22})"$/;

/** Makes and reads the `ETag`s of one app. */
export interface Etags {
  /** Changes with the record's version, and tells nothing: neither which version, nor whether two records share one. */
  of(entity: string, record: RecordValues): string;
  /** The version behind a tag of this record; of any other tag one that no record has. */
  versionOf(entity: string, id: string, tag: string): number;
}

/**
 * A tag is one block of a cipher: half of it names the record, half its version. So it is read back without looking at
 * the record, the same version has the same tag in every process, and a guess is right once in 2^64.
 */
export function createEtags(tokens: Tokens): Etags {
  const key = createHash("sha256").update(tokens.sign("etag", "key")).digest();
  const place = (entity: string, id: unknown) =>
    createHash("sha256")
      .update(`${entity} ${String(id).toLowerCase()}`)
      .digest()
      .subarray(0, 8);
  return {
    of(entity, record) {
      const block = Buffer.alloc(16);
      place(entity, record["id"]).copy(block);
      block.writeBigUInt64BE(BigInt(record["version"] as number), 8);
      const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
      return `"${cipher.update(block).toString("base64url")}"`;
    },
    versionOf(entity, id, tag) {
      const text = TAG.exec(tag)?.[1];
      if (text === undefined) return NO_VERSION;
      const sealed = Buffer.from(text, "base64url");
      if (sealed.toString("base64url") !== text) return NO_VERSION;
      const block = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(sealed);
      if (!block.subarray(0, 8).equals(place(entity, id))) return NO_VERSION;
      const version = block.readBigUInt64BE(8);
      return version <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(version) : NO_VERSION;
    },
  };
}
