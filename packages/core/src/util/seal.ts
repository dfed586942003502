import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomFillSync } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Makes texts unreadable and unchangeable for whoever holds them. */
export interface Sealer {
  /** @param bound what opening it asks for again; stands in the clear nowhere */
  seal(text: string, bound: string): string;
  /** Undefined where the sealed text was changed, made with another key, or bound to something else. */
  open(sealed: string, bound: string): string | undefined;
}

const nonces = Buffer.alloc(IV_BYTES * 512);
let used = nonces.length;

/** Not of the injected randomness: a nonce that repeats would open the seal. Drawn many at a time, which costs less. */
function nextNonce(): Buffer {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  used += IV_BYTES;
  return nonces.subarray(used - IV_BYTES, used);
}

/**
 * AES-256-GCM with a key of its own for every purpose, derived from the app's secret (HKDF-SHA-256).
 *
 * Nonces are random: a key is good for 2^32 sealed texts.
 */
export function createSealer(secret: string, purpose: string): Sealer {
  const key = createSecretKey(Buffer.from(hkdfSync("sha256", secret, "", `corm seal ${purpose}`, 32)));
  return {
    seal(text, bound) {
      const iv = nextNonce();
      const cipher = createCipheriv(ALGORITHM, key, iv);
      cipher.setAAD(Buffer.from(bound));
      const body = cipher.update(text, "utf8");
      // A stream cipher: nothing is left over, and the tag can be had.
      cipher.final();
      return Buffer.concat([iv, body, cipher.getAuthTag()]).toString("base64url");
    },
    open(sealed, bound) {
      const bytes = Buffer.from(sealed, "base64url");
      // Base64 has several spellings of the same bytes: only the one that was made is accepted.
      if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString("base64url") !== sealed) return undefined;
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(bound));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      try {
        const body = decipher.update(bytes.subarray(IV_BYTES, bytes.length - TAG_BYTES));
        return Buffer.concat([body, decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
