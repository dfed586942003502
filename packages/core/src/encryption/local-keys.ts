import { readFileSync } from "node:fs";
import { EncryptionKeyMissing, EncryptionKeyUnusable } from "../errors/encryption-errors.js";
import { cryptoRandom, type RandomBytes } from "../util/random-bytes.js";
import { KEY_BYTES, openText, sealText } from "./envelope.js";
import type { KeyProvider } from "./key-provider.js";

/** Keys by id, each 32 bytes in base64 or hexadecimal. The first one wraps; the others can still be opened. */
export type LocalKeys = Readonly<Record<string, string>>;

const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** 32 random bytes have fewer different ones once in 10³⁰ times: words and patterns have. */
const LEAST_DIFFERENT = 12;

/**
 * A provider over keys that the process holds itself.
 *
 * @throws encryption-key-unusable for a key that is short, a pattern, or given twice
 */
export function localKeys(keys: LocalKeys, random: RandomBytes = cryptoRandom): KeyProvider {
  const held = new Map<string, Buffer>();
  for (const [id, text] of Object.entries(keys)) {
    const key = keyBytes(id, text);
    for (const [other, bytes] of held) {
      if (bytes.equals(key)) throw EncryptionKeyUnusable({ key: id, reason: `is the same as "${other}"` });
    }
    held.set(id, key);
  }
  const [current] = held.keys();
  if (current === undefined)
    throw EncryptionKeyUnusable({ key: "", reason: "is not there: no key was given" });
  return {
    current,
    has: (keyId) => held.has(keyId),
    wrap: (key, context) => {
      const plain = Buffer.from(key).toString("base64");
      return { by: current, text: sealText(current, held.get(current) as Buffer, context, plain, random) };
    },
    unwrap: ({ by, text }, context) => {
      const key = held.get(by);
      if (!key) throw EncryptionKeyMissing({ key: by });
      const plain = openText(key, context, text);
      if (plain === undefined)
        throw EncryptionKeyUnusable({
          key: by,
          reason: "does not open what a key of that name has wrapped: it was replaced instead of added to",
        });
      return Buffer.from(plain, "base64");
    },
  };
}

/**
 * Keys of an environment variable: `id:key` pairs, the current one first: `2026-07:q83v…=,2026-01:mZk1…=`.
 *
 * @throws encryption-key-unusable where the variable is empty or has another form
 */
export function keysFromEnv(name: string, env: NodeJS.ProcessEnv = process.env): LocalKeys {
  return parseKeys(env[name] ?? "", `in the environment variable ${name}`);
}

/** The same pairs from a file, on lines of their own or separated by commas; what follows a `#` is left out. */
export function keysFromFile(path: string): LocalKeys {
  const text = readFileSync(path, "utf8").replace(/#.*$/gm, "");
  return parseKeys(text, `in the file ${path}`);
}

function parseKeys(text: string, where: string): LocalKeys {
  const keys: Record<string, string> = {};
  for (const pair of text.split(/[,\n]/).map((part) => part.trim())) {
    if (pair === "") continue;
    const at = pair.indexOf(":");
    const id = pair.slice(0, Math.max(at, 0)).trim();
    if (at < 1 || id in keys)
      throw EncryptionKeyUnusable({
        key: ID.test(id) ? id : "?",
        reason: `${where} is not "id:key", once per id`,
      });
    keys[id] = pair.slice(at + 1).trim();
  }
  if (Object.keys(keys).length === 0)
    throw EncryptionKeyUnusable({ key: "?", reason: `${where} is not there` });
  return keys;
}

/** Never shows the key: the error may be logged. */
function keyBytes(id: string, text: unknown): Buffer {
  if (!ID.test(id))
    throw EncryptionKeyUnusable({
      key: "?",
      reason: "has an id that is not 1 to 64 letters, digits, _ and -",
    });
  if (typeof text !== "string") throw EncryptionKeyUnusable({ key: id, reason: "is not text" });
  const hex = /^[0-9a-fA-F]{64}$/.test(text);
  if (!hex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text))
    throw EncryptionKeyUnusable({ key: id, reason: "is neither base64 nor hexadecimal" });
  const bytes = Buffer.from(text, hex ? "hex" : "base64");
  if (bytes.length !== KEY_BYTES)
    throw EncryptionKeyUnusable({ key: id, reason: `has ${bytes.length} bytes, and not ${KEY_BYTES}` });
  if (new Set(bytes).size < LEAST_DIFFERENT)
    throw EncryptionKeyUnusable({ key: id, reason: "is a pattern, and not random" });
  return bytes;
}
