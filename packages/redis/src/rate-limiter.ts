import type { RateLimiter } from "@corm/core/http";
import type { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

export interface RedisLimiterOptions {
  /** In front of every key. Default `corm:rate`. */
  readonly prefix?: string;
}

/** Rules that are kept ready: an app has a handful. */
const MAX_RULES = 1000;

/**
 * Counts uses in Redis, for all processes together, exactly: each use is one script on the server. What the server cannot
 * answer is thrown, so that nothing is let through uncounted.
 *
 * @example
 * createHttp(crm, { rateLimits: { api: { limit: 600, windowSeconds: 60 }, limiter: redisLimiter(new Redis()) } });
 */
export function redisLimiter(redis: Redis, { prefix = "corm:rate" }: RedisLimiterOptions = {}): RateLimiter {
  const limiters = new Map<string, RateLimiterRedis>();
  const limiterOf = (points: number, duration: number): RateLimiterRedis => {
    const name = `${points}/${duration}`;
    let limiter = limiters.get(name);
    if (!limiter) {
      if (limiters.size >= MAX_RULES) limiters.clear();
      limiter = new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `${prefix}:${name}`,
        points,
        duration,
      });
      limiters.set(name, limiter);
    }
    return limiter;
  };
  return {
    async take(key, { limit, windowSeconds }) {
      try {
        return { allowed: true, ...left(await limiterOf(limit, windowSeconds).consume(key)) };
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return { allowed: false, ...left(refused) };
      }
    },
  };
}

function left({ remainingPoints, msBeforeNext }: RateLimiterRes): {
  remaining: number;
  resetSeconds: number;
} {
  return {
    remaining: Math.max(0, remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  };
}
