import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BundleModel, type OptionModel, type Selection, violationsOf } from "./configuration.js";
import { solve } from "./solve.js";

const option = (key: string, rest: Partial<OptionModel> = {}): OptionModel => ({
  key,
  group: null,
  required: false,
  minQuantity: 1,
  maxQuantity: 1,
  requires: [],
  excludes: [],
  ...rest,
});

const van: BundleModel = {
  groups: [{ name: "Engine", min: 1, max: 1 }],
  options: [
    option("diesel", { group: "Engine" }),
    option("electric", {
      group: "Engine",
      excludes: [{ name: "No tank beside a battery", option: "long-range-tank" }],
    }),
    option("long-range-tank"),
    option("tow-bar", { requires: [{ name: "Towing takes the strong axle", option: "strong-axle" }] }),
    option("strong-axle", { requires: [{ name: "The strong axle is for diesel", option: "diesel" }] }),
    option("wheels", { required: true, minQuantity: 4, maxQuantity: 6 }),
  ],
};

describe("a configuration", () => {
  it("is completed by what its rules ask for, with the rule of each", () => {
    expect(solve(van, { "tow-bar": 1 })).toEqual({
      possible: true,
      selection: { diesel: 1, "tow-bar": 1, "strong-axle": 1, wheels: 4 },
      added: [
        { option: "diesel", rule: "The strong axle is for diesel" },
        { option: "strong-axle", rule: "Towing takes the strong axle" },
        { option: "wheels", rule: "wheels is required" },
      ],
    });
    expect(solve(van, { diesel: 0 })).toMatchObject({
      possible: true,
      selection: { electric: 1, wheels: 4 },
    });
  });

  it("is refused with the names of the rules that stand against it", () => {
    const rules = (selection: Selection) => violationsOf(van, selection).map(({ rule }) => rule);
    expect(rules({ diesel: 1, wheels: 4 })).toEqual([]);
    expect(rules({ diesel: 1, electric: 1, wheels: 5 })).toEqual(["Engine"]);
    expect(rules({ electric: 1, "long-range-tank": 1, wheels: 7, radio: 1 })).toEqual([
      "quantity of wheels",
      "unknown option",
      "No tank beside a battery",
    ]);
    const impossible = solve(van, { electric: 1, "tow-bar": 1 });
    if (impossible?.possible !== false) throw new Error("possible");
    // The whole chain, and nothing that has no part in it.
    expect(impossible.conflict.map(({ rule }) => rule).sort()).toEqual([
      "Engine",
      "The strong axle is for diesel",
      "Towing takes the strong axle",
    ]);
  });
});

const KEYS = ["a", "b", "c", "d", "e", "f"];
const key = fc.constantFrom(...KEYS);
const model: fc.Arbitrary<BundleModel> = fc
  .record({
    groups: fc.array(fc.record({ min: fc.nat(2), max: fc.integer({ min: 1, max: 3 }) }), { maxLength: 2 }),
    of: fc.array(fc.nat(2), { minLength: KEYS.length, maxLength: KEYS.length }),
    required: fc.array(key, { maxLength: 1 }),
    requires: fc.array(fc.tuple(key, key), { maxLength: 4 }),
    excludes: fc.array(fc.tuple(key, key), { maxLength: 4 }),
  })
  .map(({ groups, of, required, requires, excludes }) => ({
    groups: groups.map((group, at) => ({ ...group, name: `g${at}` })),
    options: KEYS.map((name, at) =>
      option(name, {
        group: (of[at] as number) < groups.length ? `g${of[at]}` : null,
        required: required.includes(name),
        requires: requires
          .filter(([from]) => from === name)
          .map(([, to]) => ({ name: `${name}>${to}`, option: to })),
        excludes: excludes
          .filter(([from]) => from === name)
          .map(([, to]) => ({ name: `${name}#${to}`, option: to })),
      }),
    ),
  }));
const wish = fc.dictionary(key, fc.integer({ min: 0, max: 1 }), { maxKeys: 3 });

/** Every selection there is, tried one by one. */
function bruteForce(bundle: BundleModel, wanted: Selection): boolean {
  return Array.from({ length: 2 ** KEYS.length }, (_, bits) =>
    Object.fromEntries(KEYS.map((name, at) => [name, (bits >> at) & 1])),
  ).some(
    (all) =>
      Object.entries(wanted).every(([name, value]) => all[name] === value) &&
      violationsOf(bundle, all).length === 0,
  );
}

it("finds a configuration exactly where there is one, and never one that breaks a rule", () => {
  let possible = 0;
  fc.assert(
    fc.property(model, wish, (bundle, wanted) => {
      const solution = solve(bundle, wanted);
      expect(solution?.possible).toBe(bruteForce(bundle, wanted));
      if (!solution?.possible) {
        expect(solution?.conflict.length).toBeGreaterThan(0);
        return;
      }
      possible += 1;
      expect(violationsOf(bundle, solution.selection)).toEqual([]);
      for (const [name, value] of Object.entries(wanted)) expect(solution.selection[name] ?? 0).toBe(value);
    }),
    { seed: 42, numRuns: 2000 },
  );
  expect(possible).toBeGreaterThan(200);
});
