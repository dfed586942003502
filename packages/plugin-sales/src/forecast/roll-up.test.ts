import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextQuarter, periodDays, quarterOf } from "./period.js";
import { type Amounts, CATEGORIES, cumulativeOf, type Leaf, NOTHING, plus, rollUp } from "./roll-up.js";

const amounts = (rest: Partial<Amounts>): Amounts => ({ ...NOTHING, ...rest });

describe("a forecast", () => {
  it("has single and cumulative columns", () => {
    const own = amounts({
      closed: 5000n,
      commit: 10_000n,
      bestCase: 15_000n,
      pipeline: 20_000n,
      omitted: 700n,
    });
    expect(cumulativeOf(own, "EUR")).toEqual({
      closed: { amount: "50.00", currency: "EUR" },
      commit: { amount: "150.00", currency: "EUR" },
      bestCase: { amount: "300.00", currency: "EUR" },
      openPipeline: { amount: "450.00", currency: "EUR" },
    });
  });

  it("shows a manager's boss what he says, and keeps what the opportunities say", () => {
    const leaf = (userId: string, managerId: string | null, commit: bigint): Leaf => ({
      userId,
      managerId,
      own: amounts({ commit }),
    });
    const tree = [
      leaf("boss", null, 1n),
      leaf("lead", "boss", 10n),
      leaf("a", "lead", 100n),
      leaf("b", "lead", 200n),
    ];
    const entry = (managerId: string, userId: string, amount: bigint) => ({
      managerId,
      userId,
      amount,
      category: "commit" as const,
    });
    const of = (entries: ReturnType<typeof entry>[]) =>
      Object.fromEntries(
        [...rollUp(tree, entries)].map(([id, { rollUp: r, adjusted }]) => [id, [r.commit, adjusted.commit]]),
      );
    expect(of([])).toEqual({ boss: [311n, 311n], lead: [310n, 310n], a: [100n, 100n], b: [200n, 200n] });
    // Of a he takes over 50 only; what a himself sees stays.
    expect(of([entry("lead", "a", 50n)])).toEqual({
      boss: [311n, 261n],
      lead: [310n, 260n],
      a: [100n, 100n],
      b: [200n, 200n],
    });
    // He passes on 400 in all, and his boss makes 300 of it.
    expect(of([entry("lead", "lead", 400n)])["boss"]).toEqual([311n, 401n]);
    expect(of([entry("lead", "lead", 400n), entry("boss", "lead", 300n)])["boss"]).toEqual([311n, 301n]);
  });

  it("knows its days", () => {
    expect(periodDays("2028-02")).toEqual({ from: "2028-02-01", until: "2028-02-29" });
    expect(periodDays("2026-Q4")).toEqual({ from: "2026-10-01", until: "2026-12-31" });
    expect(periodDays("2026")).toEqual({ from: "2026-01-01", until: "2026-12-31" });
    expect(() => periodDays("2026-Q5")).toThrow(/quarter/);
    expect([quarterOf("2026-03-31"), nextQuarter("2026-Q4")]).toEqual(["2026-Q1", "2027-Q1"]);
  });
});

const minor = fc.bigInt({ min: -1000n, max: 1000n });
const tree = fc
  .array(
    fc.tuple(
      fc.nat(),
      fc.record({ omitted: minor, pipeline: minor, bestCase: minor, commit: minor, closed: minor }),
    ),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((nodes) =>
    nodes.map(
      ([above, own], at): Leaf => ({
        userId: `u${at}`,
        managerId: at === 0 || above % 7 === 0 ? null : `u${above % at}`,
        own,
      }),
    ),
  );

it("is the sum of its leaves after any change of the tree", () => {
  fc.assert(
    fc.property(tree, (leaves) => {
      const rolled = rollUp(leaves, []);
      const everything = leaves.reduce((sum, { own }) => plus(sum, own), NOTHING);
      const tops = leaves
        .filter(({ managerId }) => managerId === null)
        .map(({ userId }) => rolled.get(userId)!);
      for (const category of CATEGORIES) {
        expect(tops.reduce((sum, top) => sum + top.rollUp[category], 0n)).toBe(everything[category]);
        expect(tops.reduce((sum, top) => sum + top.adjusted[category], 0n)).toBe(everything[category]);
      }
    }),
    { seed: 46 },
  );
});
