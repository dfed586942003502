import { importRecords } from "@corm/core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Me, type SalesCrm, salesCrm, usd, visitsOf } from "./support.js";

let test: SalesCrm;
let me: Me;
beforeEach(async () => {
  test = await salesCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

describe("the stage history", () => {
  it("has a visit per stay, each ending when the next begins", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A", amount: usd("10") });
    test.clock.advance({ hours: 2 });
    await me.entities.opportunity.update(id, {
      stage: "proposal",
      amount: usd("20"),
      closeDate: "2026-03-01",
    });
    test.clock.advance({ minutes: 1 });
    await me.entities.opportunity.update(id, { stage: "prospecting" });
    test.clock.advance({ days: 1 });
    await me.entities.opportunity.update(id, { stage: "lost" });
    const at = (text: string) => `2026-01-0${text}.000Z`;
    const actor = "user:00000000-0000-7000-8000-000000000001";
    expect(await visitsOf(me, id)).toMatchObject([
      {
        seq: 1,
        stage: "prospecting",
        enteredAt: at("5T09:00:00"),
        leftAt: at("5T11:00:00"),
        elapsedSeconds: 7200,
        backward: false,
        actor,
        amount: usd("10.00"),
        probability: 10,
        closeDate: null,
      },
      {
        seq: 2,
        stage: "proposal",
        enteredAt: at("5T11:00:00"),
        leftAt: at("5T11:01:00"),
        elapsedSeconds: 60,
        backward: false,
        amount: usd("20.00"),
        probability: 50,
        closeDate: "2026-03-01",
      },
      { seq: 3, stage: "prospecting", leftAt: at("6T11:01:00"), elapsedSeconds: 86_400, backward: true },
      {
        seq: 4,
        stage: "lost",
        enteredAt: at("6T11:01:00"),
        leftAt: null,
        elapsedSeconds: null,
        backward: false,
      },
    ]);
  });

  it("writes nothing for a change that is no move", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A" });
    await me.entities.opportunity.update(id, { name: "B", stage: "prospecting", amount: usd("1") });
    expect(await visitsOf(me, id)).toHaveLength(1);
  });

  it("covers bulk changes and imports, and begins when the record was made", async () => {
    const rows = [1, 2, 3].map((row) => ({
      row,
      input: {
        name: `O${row}`,
        externalId: `o${row}`,
        stage: "won",
        openedOn: "2017-01-01",
        closeDate: "2017-02-01",
      },
    }));
    await importRecords(me.entities.opportunity, rows, { key: ["externalId"] });
    test.clock.advance({ seconds: 30 });
    await importRecords(me.entities.opportunity, rows, { key: ["externalId"] });
    await me.entities.opportunity.updateWhere({ externalId: { in: ["o1", "o3"] } }, { stage: "lost" });
    const all = await me.entities.stageVisit.find({ orderBy: ["opportunityId", "seq"] });
    expect(all.items.map(({ seq, stage, enteredAt, leftAt }) => [seq, stage, enteredAt, leftAt])).toEqual([
      [1, "won", "2026-01-05T09:00:00.000Z", "2026-01-05T09:00:30.000Z"],
      [2, "lost", "2026-01-05T09:00:30.000Z", null],
      [1, "won", "2026-01-05T09:00:00.000Z", null],
      [1, "won", "2026-01-05T09:00:00.000Z", "2026-01-05T09:00:30.000Z"],
      [2, "lost", "2026-01-05T09:00:30.000Z", null],
    ]);
  });

  it("cannot be edited, but goes with its opportunity", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A" });
    const [visit] = await visitsOf(me, id);
    const { stageVisit } = me.entities;
    const refused = { code: "stage-history-is-append-only" };
    const { id: _, tenantId, createdAt, updatedAt, version, deletedAt, ...copy } = visit!;
    const system = test.crm.system({ tenant: "test", reason: "a test" }).entities.stageVisit;
    await expect(stageVisit.create({ ...copy, seq: 2 })).rejects.toMatchObject(refused);
    await expect(system.create({ ...copy, seq: 2 })).rejects.toMatchObject(refused);
    await expect(stageVisit.update(visit!.id, { leftAt: "2030-01-01T00:00:00Z" })).rejects.toMatchObject(
      refused,
    );
    await expect(stageVisit.delete(visit!.id)).rejects.toMatchObject(refused);
    await expect(stageVisit.purge(visit!.id)).rejects.toMatchObject(refused);
    await me.entities.opportunity.delete(id);
    expect(await stageVisit.count()).toBe(0);
    await me.entities.opportunity.restore(id);
    expect(await stageVisit.count()).toBe(1);
    await me.entities.opportunity.update(id, { stage: "won" });
    expect((await visitsOf(me, id)).map((each) => each.seq)).toEqual([1, 2]);
    await me.entities.opportunity.purge(id);
    expect((await stageVisit.find({ withDeleted: true })).items).toEqual([]);
  });

  it("leaves with the transaction that made it", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A" });
    const failing = me.transaction(async (tx) => {
      await tx.entities.opportunity.update(id, { stage: "won" });
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await visitsOf(me, id)).toHaveLength(1);
  });

  it("never ends before it began, also when the clock is set back", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A" });
    test.clock.advance({ hours: -5 });
    await me.entities.opportunity.update(id, { stage: "won" });
    const [first, second] = await visitsOf(me, id);
    expect(first).toMatchObject({ leftAt: first?.enteredAt, elapsedSeconds: 0 });
    expect(second?.enteredAt).toBe(first?.enteredAt);
  });
});

