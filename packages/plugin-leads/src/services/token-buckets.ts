import { isIPv4, isIPv6 } from "node:net";

export interface BucketOptions {
  /** How many may come at once. */
  readonly capacity: number;
  readonly perMinute: number;
  /** Keys remembered; the one unused for longest is forgotten first. */
  readonly maxKeys?: number;
}

/** Token buckets by key, in this process. Memory is bounded by `maxKeys`. */
export interface TokenBuckets {
  /** Takes one token; false where none is left. `now` in epoch milliseconds. */
  take(key: string, now: number): boolean;
  readonly size: number;
}

export function createTokenBuckets(options: BucketOptions): TokenBuckets {
  const { capacity, perMinute, maxKeys = 10_000 } = options;
  /** Insertion order is the order of use. */
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    get size() {
      return buckets.size;
    },
    take(key, now) {
      const known = buckets.get(key);
      // A clock that was set back gives nothing, and takes nothing away.
      const gained = known ? (Math.max(0, now - known.at) * perMinute) / 60_000 : 0;
      const tokens = known ? Math.min(capacity, known.tokens + gained) : capacity;
      const granted = tokens >= 1;
      buckets.delete(key);
      if (buckets.size >= maxKeys) buckets.delete(buckets.keys().next().value as string);
      buckets.set(key, { tokens: granted ? tokens - 1 : tokens, at: now });
      return granted;
    },
  };
}

/**
 * What one visitor is limited by: an IPv4 address, or the /64 network of an IPv6 address, since one subscriber has
 * all of it. Anything that is no address shares one bucket.
 */
export function addressKey(address: string | undefined): string {
  const bare = (address ?? "")
    .trim()
    .replace(/^\[|\]$/g, "")
    .replace(/%.*$/, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  if (isIPv4(mapped)) return mapped;
  if (!isIPv6(mapped)) return "unknown";
  const [head = "", tail] = mapped.toLowerCase().split("::");
  const left = head.split(":").filter(Boolean);
  const right = (tail ?? "").split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
