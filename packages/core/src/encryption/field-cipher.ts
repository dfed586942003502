import { createHmac, hkdfSync } from "node:crypto";
import { DecryptionFailed, EncryptionKeyMissing } from "../errors/encryption-errors.js";
import { createLru } from "../util/lru.js";
import type { RandomBytes } from "../util/random-bytes.js";
import { KEY_BYTES, keyIdOf, openText, sealText } from "./envelope.js";

/** Where a value belongs. It can be opened nowhere else. */
export interface FieldPlace {
  readonly entity: string;
  readonly field: string;
}

/** How texts are compared by a blind index. `exact`: to the letter; `caseless`: upper and lower case, and white space around, alike. */
export type Comparison = "exact" | "caseless";

/** Encrypts and decrypts the fields of one tenant. */
export interface FieldCipher {
  /** A value of any kind, as text for its column. */
  seal(place: FieldPlace, id: string, value: unknown): string;
  /** @throws decryption-failed, encryption-key-missing */
  open(place: FieldPlace, id: string, text: string): unknown;
  /** True where it has the key of a stored text. */
  knows(text: string): boolean;
  /** What equal values have in common, and nobody without the key can work out: 43 characters. */
  blindIndex(place: FieldPlace, value: unknown, comparison: Comparison): string;
  /** Id of the key that seals. */
  readonly active: string;
}

/** The opened keys of one tenant. */
export interface KeyRing {
  readonly active: string;
  /** By id: the active one, and those that old values are sealed with. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  /** From which the keys of blind indexes are derived: never one that encrypts. */
  readonly index: Uint8Array;
}

/** Fields that are searched by at one time; a key is derived again for the others. */
const INDEX_KEYS = 1_000;

export function fieldCipher(tenant: string, ring: KeyRing, random: RandomBytes): FieldCipher {
  const indexKeys = createLru<string, Buffer>(INDEX_KEYS);
  const boundTo = ({ entity, field }: FieldPlace, id: string, keyId: string): string =>
    JSON.stringify([tenant, entity, field, id, keyId]);
  const indexKey = ({ entity, field }: FieldPlace): Buffer => {
    const name = JSON.stringify(["corm blind index", tenant, entity, field]);
    let key = indexKeys.get(name);
    if (!key) {
      key = Buffer.from(hkdfSync("sha256", ring.index, "", name, KEY_BYTES));
      indexKeys.set(name, key);
    }
    return key;
  };
  return {
    active: ring.active,
    knows: (text) => ring.data.has(keyIdOf(text) ?? ""),
    seal: (place, id, value) => {
      const key = ring.data.get(ring.active) as Uint8Array;
      const bound = boundTo(place, id, ring.active);
      return sealText(ring.active, key, bound, JSON.stringify(value), random);
    },
    open: (place, id, text) => {
      const keyId = keyIdOf(text);
      if (keyId === undefined) throw DecryptionFailed({ ...place, id });
      const key = ring.data.get(keyId);
      if (!key) throw EncryptionKeyMissing({ key: keyId });
      const plain = openText(key, boundTo(place, id, keyId), text);
      if (plain === undefined) throw DecryptionFailed({ ...place, id });
      return JSON.parse(plain);
    },
    blindIndex: (place, value, comparison) =>
      createHmac("sha256", indexKey(place))
        .update(JSON.stringify(normalised(value, comparison)))
        .digest("base64url"),
  };
}

/** Texts that look the same are the same: one composition of accents. */
function normalised(value: unknown, comparison: Comparison): unknown {
  if (typeof value !== "string") return value;
  return comparison === "exact" ? value.normalize("NFC") : value.normalize("NFKC").trim().toLowerCase();
}
