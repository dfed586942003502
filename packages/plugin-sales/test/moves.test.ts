import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Me, type SalesCrm, salesCrm, usd, visitsOf } from "./support.js";

let test: SalesCrm;
let me: Me;
beforeEach(async () => {
  test = await salesCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

const codes = async (work: Promise<unknown>) => {
  const error = (await work.catch((caught) => caught)) as { issues?: { pointer: string; code: string }[] };
  return error.issues?.map(({ pointer, code }) => `${pointer} ${code}`);
};
async function stageOf(key: string) {
  await me.entities.pipeline.ensureDefault();
  return (await me.entities.stage.first({ where: { key } }))!;
}

describe("a move", () => {
  it("names everything that is missing to leave a stage, whatever path it takes", async () => {
    const { opportunity, stage } = me.entities;
    await stage.update((await stageOf("qualification")).id, {
      requiredFields: ["amount", "closeDate"],
      checklist: [
        { key: "budget", label: "Budget is confirmed" },
        { key: "need", label: "Need is understood" },
      ],
    });
    const { id } = await opportunity.create({ name: "A", stage: "qualification", checked: ["need"] });
    const missing = ["/amount exit-field", "/closeDate exit-field", "/checked exit-checklist"];
    expect(await codes(opportunity.moveTo(id, { stage: "proposal" }))).toEqual(missing);
    expect(await codes(opportunity.update(id, { stage: "won" }))).toEqual([missing[0], missing[2]]);
    expect(await codes(opportunity.updateWhere({ id }, { stage: "proposal" }))).toEqual(missing);
    expect(
      await codes(opportunity.upsertMany([{ name: "A", externalId: "x" }], ["externalId"])),
    ).toBeUndefined();
    const refused = await opportunity.moveTo(id, { stage: "proposal" }).catch((error) => error);
    expect(JSON.stringify(refused.issues)).toContain('\\"Budget is confirmed\\" (budget)');
    // Back, and lost, asks for nothing.
    await opportunity.update(id, { stage: "prospecting" });
    await opportunity.update(id, { stage: "qualification" });
    const all = { amount: usd("5"), closeDate: "2026-03-01", checked: ["budget", "need"] };
    expect((await opportunity.moveTo(id, { stage: "proposal", ...all })).stage).toBe("proposal");
    const lost = await opportunity.create({ name: "B", stage: "qualification" });
    expect((await opportunity.moveTo(lost.id, { stage: "lost" })).status).toBe("lost");

    const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
    const { id: third } = await opportunity.create({ name: "C", stage: "qualification" });
    const answer = await createHttp(test.crm).request(`/api/opportunities/${third}/move-to`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ stage: "proposal" }),
    });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(await answer.json())).toContain("is needed to leave the stage");
  });

  it("wants the condition of the stage to hold of the record as it will be", async () => {
    const { opportunity, stage } = me.entities;
    const { id: stageId } = await stageOf("proposal");
    await stage.update(stageId, {
      condition: { amount: { gte: usd("1000") }, visits: { some: { stage: "qualification" } } },
    });
    const { id } = await opportunity.create({ name: "A", stage: "qualification", amount: usd("10") });
    await opportunity.moveTo(id, { stage: "proposal" });
    expect(await codes(opportunity.moveTo(id, { stage: "negotiation" }))).toEqual(["/stage exit-condition"]);
    expect((await opportunity.get(id)).stage).toBe("proposal");
    expect((await visitsOf(me, id)).at(-1)).toMatchObject({ stage: "proposal", leftAt: null });
    expect((await opportunity.moveTo(id, { stage: "negotiation", amount: usd("1000") })).stage).toBe(
      "negotiation",
    );
    const direct = await opportunity.create({ name: "B", stage: "proposal", amount: usd("5000") });
    expect(await codes(opportunity.moveTo(direct.id, { stage: "won" }))).toEqual(["/stage exit-condition"]);
    expect(await codes(stage.update(stageId, { condition: { nope: 1 } }))).toEqual([
      "/condition unknown-field",
    ]);
    expect(await codes(stage.update(stageId, { requiredFields: ["nope"] }))).toEqual([
      "/requiredFields unknown-field",
    ]);
  });

  it("keeps to the stages that may follow, and to the roles that may take it there", async () => {
    const { opportunity, stage } = me.entities;
    await stage.update((await stageOf("qualification")).id, { allowedNext: ["proposal", "lost"] });
    await stage.update((await stageOf("lost")).id, { roles: ["manager"] });
    const { id } = await opportunity.create({ name: "A", stage: "qualification" });
    const skipped = await opportunity.moveTo(id, { stage: "won" }).catch((error) => error);
    expect(skipped.issues).toEqual([
      {
        pointer: "/stage",
        code: "stage-not-allowed",
        message: '"won" does not follow on "qualification", which leads to proposal, lost',
      },
    ]);
    expect(await codes(opportunity.moveTo(id, { stage: "lost" }))).toEqual(["/stage stage-of-roles"]);
    const system = test.crm.system({ tenant: "test", reason: "a test" });
    expect((await system.entities.opportunity.moveTo(id, { stage: "lost" })).status).toBe("lost");
  });

  it("says why it was won or lost, where the pipeline wants to know", async () => {
    const { opportunity, pipeline } = me.entities;
    const { id: pipelineId } = await pipeline.ensureDefault();
    await pipeline.update(pipelineId, { reasons: { lost: ["Price", "No budget"], won: [] } });
    const { id } = await opportunity.create({ name: "A" });
    expect(await codes(opportunity.moveTo(id, { stage: "lost" }))).toEqual(["/closeReason reason-needed"]);
    expect(await codes(opportunity.moveTo(id, { stage: "lost", closeReason: "Weather" }))).toEqual([
      "/closeReason reason-unknown",
    ]);
    expect(await codes(opportunity.create({ name: "B", stage: "won" }))).toEqual([
      "/closeReason reason-needed",
    ]);
    await opportunity.moveTo(id, { stage: "lost", closeReason: "Price" });
    await opportunity.update(id, { stage: "proposal" });
    expect((await opportunity.get(id)).closeReason).toBeNull();
    await opportunity.moveTo(id, { stage: "won", closeReason: "Best service" });
  });
});

