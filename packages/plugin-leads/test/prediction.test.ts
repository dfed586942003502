import { crmCore, definePlugin, extendEntity, Type } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lead, leads } from "../src/index.js";
import { seededNumbers } from "../src/learning/random.js";

const seats = definePlugin({
  name: "seats",
  version: "0.1.0",
  corm: "^0.1",
  requires: { leads: "^0.1" },
  setup: () => ({
    extends: { lead: extendEntity(lead, { fields: { seats: Type.Optional(Type.Integer()) } }) },
  }),
});
const make = () => createTestCrm({ plugins: [crmCore(), leads(), seats()] });
let test: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  test = await make();
});
afterEach(() => test.crm.stop());

/** Closed leads, of whom those in software with many seats were won more often. */
async function history(count: number, decide: (chance: number) => number = (chance) => chance) {
  const random = seededNumbers(4);
  const system = test.crm.system({ tenant: "test", reason: "history" });
  for (let start = 0; start < count; start += 200) {
    const rows = Array.from({ length: Math.min(200, count - start) }, (_, i) => {
      const industry = random() < 0.5 ? "software" : "farming";
      const size = Math.floor(random() * 100);
      const chance = 0.1 + (industry === "software" ? 0.4 : 0) + size / 250;
      const won = random() < decide(chance);
      return {
        lastName: `Person ${start + i}`,
        industry,
        seats: size,
        status: won ? ("converted" as const) : ("unqualified" as const),
        convertedAt: won ? test.me.now() : null,
      };
    });
    await system.entities.lead.createMany(rows);
  }
}

it("refuses to learn from too little, and says how much there is", async () => {
  await history(60);
  const refused = test.me.entities.predictiveModel.train({});
  await expect(refused).rejects.toMatchObject({ code: "too-few-outcomes", status: 422 });
  await expect(refused).rejects.toThrow(
    /\d+ leads were converted and \d+ were unqualified; a model needs 50 of each/,
  );
});

it("trains in a job, keeps how good the model is, and judges open leads with reasons", async () => {
  const { me } = test;
  await history(600);
  const open = await me.entities.lead.create({ lastName: "Ada", industry: "software", seats: 90 });
  const other = await me.entities.lead.create({ lastName: "Bob", industry: "farming", seats: 1 });
  expect(await me.entities.lead.explainScore(open.id)).toMatchObject({
    judgedBy: "rules",
    probability: null,
  });

  const { won, lost } = await me.entities.predictiveModel.train({});
  expect(won + lost).toBe(600);
  await runJobs(test);
  const { items } = await me.entities.predictiveModel.find();
  expect(items).toHaveLength(1);
  const [model] = items;
  expect(model).toMatchObject({ number: 1, status: "active", won, lost, learner: expect.any(String) });
  expect(model!.auc).toBeGreaterThan(0.65);
  expect(model!.brier).toBeLessThan(model!.baseBrier);
  expect(model!.calibration).toHaveLength(10);
  expect(model!.calibration.reduce((sum, { count }) => sum + count, 0)).toBe(600);
  for (const { predicted, observed } of model!.calibration)
    expect(Math.abs(predicted - observed)).toBeLessThan(0.25);
  expect(model!.columns.map(({ name }) => name)).toContain("seats");
  expect(model!.columns.map(({ name }) => name)).not.toContain("score");

  const [ada, bob] = [
    await me.entities.lead.explainScore(open.id),
    await me.entities.lead.explainScore(other.id),
  ];
  expect(ada.judgedBy).toBe("model");
  expect(ada.probability).toBeGreaterThan(0.6);
  expect(bob.probability).toBeLessThan(0.3);
  expect(
    ada.contributions
      .slice(0, 2)
      .map(({ field }) => field)
      .sort(),
  ).toEqual(["industry", "seats"]);
  expect(ada.contributions.every(({ effect }) => Number.isFinite(effect))).toBe(true);
  // A new one is judged at once; a changed one by a job.
  const late = await me.entities.lead.create({ lastName: "Eve", industry: "software", seats: 95 });
  expect((await me.entities.lead.explainScore(late.id)).probability).toBeGreaterThan(0.6);
  await me.entities.lead.update(late.id, { industry: "farming", seats: 0 });
  await runJobs(test);
  expect((await me.entities.lead.explainScore(late.id)).probability).toBeLessThan(0.3);
});

it("trains again every week, with a number of its own, and keeps what was", async () => {
  const { me } = test;
  await history(300);
  await me.entities.predictiveModel.train({ fields: ["industry", "seats"] });
  await runJobs(test, { for: { days: 7 } });
  const { items } = await me.entities.predictiveModel.find({ orderBy: ["number"] });
  expect(items.map(({ number, status, columns }) => [number, status, columns.length])).toEqual([
    [1, "superseded", 2],
    [2, "active", 2],
  ]);
});

it("keeps a model that knows nothing from judging: rules go on alone", async () => {
  const { me } = test;
  await history(400, () => 0.5);
  await me.entities.predictiveModel.train({ fields: ["industry"] });
  await runJobs(test);
  const { items } = await me.entities.predictiveModel.find();
  expect(items[0]).toMatchObject({ status: "rejected", slot: null });
  const { id } = await me.entities.lead.create({ lastName: "Ada" });
  expect(await me.entities.lead.explainScore(id)).toMatchObject({ judgedBy: "rules", probability: null });
});

it("learns from nothing that is known only later, or that is no kind of person", async () => {
  const { me } = test;
  await history(300);
  for (const name of ["score", "convertedAt", "status", "email", "lastName", "nonsense", "id"])
    await expect(me.entities.predictiveModel.train({ fields: [name] }), name).rejects.toMatchObject({
      code: "prediction-field-unusable",
    });
  const model = { number: 9, status: "active", learner: "logistic" } as never;
  await expect(me.entities.predictiveModel.create(model)).rejects.toMatchObject({ code: "forbidden" });
});
