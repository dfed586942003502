import { setTimeout as sleep } from "node:timers/promises";
import { cached, crmCore, forget } from "@corm/core";
import { cacheConformance, createTestCrm } from "@corm/core/testing";
import { describe, expect, it, test } from "vitest";
import { redisCache } from "../src/index.js";
import { connection, freshName, missing, title } from "./redis-server.js";

describe.skipIf(missing)(title, () => {
  const redis = connection();
  const runner = {
    describe: (name: string, body: () => void) => void describe(name, body),
    test: (name: string, body: () => Promise<void>, timeout?: number) => test(name, body, timeout),
  };
  cacheConformance({
    name: "redisCache",
    runner,
    open: async () => redisCache(redis, { prefix: freshName() }),
  });

  it("is one for all processes of an app", async () => {
    const prefix = freshName();
    const apps = await Promise.all(
      [1, 2].map(() => createTestCrm({ plugins: [crmCore()], cache: redisCache(redis, { prefix }) })),
    );
    const [one, two] = apps as [(typeof apps)[0], (typeof apps)[0]];
    const options = { group: "test.group", key: [], ttl: 60_000 };
    expect(await cached(one.me, options, async () => "of the first")).toBe("of the first");
    // It is set after the answer.
    await sleep(200);
    expect(await cached(two.me, options, async () => "of the second")).toBe("of the first");
    await forget(two.me, options.group);
    expect(await cached(one.me, options, async () => "after")).toBe("after");
    for (const { crm } of apps) await crm.stop();
  });
});