it("counts working time in stages, and says what has been in one for too long", async () => {
  const { opportunity, pipeline, stage, calendar } = me.entities;
  const day: [string, string][] = [["09:00", "17:00"]];
  const office = await calendar.create({
    name: "Office",
    timeZone: "Europe/Berlin",
    week: { mon: day, tue: day, wed: day, thu: day, fri: day },
    holidays: ["2026-01-06"],
  });
  const { id: pipelineId } = await pipeline.ensureDefault();
  await pipeline.update(pipelineId, { calendarId: office.id });
  await stage.update((await stageOf("proposal")).id, { staleAfterHours: 16 });
  // Monday 10:00 in Berlin; Tuesday is a holiday.
  const { id } = await opportunity.create({ name: "A", stage: "proposal" });
  expect((await opportunity.get(id)).staleAt).toBe("2026-01-08T09:00:00.000Z");
  const stale = () => opportunity.count({ status: "open", staleAt: { lte: me.now() } });
  expect(await stale()).toBe(0);
  test.clock.set("2026-01-08T09:00:00Z");
  expect(await stale()).toBe(1);
  test.clock.set("2026-01-12T10:30:00Z");
  await opportunity.moveTo(id, { stage: "negotiation" });
  expect(await stale()).toBe(0);
  // Seven hours on Monday, eight on each of three days, two and a half on the next Monday.
  expect(await visitsOf(me, id)).toMatchObject([
    { stage: "proposal", workingSeconds: 33.5 * 3600, elapsedSeconds: 7 * 86_400 + 5400 },
    { stage: "negotiation", workingSeconds: null },
  ]);
});

it("has a team whose revenue splits add up, buying roles and a competitor", async () => {
  const { opportunity, opportunityMember, opportunityContact, user, contact, competitor } = me.entities;
  const people = await user.createMany([1, 2, 3, 4].map((n) => ({ name: `U${n}` })));
  const [a, b, c, d] = people.map(({ id }) => id) as [string, string, string, string];
  const rival = await competitor.create({ name: "Rival" });
  const { id } = await opportunity.create({ name: "A", amount: usd("100.01"), competitorId: rival.id });
  const revenue = (userId: string, percent: number) => ({ userId, split: "revenue" as const, percent });
  expect(await codes(opportunity.setTeam(id, { members: [revenue(a, 60), revenue(b, 39.99)] }))).toEqual([
    "/members split-sum",
  ]);
  const { members } = await opportunity.setTeam(id, {
    members: [
      revenue(a, 33.33),
      revenue(b, 33.33),
      revenue(c, 33.34),
      { userId: d, split: "overlay", percent: 150 },
    ],
  });
  expect(members.map(({ amount }) => amount?.amount)).toEqual(["33.33", "33.33", "33.35", "150.02"]);
  const refused = { code: "team-is-set-whole", status: 409 };
  await expect(
    opportunityMember.create({ opportunityId: id, userId: d, split: "none" }),
  ).rejects.toMatchObject(refused);
  const one = await opportunityMember.first({ where: { userId: a } });
  await expect(opportunityMember.update(one!.id, { percent: 1 })).rejects.toMatchObject(refused);
  await expect(opportunityMember.delete(one!.id)).rejects.toMatchObject(refused);
  const ada = await contact.create({ lastName: "Lovelace" });
  await opportunityContact.create({
    opportunityId: id,
    contactId: ada.id,
    role: "decisionMaker",
    primary: true,
  });
  const whole = await opportunity.get(id, { include: ["members", "buyers", "competitor"] });
  expect(whole.members).toHaveLength(4);
  expect(whole.buyers[0]?.role).toBe("decisionMaker");
  expect(whole.competitor?.name).toBe("Rival");
  await opportunity.setTeam(id, { members: [] });
  await opportunity.purge(id);
});

