import type { Clock } from "../../util/clock.js";
import { createLru } from "../../util/lru.js";
import type { RateLimiter } from "./rate-limiter.js";

/** Keys that are remembered; the one unused for longest goes first. */
const MAX_KEYS = 100_000;

interface Window {
  readonly endsAt: number;
  used: number;
}

/** Counts in the memory of this process: nothing is shared with others, and a restart begins anew. */
export function memoryLimiter(clock: Clock, maxKeys = MAX_KEYS): RateLimiter {
  const windows = createLru<string, Window>(maxKeys);
  return {
    async take(key, { limit, windowSeconds }) {
      const now = clock.now();
      let window = windows.get(key);
      if (!window || window.endsAt <= now) {
        window = { endsAt: now + windowSeconds * 1000, used: 0 };
        windows.set(key, window);
      }
      const allowed = window.used < limit;
      if (allowed) window.used += 1;
      return {
        allowed,
        remaining: Math.max(0, limit - window.used),
        resetSeconds: Math.max(1, Math.ceil((window.endsAt - now) / 1000)),
      };
    },
  };
}
