import { cached, crmCore, exchange, forget, memoryCache } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { cacheConformance, createTestCrm } from "@corm/core/testing";
import { describe, expect, it, test } from "vitest";
import { counting } from "../support/counting.js";

cacheConformance({
  name: "memoryCache",
  runner: {
    describe: (name, body) => void describe(name, body),
    test: (name, body, timeout) => test(name, body, timeout),
  },
  open: async () => memoryCache(),
});

const options = { group: "test.group", key: ["a", 1], ttl: 60_000 };

async function bench(cache = memoryCache()) {
  const faults: unknown[] = [];
  const { crm, me, inTenant } = await createTestCrm({
    plugins: [crmCore()],
    cache,
    onError: (error) => faults.push(error),
  });
  let loads = 0;
  const load = async () => ({ loads: ++loads });
  return { crm, me, inTenant, load, faults, loads: () => loads };
}

it("loads once, and again when it is told to forget, in one tenant", async () => {
  const { crm, me, inTenant, load } = await bench();
  const other = inTenant("other");
  expect(await cached(me, options, load)).toEqual({ loads: 1 });
  expect(await cached(me, options, load)).toEqual({ loads: 1 });
  expect(await cached(other, options, load)).toEqual({ loads: 2 });
  expect(await cached(me, { ...options, key: ["a", "1"] }, load)).toEqual({ loads: 3 });
  await forget(me, options.group);
  expect(await cached(me, options, load)).toEqual({ loads: 4 });
  expect(await cached(other, options, load)).toEqual({ loads: 2 });
  await crm.stop();
});

it("does not keep under the new version what was loaded under the old one", async () => {
  const { crm, me } = await bench();
  let finish = (_: string): void => {};
  const slow = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const first = cached(me, options, () => slow);
  // What changes while it is being read.
  await new Promise((resolve) => setImmediate(resolve));
  await forget(me, options.group);
  const second = cached(me, options, async () => "new");
  expect(await second).toBe("new");
  finish("old");
  expect(await first).toBe("old");
  expect(await cached(me, options, async () => "newer")).toBe("new");
  await crm.stop();
});

it("lets those who ask at once wait for one answer, and keeps no failure", async () => {
  const { crm, me, load, loads } = await bench();
  const fails = () => Promise.reject(new Error("no"));
  await expect(cached(me, options, fails)).rejects.toThrow("no");
  const answers = await Promise.all(Array.from({ length: 10 }, () => cached(me, options, load)));
  expect(answers).toEqual(Array(10).fill({ loads: 1 }));
  expect(loads()).toBe(1);
  await crm.stop();
});

it("loads in a transaction, and where the cache fails", async () => {
  const broken = { get: fail, set: fail, ensure: fail };
  const { crm, me, load, faults } = await bench(broken);
  expect(await cached(me, options, load)).toEqual({ loads: 1 });
  expect(await cached(me, options, load)).toEqual({ loads: 2 });
  expect(faults.length).toBe(2);
  await crm.stop();
  const sound = await bench();
  await cached(sound.me, options, sound.load);
  const inside = await sound.me.transaction((tx) => cached(tx, options, sound.load));
  expect(inside).toEqual({ loads: 2 });
  await sound.crm.stop();
});

async function fail(): Promise<never> {
  throw new Error("no cache");
}

it("is bounded", async () => {
  const cache = memoryCache({ entries: 3, characters: 20 });
  for (const key of ["a", "b", "c", "d"]) await cache.set(key, "1", 60_000);
  expect(await cache.get("a")).toBeUndefined();
  expect(await cache.get("b")).toBe("1");
  await cache.set("long", "x".repeat(15), 60_000);
  expect([await cache.get("c"), await cache.get("d"), await cache.get("b")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await cache.set("longer", "x".repeat(30), 60_000);
  expect(await cache.get("longer")).toBeUndefined();
  expect(await cache.get("long")).toBe("x".repeat(15));
});

it("asks for exchange rates once, until one is written", async () => {
  const { storage, log } = counting(knexStorage({ url: "sqlite::memory:" }));
  const { crm, me } = await createTestCrm({
    storage,
    plugins: [crmCore()],
    currency: "EUR",
    cache: memoryCache(),
  });
  const { id } = await me.entities.currencyRate.create({
    base: "USD",
    quote: "EUR",
    validFrom: "2025-01-01",
    rate: "0.9",
  });
  const convert = async () => {
    const { money } = await me.service(exchange).convert({ amount: "10.00", currency: "USD" });
    return money.amount;
  };
  expect(await convert()).toBe("9.00");
  log.clear();
  expect(await convert()).toBe("9.00");
  expect(log.asked).toEqual([]);
  await me.entities.currencyRate.update(id, { rate: "0.8" });
  expect(await convert()).toBe("8.00");
  await me.entities.currencyRate.delete(id);
  await expect(convert()).rejects.toMatchObject({ code: "rate-missing" });
  await crm.stop();
});
