import { InvalidArgument } from "../errors/value-errors.js";

/** A map that forgets the entry unused for longest when it is full. */
export interface Lru<Key, Value> {
  readonly size: number;
  /** Reading makes an entry the latest used. */
  get(key: Key): Value | undefined;
  /** Does not count as a use. */
  has(key: Key): boolean;
  set(key: Key, value: Value): void;
  delete(key: Key): boolean;
  clear(): void;
  /** The entry unused for longest. */
  oldest(): readonly [Key, Value] | undefined;
}

/**
 * @param limit most entries kept, at least 1
 * @throws InvalidArgument for another limit.
 */
export function createLru<Key, Value>(limit: number): Lru<Key, Value> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw InvalidArgument({ argument: "limit", reason: "it must be a whole number of entries, at least 1" });
  }
  /** Insertion order is the order of use. */
  const entries = new Map<Key, Value>();
  return {
    get size() {
      return entries.size;
    },
    get(key) {
      const value = entries.get(key);
      if (value === undefined && !entries.has(key)) return undefined;
      entries.delete(key);
      entries.set(key, value as Value);
      return value;
    },
    has: (key) => entries.has(key),
    set(key, value) {
      if (!entries.delete(key) && entries.size >= limit) entries.delete(entries.keys().next().value as Key);
      entries.set(key, value);
    },
    delete: (key) => entries.delete(key),
    clear: () => entries.clear(),
    oldest: () => entries.entries().next().value,
  };
}
