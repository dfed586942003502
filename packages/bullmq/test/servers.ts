import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";

export const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

async function answers(): Promise<boolean> {
  const redis = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

const present = await answers();
if (!present) console.info("skipped: no Redis");
/** In CI the server has to be there. */
export const missing = !present && process.env["CI"] !== "true";
export const title = missing ? "on Redis (skipped: no Redis)" : "on Redis";

/** A prefix that nobody else uses. */
export const freshPrefix = (): string => `t${randomUUID().slice(0, 8)}`;

/** Takes everything away, as a server that lost its disk would. */
export async function wipe(prefix: string): Promise<number> {
  const redis = new Redis(redisUrl);
  let removed = 0;
  try {
    for (let cursor = "0"; ; ) {
      const [next, keys] = await redis.scan(cursor, "MATCH", `${prefix}:*`, "COUNT", 1000);
      if (keys.length > 0) removed += await redis.del(...keys);
      cursor = next;
      if (cursor === "0") return removed;
    }
  } finally {
    redis.disconnect();
  }
}