const KEYS = ["prospecting", "qualification", "proposal", "negotiation", "won", "lost"];

type Step =
  | { readonly do: "move"; readonly who: number; readonly to: string }
  | { readonly do: "bulk"; readonly from: string; readonly to: string }
  | { readonly do: "import"; readonly to: readonly string[] }
  | { readonly do: "abort"; readonly who: number; readonly to: string };

const key = fc.constantFrom(...KEYS);
const who = fc.nat({ max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("move" as const), who, to: key }) },
  fc.record({ do: fc.constant("bulk" as const), from: key, to: key }),
  fc.record({ do: fc.constant("import" as const), to: fc.array(key, { minLength: 3, maxLength: 3 }) }),
  fc.record({ do: fc.constant("abort" as const), who, to: key }),
);

it("keeps its invariants whatever the sequence of moves", async () => {
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat({ max: 100_000 })), { maxLength: 15 }), async (steps) => {
      const session = test.inTenant(`t${round++}`);
      const { opportunity } = session.entities;
      const rows = await opportunity.createMany(
        [0, 1, 2].map((i) => ({ name: `O${i}`, externalId: `${i}` })),
      );
      // What the history should say: the stages of each opportunity, without repeats.
      const expected = rows.map(() => ["prospecting"]);
      const note = (i: number, to: string) => {
        if (expected[i]?.at(-1) !== to) expected[i]?.push(to);
      };
      for (const [action, pause] of steps) {
        test.clock.advance(pause);
        if (action.do === "move") {
          await opportunity.update(rows[action.who]!.id, { stage: action.to });
          note(action.who, action.to);
        } else if (action.do === "bulk") {
          await opportunity.updateWhere({ stage: action.from }, { stage: action.to });
          expected.forEach((stages, i) => {
            if (stages.at(-1) === action.from) note(i, action.to);
          });
        } else if (action.do === "import") {
          await opportunity.upsertMany(
            action.to.map((stage, i) => ({ name: `O${i}`, externalId: `${i}`, stage })),
            ["externalId"],
          );
          action.to.forEach((stage, i) => {
            note(i, stage);
          });
        } else {
          const aborted = session.transaction(async (tx) => {
            await tx.entities.opportunity.update(rows[action.who]!.id, { stage: action.to });
            throw new Error("aborted");
          });
          await expect(aborted).rejects.toThrow("aborted");
        }
      }
      for (const [i, { id }] of rows.entries()) {
        const visits = await visitsOf(session, id);
        expect(visits.map((visit) => visit.stage)).toEqual(expected[i]);
        expect(visits.map((visit) => visit.seq)).toEqual(visits.map((_, n) => n + 1));
        visits.forEach((visit, n) => {
          expect(visit.leftAt).toBe(visits[n + 1]?.enteredAt ?? null);
          const elapsed = visit.leftAt && (Date.parse(visit.leftAt) - Date.parse(visit.enteredAt)) / 1000;
          expect(visit.elapsedSeconds).toBe(elapsed);
          const before = KEYS.indexOf(visits[n - 1]?.stage ?? visit.stage);
          const after = KEYS.indexOf(visit.stage);
          expect(visit.backward).toBe(after < 4 && after < before);
        });
        expect((await opportunity.get(id)).stage).toBe(expected[i]?.at(-1));
      }
    }),
    { numRuns: 40 },
  );
});
