import { EncryptionKeyMissing } from "../errors/encryption-errors.js";
import type { Operations, StorageAdapter } from "../storage/adapter.js";
import type { Clock } from "../util/clock.js";
import { createLru } from "../util/lru.js";
import type { RandomBytes } from "../util/random-bytes.js";
import { activeKeyId, createDataKeys, type DataKey, listDataKeys, wrapContext } from "./data-keys.js";
import { type FieldCipher, fieldCipher, type KeyRing } from "./field-cipher.js";
import type { KeyProvider } from "./key-provider.js";

/** Tenants whose keys are held open; those unused for longest are opened again when they are needed. */
const OPEN_TENANTS = 1_000;

/** The keys of all tenants, opened when they are first needed. */
export interface Vault {
  readonly provider: KeyProvider;
  readonly random: RandomBytes;
  /** The tenant's cipher, if it is open. */
  peek(tenant: string): FieldCipher | undefined;
  /** Opens a tenant's keys, and makes the first ones. Outside of transactions. */
  open(tenant: string): Promise<FieldCipher>;
  /** Reads the keys again, by the transaction that has met one it does not know. */
  reopen(tenant: string, operations: Operations, lock: boolean): Promise<FieldCipher>;
  /** The cipher of the key that seals now, as the database says. In a transaction, it stays so until that ends. */
  sealing(tenant: string, operations: Operations, inTransaction: boolean): Promise<FieldCipher>;
  /** Forgets the opened keys of a tenant. */
  close(tenant: string): void;
}

export function createVault(
  provider: KeyProvider,
  storage: StorageAdapter,
  clock: Clock,
  random: RandomBytes,
): Vault {
  const open = createLru<string, FieldCipher>(OPEN_TENANTS);
  const opening = new Map<string, Promise<FieldCipher>>();

  const read = async (tenant: string, operations: Operations, lock: boolean) => {
    const keys = await listDataKeys(operations, tenant, lock ? "share" : undefined);
    if (!keys.some((key) => key.active)) return undefined;
    const cipher = fieldCipher(tenant, await unwrapAll(provider, tenant, keys), random);
    open.set(tenant, cipher);
    return cipher;
  };
  const first = async (tenant: string): Promise<FieldCipher> => {
    const own = storage.forTenant(tenant);
    const found = await read(tenant, own, false);
    if (found) return found;
    await createDataKeys(own, provider, tenant, clock.now(), random);
    const made = await read(tenant, own, false);
    if (!made) throw EncryptionKeyMissing({ key: `of tenant ${tenant}` });
    return made;
  };
  const vault: Vault = {
    provider,
    random,
    peek: (tenant) => open.get(tenant),
    open: async (tenant) => {
      const found = open.get(tenant);
      if (found) return found;
      // Requests that come at one moment wait for one opening.
      let pending = opening.get(tenant);
      if (!pending) {
        pending = first(tenant).finally(() => opening.delete(tenant));
        opening.set(tenant, pending);
      }
      return pending;
    },
    reopen: async (tenant, operations, lock) => {
      const cipher = await read(tenant, operations, lock);
      if (!cipher) throw EncryptionKeyMissing({ key: `of tenant ${tenant}` });
      return cipher;
    },
    sealing: async (tenant, operations, inTransaction) => {
      const active = await activeKeyId(operations, tenant, inTransaction);
      const cipher = open.get(tenant);
      if (cipher && cipher.active === active) return cipher;
      return vault.reopen(tenant, operations, inTransaction);
    },
    close: (tenant) => {
      open.delete(tenant);
    },
  };
  return vault;
}

async function unwrapAll(provider: KeyProvider, tenant: string, keys: readonly DataKey[]): Promise<KeyRing> {
  const data = new Map<string, Uint8Array>();
  let active: string | undefined;
  let index: Uint8Array | undefined;
  for (const key of keys) {
    const wrapped = { by: key.wrappedBy, text: key.wrapped };
    const opened = await provider.unwrap(wrapped, wrapContext(tenant, key.purpose, key.id));
    if (key.purpose === "index") index = opened;
    else {
      data.set(key.id, opened);
      if (key.active) active = key.id;
    }
  }
  if (active === undefined || index === undefined) throw EncryptionKeyMissing({ key: `of tenant ${tenant}` });
  return { active, data, index };
}
