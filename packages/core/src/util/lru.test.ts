import fc from "fast-check";
import { expect, it } from "vitest";
import { createLru } from "./lru.js";

it("forgets the entry unused for longest", () => {
  const lru = createLru<string, number>(2);
  lru.set("a", 1);
  lru.set("b", 2);
  expect(lru.get("a")).toBe(1);
  lru.set("c", 3);
  expect([lru.has("a"), lru.has("b"), lru.has("c"), lru.size]).toEqual([true, false, true, 2]);
});

it("does not count has as a use, and counts set as one", () => {
  const lru = createLru<string, number>(2);
  lru.set("a", 1);
  lru.set("b", 2);
  lru.has("a");
  lru.set("b", 3);
  lru.set("c", 4);
  expect([lru.get("a"), lru.get("b"), lru.get("c")]).toEqual([undefined, 3, 4]);
});

it("keeps undefined as a value, deletes and clears", () => {
  const lru = createLru<string, undefined>(1);
  lru.set("a", undefined);
  expect([lru.has("a"), lru.get("a"), lru.size]).toEqual([true, undefined, 1]);
  expect([lru.delete("a"), lru.delete("a"), lru.size]).toEqual([true, false, 0]);
  lru.set("a", undefined);
  lru.clear();
  expect(lru.size).toBe(0);
});

it("behaves like a list of the latest uses", () => {
  const step = fc.record({ write: fc.boolean(), key: fc.nat(6) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (limit, steps) => {
      const lru = createLru<number, number>(limit);
      let uses: number[] = [];
      for (const { write, key } of steps) {
        if (write) lru.set(key, key);
        expect(lru.get(key)).toBe(write || uses.includes(key) ? key : undefined);
        if (write || uses.includes(key)) uses = [key, ...uses.filter((used) => used !== key)].slice(0, limit);
        expect(lru.size).toBe(uses.length);
      }
    }),
  );
});

it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses the limit %d", (limit) => {
  expect(() => createLru(limit)).toThrow('"limit" is not usable');
});
