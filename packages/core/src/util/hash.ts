import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { InvalidArgument } from "../errors/value-errors.js";
import { cryptoRandom, type RandomBytes } from "./random-bytes.js";

/** SHA-256 as 64 lower-case hexadecimal digits. Text is hashed as UTF-8. */
export function sha256Hex(data: string | Uint8Array): string {
  return hash("sha256", data, "hex");
}

/** HMAC-SHA-256 as 43 characters of base64url without padding. Texts are taken as UTF-8. */
export function hmacBase64Url(key: string | Uint8Array, data: string | Uint8Array): string {
  return createHmac("sha256", key).update(data).digest("base64url");
}

/**
 * Whether two texts are equal, in a time that does not depend on where, or how much, they differ. It may tell their
 * lengths: digests and signatures have known ones.
 */
export function equalText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * An unguessable token in base64url without padding.
 *
 * @param bytes of randomness, 16 to 1024; 32 give 43 characters
 * @throws InvalidArgument for another number of bytes.
 */
export function randomToken(bytes: number, random: RandomBytes = cryptoRandom): string {
  if (!Number.isInteger(bytes) || bytes < 16 || bytes > 1024) {
    throw InvalidArgument({ argument: "bytes", reason: "a token takes 16 to 1024 bytes" });
  }
  return Buffer.from(random(bytes)).toString("base64url");
}
