import { wrappingKeys } from "../encryption/data-keys.js";
import type { KeyProvider } from "../encryption/key-provider.js";
import { type LocalKeys, localKeys } from "../encryption/local-keys.js";
import { createVault, type Vault } from "../encryption/vault.js";
import {
  EncryptionKeyMissing,
  EncryptionKeyUnusable,
  EncryptionNotConfigured,
} from "../errors/encryption-errors.js";
import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";
import { cryptoRandom } from "../util/random-bytes.js";

/** Keys by id, the current one first; or a provider, such as one over a key management service. */
export type EncryptionOptions = { readonly keys: LocalKeys } | { readonly provider: KeyProvider };

/**
 * The vault of an app with encrypted fields; null for other apps.
 *
 * @throws encryption-not-configured, encryption-key-unusable, encryption-key-missing
 */
export async function openVault(
  composition: Composition,
  storage: StorageAdapter,
  options: EncryptionOptions | undefined,
  clock: Clock,
  secret: string,
): Promise<Vault | null> {
  // Keys are checked even where nothing needs them yet: a bad one is found before data depends on it.
  const provider = options && providerOf(options, secret);
  const fields = [...composition.entities.values()].flatMap((entity) =>
    entity.encrypted.map((field) => `${entity.name}.${field.name}`),
  );
  if (fields.length === 0) return null;
  if (!provider) throw EncryptionNotConfigured({ fields });
  for (const key of await wrappingKeys(storage.acrossTenants("look which keys data needs"))) {
    if (!(await provider.has(key))) throw EncryptionKeyMissing({ key });
  }
  // Never the seeded randomness of tests: a repeated IV gives the plain text away.
  return createVault(provider, storage, clock, cryptoRandom);
}

function providerOf(options: EncryptionOptions, secret: string): KeyProvider {
  if ("provider" in options) return options.provider;
  const secrets = [secret, Buffer.from(secret).toString("base64")];
  const shared = Object.entries(options.keys).find(([, key]) => secrets.includes(key));
  // Whoever may sign links must not be able to decrypt as well.
  if (shared) throw EncryptionKeyUnusable({ key: shared[0], reason: "is the secret that signs links, too" });
  return localKeys(options.keys);
}
