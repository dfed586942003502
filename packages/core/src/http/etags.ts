import { type Cipher, createCipheriv, createDecipheriv, createHash, type Decipher } from "node:crypto";
import type { Tokens } from "../context/tokens.js";
import type { RecordValues } from "../model/record-codec.js";
import { isUuid } from "../util/uuid.js";

/** A version that no record has: what a foreign tag asks for. */
const NO_VERSION = 0;
const TAG = /^"([A-Za-z0-9_-]{22})"$/;

/** Makes and reads the `ETag`s of one app. */
export interface Etags {
  /**
   * Changes with the record's version and with what is `derived` of it, and tells nothing: neither which version, nor
   * whether two records share one.
   */
  of(entity: string, record: RecordValues, derived?: readonly string[]): string;
  /** The version behind a tag of this record; of any other tag one that no record has. */
  versionOf(entity: string, id: string, tag: string): number;
}

/** What is made once for an entity: blocks of this mode do not depend on one another. */
interface Sealer {
  readonly seal: Cipher;
  readonly open: Decipher;
}

/**
 * A tag is one block of a cipher: the id of the record, with its version folded into the random half of it, and 24 bits of
 * a digest of what is derived of it, which moves no version, into the rest of that half. So it is read
 * back without looking at the record, the same version has the same tag in every process, and a guess is right once in
 * 2^64.
 */
export function createEtags(tokens: Tokens): Etags {
  const secret = tokens.sign("etag", "key");
  const sealers = new Map<string, Sealer>();
  const sealerOf = (entity: string): Sealer => {
    let sealer = sealers.get(entity);
    if (!sealer) {
      const key = createHash("sha256").update(`${secret} ${entity}`).digest();
      sealer = {
        seal: createCipheriv("aes-256-ecb", key, null).setAutoPadding(false),
        open: createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false),
      };
      sealers.set(entity, sealer);
    }
    return sealer;
  };
  return {
    of(entity, record, derived = []) {
      const block = blockOf(record["id"] as string);
      fold(block, record["version"] as number, digestOf(record, derived));
      return `"${sealerOf(entity).seal.update(block).toString("base64url")}"`;
    },
    versionOf(entity, id, tag) {
      const text = TAG.exec(tag)?.[1];
      if (text === undefined || !isUuid(id.toLowerCase())) return NO_VERSION;
      const sealed = Buffer.from(text, "base64url");
      if (sealed.toString("base64url") !== text) return NO_VERSION;
      const block = sealerOf(entity).open.update(sealed);
      const own = blockOf(id);
      if (block.compare(own, 0, HALF, 0, HALF) !== 0) return NO_VERSION;
      return Number((block.readBigUInt64BE(HALF) ^ own.readBigUInt64BE(HALF)) & VERSION_BITS);
    },
  };
}

/** Half of a block, in bytes. The first half of an id holds the time that it was made, the second is random. */
const HALF = 8;

/** Never less than a block, which would be kept for the next one. */
function blockOf(id: string): Buffer {
  const block = Buffer.alloc(2 * HALF);
  block.write(id.replaceAll("-", ""), "hex");
  return block;
}

/** Bits that a version takes; the digest takes the others. */
const VERSION_BITS = 0xff_ffff_ffffn;

/** 24 bits of what is derived of a record: 0 where nothing is. */
function digestOf(record: RecordValues, derived: readonly string[]): number {
  if (derived.length === 0) return 0;
  const values = JSON.stringify(derived.map((name) => record[name] ?? null));
  return createHash("sha256").update(values).digest().readUIntBE(0, 3);
}

function fold(block: Buffer, version: number, digest: number): void {
  const high = (digest << 8) | Math.floor(version / 2 ** 32);
  block.writeUInt32BE((block.readUInt32BE(HALF) ^ high) >>> 0, HALF);
  block.writeUInt32BE((block.readUInt32BE(HALF + 4) ^ version) >>> 0, HALF + 4);
}
