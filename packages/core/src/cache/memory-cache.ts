import { createLru } from "../util/lru.js";
import type { Cache } from "./cache.js";

export interface MemoryCacheOptions {
  /** Entries that are kept at most. Default 1,000. */
  readonly entries?: number;
  /** Characters of keys and values that are kept at most. Default 16,000,000. */
  readonly characters?: number;
}

interface Kept {
  readonly value: string;
  /** By this process's own passing of time. */
  readonly until: number;
}

/**
 * A cache in the memory of this process. Others do not see what it is told: for apps of one process.
 *
 * @example
 * const crm = await createCrm({ storage, plugins, cache: memoryCache() });
 */
export function memoryCache({ entries = 1000, characters = 16_000_000 }: MemoryCacheOptions = {}): Cache {
  const kept = createLru<string, Kept>(entries);
  let size = 0;
  const drop = (key: string, entry: Kept): void => {
    if (kept.delete(key)) size -= key.length + entry.value.length;
  };
  const read = (key: string): string | undefined => {
    const entry = kept.get(key);
    if (!entry) return undefined;
    if (entry.until > performance.now()) return entry.value;
    drop(key, entry);
    return undefined;
  };
  const write = (key: string, value: string, ttl: number): void => {
    const length = key.length + value.length;
    if (length > characters) return;
    const before = kept.get(key);
    if (before) drop(key, before);
    while (kept.size > 0 && (size + length > characters || kept.size >= entries)) {
      const [oldest, entry] = kept.oldest() as [string, Kept];
      drop(oldest, entry);
    }
    kept.set(key, { value, until: performance.now() + ttl });
    size += length;
  };
  return {
    get: async (key) => read(key),
    set: async (key, value, ttl) => write(key, value, ttl),
    async ensure(key, value, ttl) {
      const found = read(key);
      if (found !== undefined) return found;
      write(key, value, ttl);
      return value;
    },
  };
}
