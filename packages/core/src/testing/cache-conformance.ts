import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cache } from "../cache/cache.js";
import type { TestRunner } from "./storage-conformance/index.js";

export interface CacheConformanceOptions {
  readonly name: string;
  readonly runner: Pick<TestRunner, "describe" | "test">;
  /** An empty one. */
  open(): Promise<Cache>;
}

/**
 * The contract of `Cache` as tests, for any cache and any test runner.
 *
 * @example
 * cacheConformance({ name: "my cache", runner: { describe, test }, open: async () => myCache() });
 */
export function cacheConformance({ name, runner, open }: CacheConformanceOptions): void {
  runner.describe(`${name} keeps the contract of caches:`, () => {
    const check = (title: string, body: (cache: Cache) => Promise<void>) =>
      runner.test(title, async () => {
        const cache = await open();
        try {
          await body(cache);
        } finally {
          await cache.close?.();
        }
      });
    check("gives what was set last, and nothing else", async (cache) => {
      assert.equal(await cache.get("a"), undefined);
      await cache.set("a", "1", 60_000);
      await cache.set("b", "", 60_000);
      await cache.set("a", "Grüße 👋", 60_000);
      assert.deepEqual(await Promise.all(["a", "b", "c"].map((key) => cache.get(key))), [
        "Grüße 👋",
        "",
        undefined,
      ]);
    });
    check("forgets after the time that was given, counted from the last", async (cache) => {
      await cache.set("a", "1", 30);
      await cache.set("b", "1", 30);
      await cache.set("b", "2", 60_000);
      await sleep(60);
      assert.deepEqual([await cache.get("a"), await cache.get("b")], [undefined, "2"]);
    });
    check("gives one of those who begin at once the word", async (cache) => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) => cache.ensure("version", `v${i}`, 60_000)),
      );
      assert.equal(new Set(answers).size, 1);
      assert.equal(await cache.get("version"), answers[0]);
      await cache.set("version", "new", 60_000);
      assert.equal(await cache.ensure("version", "other", 60_000), "new");
    });
  });
}
