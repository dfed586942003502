import { UniqueViolation } from "../errors/storage-errors.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { toInstant } from "../util/clock.js";
import { randomToken } from "../util/hash.js";
import { readMeta } from "./ledger.js";
import { META_TABLE } from "./physical-schema.js";

const KEY = "secret";

/** The secret of this database: made once, by whichever process comes first. */
export async function resolveSecret(storage: StorageAdapter, now: number): Promise<string> {
  const existing = await readMeta(storage, KEY);
  if (existing) return existing;
  const secret = randomToken(32);
  try {
    await storage.insertMany(META_TABLE.name, [{ key: KEY, value: secret, updated_at: toInstant(now) }]);
    return secret;
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    return (await readMeta(storage, KEY)) as string;
  }
}
