import { crmCore } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { leads, type ScoringModelInput } from "../src/index.js";

const make = (options: { storage?: ReturnType<typeof storageAt>; seed?: number } = {}) =>
  createTestCrm({ ...options, plugins: [crmCore(), leads()] });
type Test = Awaited<ReturnType<typeof make>>;

const model: ScoringModelInput = {
  name: "Standard",
  fit: [
    { key: "software", label: "Works in software", points: 20, where: { industry: "software" } },
    { key: "free-mail", points: -10, where: { email: { endsWith: "@example.org" } } },
  ],
  behaviour: [
    { key: "visit", points: 16, on: "touchpoint", where: { channel: "web" }, halfLifeDays: 7, cap: 40 },
    { key: "call", points: 5, on: "activity", where: { kind: "call" } },
  ],
  thresholds: [
    { key: "warm", at: 30 },
    { key: "hot", at: 50 },
  ],
  profile: [
    { key: "industry", weight: 3, where: { industry: "software" } },
    { key: "reachable", weight: 1, where: { phone: { isNull: false } } },
  ],
};

async function crossed(me: Test["me"]) {
  const { items } = await me.changes({ limit: 500 });
  return items
    .filter(({ event }) => event === "lead.scoreCrossed")
    .map(({ payload }) => payload as { threshold: string; direction: string; score: number })
    .map(({ threshold, direction, score }) => `${direction} ${threshold} ${score}`);
}

