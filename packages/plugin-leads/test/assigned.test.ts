import { crmCore } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { workflow } from "@corm/plugin-workflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storageAt, suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { leads } from "../src/index.js";
import { contactForm, openForm, visitor } from "./leads-crm.js";

const reused = reuse();

const make = (storage: ReturnType<typeof storageAt>, seed: number) =>
  createTestCrm({ storage, seed, plugins: [crmCore(), leads(), workflow()] });
type Test = Awaited<ReturnType<typeof make>>;

async function people({ me }: Test, name: string, count: number) {
  const team = await me.entities.team.create({ name });
  const users = await me.entities.user.createMany(
    Array.from({ length: count }, (_, n) => ({ name: `${name} ${n}` })),
  );
  await me.entities.teamMember.createMany(users.map(({ id }) => ({ teamId: team.id, userId: id })));
  return { team, ids: users.map(({ id }) => id) };
}

describe("people for leads", () => {
  let test: Test;
  beforeEach(async () => {
    test = await make(storageAt("sqlite::memory:"), 1);
  });
  afterEach(() => test.crm.stop());

  it("are looked for in the team that the form names, with the skills that the rule asks for", async () => {
    const { me } = test;
    const [desk, partners] = [await people(test, "Desk", 2), await people(test, "Partners", 3)];
    const skill = await me.entities.skill.create({ key: "de", name: "German" });
    const able = partners.ids[1] as string;
    await me.entities.userSkill.create({ userId: able, skillId: skill.id, level: 5 });
    await me.entities.assignmentRule.create({
      name: "All",
      target: "lead",
      teamId: desk.team.id,
      requires: [{ skill: "de", level: 3 }],
    });
    await me.entities.captureForm.create({ ...contactForm, teamId: partners.team.id });
    const browser = visitor(test);
    const token = await openForm({ ...test, browser } as never);
    await browser.post("contact", { lastName: "Ada", email: "ada@example.com", _token: token });
    const [made] = (await me.entities.lead.find()).items;
    expect(made).toMatchObject({ ownerId: able, teamId: partners.team.id });
    const [decision] = (await me.entities.assignmentDecision.find({ where: { recordId: made!.id } })).items;
    expect(new Map(decision!.considered.map((one) => [one.userId, one.passedOver]))).toEqual(
      new Map(partners.ids.map((id) => [id, id === able ? null : "skill:de"])),
    );
  });

  it("are not looked for where a lead comes with an owner, into a pool, or no rule is there", async () => {
    const { me } = test;
    const { team, ids } = await people(test, "Desk", 2);
    const pool = await me.entities.leadPool.create({ name: "Sea" });
    const capture = (lastName: string, rest: object = {}) =>
      me.entities.lead.capture({ values: { lastName }, channel: "phone", ...rest });
    const before = await capture("Early");
    expect(await me.entities.assignmentDecision.count()).toBe(0);
    await me.entities.assignmentRule.create({ name: "All", target: "lead", teamId: team.id });
    const owned = await capture("Owned", { ownerId: ids[1] });
    await me.entities.captureForm.create({ ...contactForm, poolId: pool.id });
    await me.entities.captureForm.submit({
      key: "contact",
      submissionId: "s1",
      values: { lastName: "Pooled", email: "p@example.com" },
    });
    expect(await me.entities.assignmentDecision.count()).toBe(0);
    const all = (await me.entities.lead.find({ orderBy: ["id"] })).items;
    expect(all.find(({ id }) => id === before.leadId)?.ownerId).toBe(null);
    expect(all.find(({ id }) => id === owned.leadId)?.ownerId).toBe(ids[1]);
    expect(all.find(({ poolId }) => poolId !== null)).toMatchObject({ ownerId: null, poolId: pool.id });
  });

  it("lose a lead that they let lie, though it was scored meanwhile; and scores refuse no editor", async () => {
    const { me } = test;
    const { team, ids } = await people(test, "Desk", 2);
    const model = await me.entities.scoringModel.create({
      name: "Standard",
      behaviour: [{ key: "visit", points: 15, on: "touchpoint", where: { channel: "web" } }],
    });
    await me.entities.scoringModel.activate(model.id);
    const rule = { name: "All", target: "lead", teamId: team.id, returnAfterMinutes: 60 };
    await me.entities.assignmentRule.create(rule);
    const values = { lastName: "Ada", email: "ada@example.com" };
    const { leadId } = await me.entities.lead.capture({ values, channel: "phone" });
    const given = await me.entities.lead.get(leadId!);
    await me.entities.lead.capture({ values, channel: "web" });
    await runJobs(test, { for: { minutes: 10 } });
    const scored = await me.entities.lead.get(leadId!);
    expect(scored).toMatchObject({ score: 15, version: given.version, ownerId: given.ownerId });
    await runJobs(test, { for: { minutes: 55 } });
    const returned = await me.entities.lead.get(leadId!);
    expect(ids).toContain(returned.ownerId);
    expect(returned.ownerId).not.toBe(given.ownerId);
    await me.entities.lead.capture({ values, channel: "web" });
    await runJobs(test);
    await me.entities.lead.update(leadId!, { notes: "called" }, { version: returned.version });
    expect(await me.entities.lead.get(leadId!)).toMatchObject({ score: 30, notes: "called" });
  });

  it("are looked for no more for a lead that waited for somebody and was put into a pool", async () => {
    const { me } = test;
    const { team, ids } = await people(test, "Desk", 1);
    const agent = await me.entities.agent.create({ userId: ids[0] as string, presence: "offline" });
    await me.entities.assignmentRule.create({ name: "All", target: "lead", teamId: team.id });
    const capture = async (lastName: string) =>
      (await me.entities.lead.capture({ values: { lastName }, channel: "phone" })).leadId as string;
    const [pooled, waits] = [await capture("Pooled"), await capture("Waits")];
    const pool = await me.entities.leadPool.create({ name: "Sea" });
    await me.entities.leadPool.put({ poolId: pool.id, leadIds: [pooled] });
    await me.entities.agent.update(agent.id, { presence: "online" });
    await runJobs(test, { for: { minutes: 2 } });
    expect((await me.entities.lead.get(pooled)).ownerId).toBeNull();
    expect((await me.entities.lead.get(waits)).ownerId).toBe(ids[0]);
  });

  it("get leads of a pool by the rules, in its team and no more than its caps", async () => {
    const { me } = test;
    const [desk, sea] = [await people(test, "Desk", 1), await people(test, "Sea", 2)];
    await me.entities.assignmentRule.create({ name: "All", target: "lead", teamId: desk.team.id });
    const pool = await me.entities.leadPool.create({ name: "Sea", teamId: sea.team.id, maxHeld: 2 });
    const made = await me.entities.lead.createMany(
      Array.from({ length: 5 }, (_, n) => ({ lastName: `Lead ${n}` })),
    );
    const leadIds = made.map(({ id }) => id);
    await me.entities.leadPool.put({ poolId: pool.id, leadIds });
    const answer = await me.entities.leadPool.allot({ poolId: pool.id, leadIds });
    const counts = sea.ids.map((id) => answer.given.filter(({ userId }) => userId === id).length);
    expect(counts).toEqual([2, 2]);
    expect(answer.refused).toEqual([{ leadId: expect.any(String), reason: "nobody", until: null }]);
    expect(await me.entities.leadHolding.count({ endedAt: null })).toBe(4);
    // It waits in the pool, and in no list that gives it away a minute later.
    expect(await me.entities.assignmentWaiting.count()).toBe(0);
    const why = await me.entities.assignmentDecision.find({ where: { outcome: "waiting" } });
    expect(why.items[0]?.considered.map(({ passedOver }) => passedOver)).toEqual(["capped", "capped"]);
    const rest = await me.entities.leadPool.allot({
      poolId: pool.id,
      leadIds: [answer.refused[0]!.leadId],
      beyondCaps: true,
    });
    expect(rest.given).toHaveLength(1);
  });
});

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("200 leads that are captured at one moment go to 5 people in turn: nobody gets two more than another", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: Test[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 3); seed++) apps.push(await make(storageAt(url), seed));
      const [{ me }] = apps as [Test];
      try {
        const team = await me.entities.team.create({ name: "Desk" });
        const users = await me.entities.user.createMany(
          Array.from({ length: 5 }, (_, n) => ({ name: `Rep ${n}` })),
        );
        await me.entities.teamMember.createMany(users.map(({ id }) => ({ teamId: team.id, userId: id })));
        const model = await me.entities.scoringModel.create({
          name: "Standard",
          fit: [{ key: "software", points: 50, where: { industry: "software" } }],
        });
        await me.entities.scoringModel.activate(model.id);
        // By the score: leads are scored before they are given out.
        await me.entities.assignmentRule.create({
          name: "Hot",
          target: "lead",
          teamId: team.id,
          where: { score: { gte: 50 } },
        });
        // As many at once as there are connections: all 200 would wait for one too long on a busy machine.
        const numbers = Array.from({ length: 200 }, (_, n) => n).values();
        const captured: boolean[] = [];
        const lane = async ({ me: own }: Test) => {
          for (const n of numbers) {
            const values = { lastName: `Lead ${n}`, email: `lead${n}@example.com`, industry: "software" };
            captured.push((await own.entities.lead.capture({ values, channel: "form" })).created);
          }
        };
        await Promise.all(Array.from({ length: 24 }, (_, n) => lane(apps[n % apps.length] as Test)));
        expect(captured).toEqual(Array(200).fill(true));
        const counts: number[] = [];
        for (const { id } of users) counts.push(await me.entities.lead.count({ ownerId: id }));
        expect(counts.reduce((sum, n) => sum + n, 0)).toBe(200);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        const decided = await me.entities.assignmentDecision.find({
          where: { cause: "created" },
          limit: 500,
        });
        expect(decided.items).toHaveLength(200);
        expect(decided.items.every(({ considered }) => considered.length === 5)).toBe(true);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 240_000);
  });
}
