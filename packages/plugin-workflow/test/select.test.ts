import {
  type Candidate,
  FIRST_TURN,
  type Strategy,
  select,
  type Turn,
  type Work,
} from "@corm/plugin-workflow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const person = (userId: string, rest: Partial<Candidate> = {}): Candidate => ({
  userId,
  unavailable: null,
  open: 0,
  capacity: null,
  given: 0,
  quota: null,
  weight: 1,
  skills: new Map(),
  ...rest,
});
const any: Work = { requires: [], prefers: [], excludes: [] };

/** Gives `count` records one after another; loads move on as they do when records are assigned. */
function give(strategy: Strategy, people: readonly Candidate[], count: number, work = any) {
  const state = new Map(people.map((one) => [one.userId, one]));
  let turn: Turn = FIRST_TURN;
  const got: (string | null)[] = [];
  for (let n = 0; n < count; n++) {
    const choice = select(strategy, [...state.values()], work, turn);
    turn = choice.turn;
    got.push(choice.userId);
    const own = choice.userId === null ? undefined : state.get(choice.userId);
    if (own) state.set(own.userId, { ...own, open: own.open + 1, given: own.given + 1 });
  }
  return { got, turn, of: (id: string) => got.filter((userId) => userId === id).length };
}

describe("round robin", () => {
  it("gives 7 records to 3 people as 3, 2 and 2", () => {
    const { of } = give(
      "roundRobin",
      ["a", "b", "c"].map((id) => person(id)),
      7,
    );
    expect([of("a"), of("b"), of("c")]).toEqual([3, 2, 2]);
  });

  it("is fair to one record, whatever the order of the candidates and wherever it begins", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 9 }),
        fc.nat(60),
        fc.nat(9),
        (ids, count, start) => {
          const people = ids.map((id) => person(id));
          const turn = { last: ids[start % ids.length] as string, credits: {} };
          expect(select("roundRobin", people, any, turn)).toEqual(
            select("roundRobin", [...people].reverse(), any, turn),
          );
          const { of, got } = give("roundRobin", people, count);
          const counts = ids.map(of);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(got).not.toContain(null);
        },
      ),
    );
  });

  it("goes on after somebody who is not there any more", () => {
    const choice = select("roundRobin", [person("a"), person("c")], any, { last: "b", credits: {} });
    expect(choice.userId).toBe("c");
  });
});

describe("load balanced", () => {
  it("gives to whom has least of what he can have, and goes round among equals", () => {
    const people = [
      person("a", { open: 3, capacity: 10 }),
      person("b", { open: 1, capacity: 2 }),
      person("c", { open: 5, capacity: 20 }),
    ];
    expect(select("loadBalanced", people, any, FIRST_TURN).userId).toBe("c");
    expect(give("loadBalanced", [person("a"), person("b"), person("c", { open: 2 })], 5).got).toEqual([
      "a",
      "b",
      "a",
      "b",
      "c",
    ]);
  });
});

describe("weighted", () => {
  it("gives shares by weight, evenly spread, and nothing for no weight", () => {
    const people = [person("a", { weight: 5 }), person("b"), person("c"), person("d", { weight: 0 })];
    const { got, of, turn } = give("weighted", people, 70);
    expect([of("a"), of("b"), of("c"), of("d")]).toEqual([50, 10, 10, 0]);
    expect(got.slice(0, 7)).toEqual(["a", "a", "b", "a", "c", "a", "a"]);
    // A durable turn does not grow.
    expect(Object.values(turn.credits).reduce((sum, credit) => sum + credit, 0)).toBe(0);
    const last = select("weighted", people, any, turn).considered.find(({ userId }) => userId === "d");
    expect(last?.passedOver).toBe("no-weight");
  });
});

describe("whoever cannot", () => {
  const people = [
    person("absent", { unavailable: "absent" }),
    person("full", { open: 2, capacity: 2 }),
    person("quota", { given: 5, quota: 5 }),
    person("novice", { skills: new Map([["german", 2]]) }),
    person("taken"),
    person("expert", { skills: new Map([["german", 7]]) }),
    person("other", { skills: new Map([["german", 9]]) }),
  ];
  const work = { requires: [{ skill: "german", level: 5 }], prefers: [], excludes: ["taken"] };

  it("is passed over for a reason that is told", () => {
    const choice = select("roundRobin", people, work, FIRST_TURN);
    expect(choice.userId).toBe("expert");
    expect(
      Object.fromEntries(choice.considered.map(({ userId, passedOver }) => [userId, passedOver])),
    ).toEqual({
      absent: "absent",
      full: "skill:german",
      quota: "skill:german",
      novice: "skill:german",
      taken: "excluded",
      expert: null,
      other: "not-in-turn",
    });
    const plain = select("roundRobin", people.slice(1, 3), any, FIRST_TURN);
    expect([plain.userId, plain.by, plain.considered.map(({ passedOver }) => passedOver)]).toEqual([
      null,
      null,
      ["full", "quota"],
    ]);
    expect(plain.turn).toBe(FIRST_TURN);
  });

  it("is never given anything: no capacity or quota is exceeded", () => {
    const one = fc.record({
      open: fc.nat(5),
      capacity: fc.option(fc.nat(8)),
      given: fc.nat(5),
      quota: fc.option(fc.nat(8)),
      weight: fc.nat(4),
      unavailable: fc.constantFrom(null, null, "absent" as const, "offline" as const),
    });
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 6 }),
        fc.constantFrom<Strategy>("roundRobin", "loadBalanced", "weighted"),
        fc.nat(40),
        (rest, strategy, count) => {
          const group = rest.map((each, n) => person(`u${n}`, each));
          const { of } = give(strategy, group, count);
          for (const { userId, capacity, open, quota, given, unavailable } of group) {
            if (unavailable !== null) expect(of(userId)).toBe(0);
            if (of(userId) === 0) continue;
            if (capacity !== null) expect(open + of(userId)).toBeLessThanOrEqual(capacity);
            if (quota !== null) expect(given + of(userId)).toBeLessThanOrEqual(quota);
          }
        },
      ),
    );
  });
});

it("who is preferred comes first while he can, and takes nobody's turn", () => {
  const turn = { last: "a", credits: {} };
  const prefers = { ...any, prefers: ["gone", "c"] };
  const choice = select(
    "roundRobin",
    ["a", "b", "c"].map((id) => person(id)),
    prefers,
    turn,
  );
  expect([choice.userId, choice.by, choice.turn]).toEqual(["c", "preferred", turn]);
  const full = [person("a"), person("b"), person("c", { capacity: 0 })];
  expect(select("roundRobin", full, prefers, turn).userId).toBe("b");
});
