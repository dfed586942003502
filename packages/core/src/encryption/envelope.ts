import { createCipheriv, createDecipheriv } from "node:crypto";
import type { RandomBytes } from "../util/random-bytes.js";

/** Of AES-256. */
export const KEY_BYTES = 32;
/** The size for which GCM is defined without hashing; random ones are safe for 2³² values under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1";

/** AES-256-GCM as `v1.<key id>.<iv>.<ciphertext>.<tag>`, the last three in base64url. */
export function sealText(
  keyId: string,
  key: Uint8Array,
  boundTo: string,
  plain: string,
  random: RandomBytes,
): string {
  const iv = random(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(boundTo));
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  const parts = [iv, sealed, cipher.getAuthTag()].map((bytes) => Buffer.from(bytes).toString("base64url"));
  return [VERSION, keyId, ...parts].join(".");
}

/** Id of the key that a stored text was sealed with; undefined for what is no sealed text. */
export function keyIdOf(text: string): string | undefined {
  const parts = text.split(".");
  return parts.length === 5 && parts[0] === VERSION ? parts[1] : undefined;
}

/** What every text sealed with a key begins with. */
export const sealedPrefix = (keyId: string): string => `${VERSION}.${keyId}.`;

/** The plain text, or undefined where the text was changed, or was bound to something else. */
export function openText(key: Uint8Array, boundTo: string, text: string): string | undefined {
  const [, , iv = "", sealed = "", tag = ""] = text.split(".");
  const bytes = Buffer.from(iv, "base64url");
  const mark = Buffer.from(tag, "base64url");
  if (bytes.length !== IV_BYTES || mark.length !== TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(mark);
    const data = Buffer.from(sealed, "base64url");
    return Buffer.concat([decipher.update(data), decipher.final()]).toString("utf8");
  } catch {
    // Node tells of a wrong tag by throwing, and of nothing else here.
    return undefined;
  }
}
