import type { Cache } from "@corm/core";
import type { Redis } from "ioredis";

export interface RedisCacheOptions {
  /** Begins all keys. Default `corm:cache`. */
  readonly prefix?: string;
}

/** Gives what is there, or sets it. KEYS: key. ARGV: value, milliseconds. */
const ENSURE = `
local found = redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
`;

/**
 * A cache that all processes of an app share. Use a Redis with `allkeys-lru`, apart from the one of jobs and streams, which
 * must not drop anything. While it does not answer, what is asked is loaded: give the client a `commandTimeout`.
 *
 * @example
 * const crm = await createCrm({ storage, plugins, cache: redisCache(new Redis(url, { commandTimeout: 200 })) });
 */
export function redisCache(redis: Redis, { prefix = "corm:cache" }: RedisCacheOptions = {}): Cache {
  return {
    get: async (key) => (await redis.get(`${prefix}:${key}`)) ?? undefined,
    async set(key, value, ttl) {
      await redis.set(`${prefix}:${key}`, value, "PX", ttl);
    },
    ensure: async (key, value, ttl) => String(await redis.eval(ENSURE, 1, `${prefix}:${key}`, value, ttl)),
  };
}
