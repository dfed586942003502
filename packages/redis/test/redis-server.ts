import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll } from "vitest";

const url = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";

async function answers(): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1000 });
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

export function connect(): Redis {
  return new Redis(url);
}

/** A connection for the tests of a file. */
export function connection(): Redis {
  const redis = new Redis(url, { lazyConnect: true });
  afterAll(async () => redis.disconnect());
  return redis;
}

/** A name that nobody else uses. */
export const freshName = (): string => `t${randomUUID().slice(0, 8)}`;

/** Takes away what a fan-out keeps in Redis, as a server that lost its disk would. */
export async function wipe(redis: Redis, name: string): Promise<void> {
  const keys = await redis.keys(`{corm:${name}}:*`);
  if (keys.length > 0) await redis.del(...keys);
}
