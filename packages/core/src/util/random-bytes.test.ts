import { expect, it } from "vitest";
import { cryptoRandom, seededRandom } from "./random-bytes.js";

it("seededRandom repeats itself, spreads evenly, and differs from seed to seed", () => {
  expect(seededRandom(1)(10)).toEqual(seededRandom(1)(10));
  expect(seededRandom(1)(10)).not.toEqual(seededRandom(2)(10));
  const bytes = seededRandom(4)(256_000);
  expect(bytes.filter((byte, index) => byte === bytes[index - 1]).length).toBeLessThan(1200);
  const counts = new Uint32Array(256);
  for (const byte of seededRandom(3)(256_000)) counts[byte]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1200);
});

it("cryptoRandom gives as many bytes as asked, and others each time", () => {
  expect(cryptoRandom(33)).toHaveLength(33);
  expect(cryptoRandom(33)).not.toEqual(cryptoRandom(33));
});
