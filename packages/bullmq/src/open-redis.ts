import { createRedisBackend, type IQueueBackend } from "bullmq";
import { Redis } from "ioredis";
import { LOCK_MS } from "./lock.js";
import type { Store } from "./store.js";

export interface RedisOptions {
  /** Default `redis://127.0.0.1:6379`. */
  readonly url?: string;
  /** Begins all keys: apps that share a Redis have one each. Default `corm`. */
  readonly prefix?: string;
  /** Milliseconds after which a command counts as failed; jobs then stay in the database. Default 5,000. */
  readonly timeout?: number;
}

/** One connection for commands, and one that hears of jobs of other processes. */
export function openRedis(options: RedisOptions, report: (error: unknown) => void): Store {
  const { url = "redis://127.0.0.1:6379", prefix = "corm", timeout = 5000 } = options;
  const common = {
    // While the server is away commands fail at once: what they would have done is in the database.
    enableOfflineQueue: false,
    maxRetriesPerRequest: null,
    commandTimeout: timeout,
    retryStrategy: (tries: number) => Math.min(tries * 50, 2000),
  };
  const redis = new Redis(url, common);
  let listener: Redis | undefined;
  let wasReady = false;
  redis.on("error", report);
  const channel = `${prefix}:wake`;
  const shared = { connection: redis, skipVersionCheck: true, skipWaitingForReady: true };
  const root = createRedisBackend("root", { ...shared, ...{ prefix, lockDuration: LOCK_MS } });
  root.on("error", () => {});
  const ready = async (): Promise<void> => {
    // Only the first time; later it is there or commands fail.
    if (wasReady || redis.status === "ready") return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Redis at ${place(url)} does not answer`)), timeout);
      redis.once("ready", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  };
  redis.once("ready", () => {
    wasReady = true;
  });
  return {
    name: "bullmq",
    prefix,
    async backend(queue): Promise<IQueueBackend> {
      await ready();
      return root.forQueue(queue, prefix);
    },
    wake(queue, tenant) {
      // Who does not hear it looks for himself a second later.
      redis.publish(channel, JSON.stringify([queue, tenant])).catch(() => {});
    },
    onWake(heard) {
      listener = new Redis(url, { ...common, enableOfflineQueue: true });
      listener.on("error", () => {});
      listener.on("message", (_, message: string) => {
        const [queue, tenant] = JSON.parse(message) as [string, string];
        heard(queue, tenant);
      });
      listener.subscribe(channel).catch(report);
    },
    async close() {
      listener?.disconnect();
      redis.disconnect();
      await root.close().catch(() => {});
    },
  };
}

/** Without the password. */
const place = (url: string): string => url.replace(/\/\/[^@/]*@/, "//");