describe("figures", () => {
  it("follow amount, probability, stage and override", async () => {
    const { opportunity, stage } = me.entities;
    const { id } = await opportunity.create({ name: "A", amount: usd("1000"), probability: 33.3 });
    expect(await opportunity.get(id)).toMatchObject({
      weightedAmount: usd("333.00"),
      forecastCategory: "pipeline",
    });
    await opportunity.update(id, { forecastOverride: "commit" });
    expect((await opportunity.get(id)).forecastCategory).toBe("commit");
    const moved = await opportunity.update(id, { stage: "proposal" });
    expect(moved).toMatchObject({ forecastCategory: "commit", weightedAmount: usd("500.00") });
    await opportunity.update(id, { forecastOverride: null });
    expect((await opportunity.get(id)).forecastCategory).toBe("bestCase");
    await stage.update((await stageOf("proposal")).id, { forecastCategory: "commit" });
    expect((await opportunity.get(id)).forecastCategory).toBe("commit");
    expect(await opportunity.update(id, { stage: "won" })).toMatchObject({
      forecastCategory: "closed",
      weightedAmount: usd("1000.00"),
    });
    expect((await opportunity.update(id, { amount: null })).weightedAmount).toBeNull();
    expect(await codes(opportunity.update(id, { weightedAmount: usd("1") }))).toEqual([
      "/weightedAmount written-by-plugin",
    ]);
  });

  it("are added up in the reporting currency at the rate of the close date, and over a hierarchy", async () => {
    const { opportunity, currencyRate, account, currencySetting } = me.entities;
    await currencySetting.create({ reportingCurrency: "EUR" });
    await currencyRate.createMany([
      { base: "USD", quote: "EUR", validFrom: "2026-01-01", rate: "0.9" },
      { base: "USD", quote: "EUR", validFrom: "2026-02-01", rate: "0.8" },
    ]);
    const top = await account.create({ name: "Group" });
    const middle = await account.create({ name: "Holding", parentId: top.id });
    const bottom = await account.create({ name: "Plant", parentId: middle.id });
    const other = await account.create({ name: "Other" });
    const eur = (amount: string) => ({ amount, currency: "EUR" });
    const deal = (rest: object) => ({ name: "D", stage: "proposal", ...rest });
    await opportunity.createMany([
      deal({ amount: usd("100"), closeDate: "2026-01-20", accountId: top.id, probability: 40 }),
      deal({ amount: usd("100"), closeDate: "2026-02-01", accountId: bottom.id }),
      deal({ amount: usd("100"), accountId: bottom.id }),
      deal({ amount: eur("7"), closeDate: "2026-02-01", accountId: middle.id }),
      deal({ accountId: other.id }),
      { name: "W", stage: "won", closeDate: "2026-02-10", amount: usd("1000"), accountId: bottom.id },
    ]);
    // 90 + 80 + 90 (today's rate) + 7; weighted 36 + 40 + 45 + 3.50.
    const value = await opportunity.pipelineValue();
    expect(value).toMatchObject({
      currency: "EUR",
      count: 5,
      amount: eur("267.00"),
      weighted: eur("124.50"),
    });
    expect(value.rates.map(({ rate }) => rate).sort()).toEqual(["0.8", "0.9"]);
    const rolled = await account.rollUp(top.id);
    expect(rolled).toMatchObject({
      accounts: 3,
      levels: 2,
      open: { count: 4, amount: eur("267.00") },
      won: { count: 1, amount: eur("800.00") },
      lost: { count: 0, amount: eur("0.00") },
    });
    await opportunity.create({ name: "Y", amount: { amount: "5", currency: "JPY" } });
    await expect(opportunity.pipelineValue()).rejects.toMatchObject({ code: "rate-missing" });
  });
});
