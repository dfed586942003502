import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { redisLimiter } from "../src/index.js";
import { connect, connection, freshName, missing, title } from "./redis-server.js";

describe.skipIf(missing)(title, () => {
  const redis = connection();

  it("allows exactly as many as the rule, of 500 at one moment from two processes' connections", async () => {
    const other = connect();
    const prefix = freshName();
    const limiters = [redisLimiter(redis, { prefix }), redisLimiter(other, { prefix })];
    const rule = { limit: 100, windowSeconds: 60 };
    const taken = await Promise.all(
      Array.from({ length: 500 }, (_, n) => limiters[n % 2]!.take("acme/api", rule)),
    );
    other.disconnect();
    expect(taken.filter(({ allowed }) => allowed)).toHaveLength(100);
    expect(Math.min(...taken.map(({ remaining }) => remaining))).toBe(0);
    expect(taken.every(({ resetSeconds }) => resetSeconds >= 1 && resetSeconds <= 60)).toBe(true);
    expect((await limiters[0]!.take("other/api", rule)).remaining).toBe(99);
  });

  it("begins anew when the window is over, which refused uses do not make longer", async () => {
    const limiter = redisLimiter(redis, { prefix: freshName() });
    const rule = { limit: 1, windowSeconds: 1 };
    expect((await limiter.take("k", rule)).allowed).toBe(true);
    for (let n = 0; n < 5; n++) {
      expect((await limiter.take("k", rule)).allowed).toBe(false);
      await sleep(220);
    }
    expect((await limiter.take("k", rule)).allowed).toBe(true);
  });

  it("throws where the server does not answer, and lets nothing through uncounted", async () => {
    const gone = new Redis({
      port: 1,
      lazyConnect: true,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
    });
    gone.on("error", () => undefined);
    await expect(redisLimiter(gone).take("k", { limit: 1, windowSeconds: 1 })).rejects.toThrow();
  });
});