describe("scoring by rules", () => {
  let test: Test;
  beforeEach(async () => {
    test = await make();
    const made = await test.me.entities.scoringModel.create(model);
    await test.me.entities.scoringModel.activate(made.id);
    await runJobs(test);
  });
  afterEach(() => test.crm.stop());
  const visit = (leadId: string, capturedAt = test.me.now()) =>
    test.me.entities.touchpoint.create({ leadId, channel: "web", capturedAt });
  const stateOf = async (id: string) => {
    const { score, grade } = await test.me.entities.lead.get(id);
    return [score, grade];
  };

  it("scores a new lead in the transaction that makes it", async () => {
    const { me } = test;
    const one = await me.entities.lead.create({ lastName: "Ada", industry: "software", phone: "1" });
    expect(await stateOf(one.id)).toEqual([20, "A"]);
    const two = await me.entities.lead.create({ lastName: "Bob", email: "bob@example.org" });
    expect(await stateOf(two.id)).toEqual([-10, "D"]);
    expect(await me.entities.lead.explainScore(one.id)).toMatchObject({
      score: 20,
      items: [{ rule: "software", label: "Works in software", points: 20, part: "fit" }],
      reasons: [
        { criterion: "industry", met: true },
        { criterion: "reachable", met: true },
      ],
      current: true,
    });
  });

  it("judges of leads that are merged the survivor, by an account that is its own", async () => {
    const { me } = test;
    const ada = await me.entities.lead.create({ lastName: "Ada", phone: "1" });
    const twin = await me.entities.lead.create({ lastName: "Ada", industry: "software" });
    await visit(twin.id);
    await runJobs(test);
    const sum = async (leadId: string) =>
      (await me.entities.scoreChange.find({ where: { leadId } })).items.reduce(
        (all, { delta }) => all + delta,
        0,
      );
    const before = [await stateOf(ada.id), await stateOf(twin.id)];
    expect(before).toEqual([
      [0, "D"],
      [36, "B"],
    ]);
    const { mergeId } = await me.entities.lead.merge({ survivorId: ada.id, ids: [twin.id] });
    expect(await sum(ada.id)).toBe((await me.entities.lead.get(ada.id)).score);
    await me.entities.lead.score(ada.id, {});
    expect(await stateOf(ada.id)).toEqual([36, "A"]);
    expect(await sum(ada.id)).toBe(36);
    await me.entities.lead.unmerge({ mergeId });
    for (const { id } of [ada, twin]) await me.entities.lead.score(id, {});
    expect([await stateOf(ada.id), await stateOf(twin.id)]).toEqual(before);
    expect([await sum(ada.id), await sum(twin.id)]).toEqual([0, 36]);
  });

  it("counts events, which fade, up to a cap; and tells of each crossing once", async () => {
    const { me, clock } = test;
    const { id } = await me.entities.lead.create({ lastName: "Ada", industry: "software" });
    await visit(id);
    await runJobs(test);
    expect(await stateOf(id)).toEqual([36, "B"]);
    await visit(id);
    await visit(id);
    await runJobs(test);
    // 3 × 16 is over the cap of 40.
    expect(await stateOf(id)).toEqual([60, "B"]);
    expect(await crossed(me)).toEqual(["up warm 36", "up hot 60"]);
    await me.entities.lead.score(id);
    expect((await crossed(me)).length).toBe(2);
    clock.advance({ days: 7 });
    expect(await me.entities.lead.explainScore(id)).toMatchObject({ score: 60, current: false });
    await runJobs(test, { for: { days: 1 } });
    expect((await me.entities.lead.get(id)).score).toBeLessThan(50);
    expect((await crossed(me)).slice(2)).toEqual([expect.stringMatching(/^down hot 4\d$/)]);
    const changes = (await me.entities.scoreChange.find({ where: { leadId: id } })).items;
    const sum = changes.reduce((total, { delta }) => total + delta, 0);
    expect(sum).toBe((await me.entities.lead.get(id)).score);
  });

  it("does not count what has not happened yet, and what is not of the rule", async () => {
    const { me } = test;
    const { id } = await me.entities.lead.create({ lastName: "Ada" });
    await visit(id, "2027-01-01T00:00:00Z");
    await me.entities.activity.create({ leadId: id, kind: "call", subject: "planned" });
    await me.entities.activity.create({ leadId: id, kind: "email", subject: "sent", doneAt: me.now() });
    await runJobs(test);
    expect(await stateOf(id)).toEqual([0, "D"]);
    const call = (await me.entities.activity.find({ where: { kind: "call" } })).items[0];
    await me.entities.activity.update(call!.id, { doneAt: me.now() });
    await runJobs(test);
    expect(await stateOf(id)).toEqual([5, "D"]);
  });

  it("follows changes of the lead and of the model, and leaves leads that are closed", async () => {
    const { me } = test;
    const open = await me.entities.lead.create({ lastName: "Ada" });
    const closed = await me.entities.lead.create({ lastName: "Bob", status: "unqualified" });
    await me.entities.lead.update(open.id, { industry: "software" });
    await runJobs(test);
    expect(await stateOf(open.id)).toEqual([20, "B"]);
    const other = await me.entities.scoringModel.create({
      name: "Other",
      fit: [{ key: "all", points: 7, where: {} }],
    });
    await me.entities.scoringModel.activate(other.id);
    await runJobs(test);
    expect(await stateOf(open.id)).toEqual([7, null]);
    expect(await stateOf(closed.id)).toEqual([0, null]);
    expect((await me.entities.scoringModel.find({ where: { status: "active" } })).items).toHaveLength(1);
    await me.entities.scoringModel.update(other.id, { fit: [{ key: "all", points: 9, where: {} }] });
    await runJobs(test);
    expect(await stateOf(open.id)).toEqual([9, null]);
    const sum = (await me.entities.scoreChange.find({ where: { leadId: open.id } })).items;
    expect(sum.reduce((total, { delta }) => total + delta, 0)).toBe(9);
  });

  it("scores many leads in batches", async () => {
    const { me } = test;
    for (let batch = 0; batch < 2; batch++)
      await me.entities.lead.createMany(
        Array.from({ length: 230 }, (_, n) => ({
          lastName: `${batch} ${n}`,
          industry: n % 2 ? "software" : "x",
        })),
      );
    expect(await me.entities.lead.count({ score: 20 })).toBe(230);
    const other = await me.entities.scoringModel.create({
      name: "O",
      fit: [{ key: "a", points: 3, where: {} }],
    });
    await me.entities.scoringModel.activate(other.id);
    const ends = await runJobs(test);
    expect(ends.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(
      Array(3).fill("leads.recomputeScores done"),
    );
    expect(await me.entities.lead.count({ score: 3 })).toBe(460);
  });

  it("refuses rules that cannot be answered, and scores that somebody writes", async () => {
    const { me } = test;
    const create = (rest: Partial<ScoringModelInput>) =>
      me.entities.scoringModel.create({ name: "Bad", ...rest });
    const refused = { code: "invalid-scoring-rule" };
    await expect(create({ fit: [{ key: "a", points: 1, where: { nonsense: 1 } }] })).rejects.toMatchObject(
      refused,
    );
    await expect(create({ behaviour: [{ key: "a", points: 1, on: "account" }] })).rejects.toMatchObject(
      refused,
    );
    await expect(
      create({ behaviour: [{ key: "a", points: 1, on: "activity", at: "subject" }] }),
    ).rejects.toMatchObject(refused);
    await expect(
      create({
        fit: [
          { key: "a", points: 1, where: {} },
          { key: "a", points: 1, where: {} },
        ],
      }),
    ).rejects.toMatchObject(refused);
    await expect(create({ grades: { A: 0.2, B: 0.6, C: 0.4 } })).rejects.toMatchObject(refused);
    await expect(create({ status: "active" })).rejects.toMatchObject({
      code: "scoring-model-status-reserved",
    });
    const { id } = await me.entities.lead.create({ lastName: "Ada" });
    const judged = (await me.entities.leadScore.find({ where: { leadId: id } })).items[0];
    await expect(me.entities.leadScore.update(judged!.id, { score: 99 })).rejects.toMatchObject({
      code: "forbidden",
    });
    await me.entities.lead.purge(id);
    expect(await me.entities.leadScore.count({ leadId: id })).toBe(0);
  });
});

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("tells once of a crossing that many events make at one moment", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: Test[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 3); seed++)
        apps.push(await make({ storage: storageAt(url), seed }));
      const [{ me } = {} as Test] = apps;
      try {
        const made = await me.entities.scoringModel.create({
          ...model,
          behaviour: [{ key: "visit", points: 4, on: "touchpoint" }],
        });
        await me.entities.scoringModel.activate(made.id);
        const { id } = await me.entities.lead.create({ lastName: "Ada" });
        await Promise.all(
          Array.from({ length: 15 }, (_, n) =>
            apps[n % apps.length]!.me.entities.touchpoint.create({
              leadId: id,
              channel: "web",
              capturedAt: me.now(),
            }),
          ),
        );
        await Promise.all(apps.map(({ crm }) => crm.worker({ concurrency: 4 }).run()));
        expect((await me.entities.lead.get(id)).score).toBe(60);
        expect((await crossed(me)).map((text) => text.replace(/ \d+$/, ""))).toEqual(["up warm", "up hot"]);
        const changes = (await me.entities.scoreChange.find({ where: { leadId: id } })).items;
        expect(changes.reduce((total, { delta }) => total + delta, 0)).toBe(60);
        const dead = await me.jobs.list({ state: "dead" });
        expect(dead.items).toEqual([]);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 60_000);
  });
}
