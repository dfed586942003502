import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgument } from "../errors/value-errors.js";
import { fixedClock } from "./clock.js";
import { seededRandom } from "./random-bytes.js";
import { createIds, isUuid, uuidv7 } from "./uuid.js";

const START = Date.parse("2026-03-01T00:00:00Z");
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe("createIds", () => {
  it("increases strictly through 20,000 ids of one millisecond", () => {
    const ids = createIds({ clock: fixedClock(START), random: seededRandom(1) });
    let previous = "";
    for (let i = 0; i < 20_000; i++) {
      const id = ids.next();
      expect(id > previous).toBe(true);
      previous = id;
    }
    expect(isUuid(previous)).toBe(true);
    expect(timeOf(previous)).toBeGreaterThan(START);
  });

  it("increases strictly whatever the clock does", () => {
    const steps = fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer(), (moves, seed) => {
        const clock = fixedClock(START);
        const ids = createIds({ clock, random: seededRandom(seed) });
        const made = [ids.next()];
        for (const move of moves) {
          clock.advance(move);
          made.push(ids.next());
        }
        expect(made.every(isUuid)).toBe(true);
        expect(made.every((id, index) => index === 0 || id > made[index - 1]!)).toBe(true);
      }),
    );
  });

  it("carries the time of the clock", () => {
    const clock = fixedClock(START);
    const ids = createIds({ clock });
    expect(timeOf(ids.next())).toBe(START);
    clock.advance({ minutes: 1 });
    expect(timeOf(ids.next())).toBe(START + 60_000);
  });

  it("repeats itself for the same seed, and only for the same", () => {
    const make = (seed: number): string =>
      createIds({ clock: fixedClock(START), random: seededRandom(seed) }).next();
    expect(make(7)).toBe(make(7));
    expect(make(7)).not.toBe(make(8));
  });

  it("does not repeat a tail within a pool or from one pool to the next", () => {
    const ids = createIds();
    const tails = new Set(Array.from({ length: 5000 }, () => ids.next().slice(19)));
    expect(tails.size).toBe(5000);
  });

  it("refuses a clock without a usable time", () => {
    const refused = (now: number): unknown => {
      try {
        return createIds({ clock: { now: () => now } }).next();
      } catch (error) {
        return InvalidArgument.is(error);
      }
    };
    expect([Number.NaN, -1, 1.5, 2 ** 48].map(refused)).toEqual([true, true, true, true]);
  });
});

it("uuidv7 follows the example of RFC 9562, appendix A.6, in time and version", () => {
  const id = uuidv7(
    0x017f22e279b0,
    () => new Uint8Array([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]),
  );
  expect(id).toBe("017f22e2-79b0-74c3-98c4-dc0c0c07398f");
});

it("isUuid takes the canonical form only", () => {
  expect(isUuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")).toBe(true);
  for (const text of [
    "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
    "017f22e279b07cc398c4dc0c0c07398f",
    "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
    "017f22e2-79b0-0cc3-98c4-dc0c0c07398f",
    "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    "",
    null,
    7,
  ]) {
    expect(isUuid(text)).toBe(false);
  }
});
