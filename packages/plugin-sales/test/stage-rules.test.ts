import { opportunities } from "@corm/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Me, type SalesCrm, salesCrm, usd } from "./support.js";

let test: SalesCrm;
let me: Me;
beforeEach(async () => {
  test = await salesCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

const issues = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error?.code).toBe("validation-failed");
  return error.issues.map((issue: { pointer: string; code: string }) => `${issue.pointer} ${issue.code}`);
};

describe("a new opportunity", () => {
  it("begins in the first stage of the default pipeline", async () => {
    const made = await me.entities.opportunity.create({ name: "Rooftop" });
    const pipeline = await me.entities.pipeline.first({ where: { key: "sales" }, include: ["stages"] });
    expect(made).toMatchObject({ stage: "prospecting", status: "open", probability: 10, closeDate: null });
    expect(made.pipelineId).toBe(pipeline?.id);
    expect(made.stageId).toBe(pipeline?.stages.find((stage) => stage.key === "prospecting")?.id);
  });

  it("takes the stage by key or by id, and its probability unless another is given", async () => {
    const proposal = await me.entities.stage.first({ where: { key: "proposal" } });
    const byKey = await me.entities.opportunity.create({ name: "A", stage: "proposal" });
    const byId = await me.entities.opportunity.create({
      name: "B",
      stageId: proposal?.id ?? "",
      probability: 61,
    });
    expect(byKey).toMatchObject({ stageId: proposal?.id, probability: 50 });
    expect(byId).toMatchObject({ stage: "proposal", probability: 61 });
  });

  it("may be won already, today or on a day that has passed", async () => {
    const [now, then] = await me.entities.opportunity.createMany([
      { name: "Now", stage: "won", amount: usd("10") },
      { name: "Then", stage: "won", openedOn: "2017-01-02", closeDate: "2017-03-01", amount: usd("12.5") },
    ]);
    expect(now).toMatchObject({ status: "won", probability: 100, closeDate: "2026-01-05" });
    expect(then).toMatchObject({ status: "won", closeDate: "2017-03-01", amount: usd("12.50") });
  });

  it("is refused with every reason where it contradicts itself", async () => {
    const create = (input: object) => issues(me.entities.opportunity.create({ name: "X", ...input }));
    const stage = await me.entities.stage.first({ where: { key: "won" } });
    const nowhere = "00000000-0000-7000-8000-00000000dead";
    expect(await create({ stage: "winning" })).toEqual(["/stage unknown-stage"]);
    expect(await create({ stage: 7 })).toEqual(["/stage unknown-stage"]);
    expect(await create({ stageId: nowhere })).toEqual(["/stageId unknown-stage"]);
    expect(await create({ stageId: "no id" })).toEqual(["/stageId unknown-stage"]);
    expect(await create({ pipelineId: nowhere })).toEqual(["/pipelineId unknown-pipeline"]);
    expect(await create({ stage: "lost", stageId: stage?.id })).toEqual(["/stage unknown-stage"]);
    expect(await create({ stageId: stage?.id, pipelineId: nowhere })).toEqual([
      "/pipelineId unknown-pipeline",
    ]);
    expect(await create({ status: "won" })).toEqual(["/status status-of-stage"]);
    expect(await create({ stage: "won", probability: 90 })).toEqual(["/probability probability-of-decided"]);
    expect(await create({ probability: 101 })).toEqual(["/probability maximum"]);
    expect(await create({ openedOn: "2026-02-01", closeDate: "2026-01-31" })).toEqual([
      "/closeDate closed-before-opened",
    ]);
    expect(await create({ stage: "lost", openedOn: "2025-02-30" })).toEqual(["/openedOn invalid-date"]);
    expect(await me.entities.opportunity.count()).toBe(0);
  });

  it("says which of a batch is refused, and lists the stages there are", async () => {
    const batch = me.entities.opportunity.createMany([{ name: "A" }, { name: "B", stage: "nope" }]);
    await expect(batch).rejects.toMatchObject({
      issues: [{ pointer: "/1/stage", message: expect.stringContaining("prospecting, qualification") }],
    });
  });
});

describe("a move", () => {
  it("changes stage, status and probability together", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A", probability: 33 });
    const moved = await me.entities.opportunity.update(id, { stage: "negotiation" });
    expect(moved).toMatchObject({ status: "open", probability: 75, closeDate: null });
    const won = await me.entities.opportunity.update(id, { stage: "won" });
    expect(won).toMatchObject({ status: "won", probability: 100, closeDate: "2026-01-05" });
    expect(won.stageId).not.toBe(moved.stageId);
  });

  it("leaves the probability alone where the stage stays", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A", stage: "proposal", probability: 33 });
    const same = await me.entities.opportunity.update(id, { stage: "proposal", name: "B" });
    expect(same).toMatchObject({ probability: 33, name: "B" });
  });

  it("keeps an expected close date while open, decides today, and forgets the decision when reopened", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A", closeDate: "2026-06-30" });
    const update = (patch: object) => me.entities.opportunity.update(id, patch);
    expect((await update({ stage: "proposal" })).closeDate).toBe("2026-06-30");
    expect((await update({ stage: "won", closeDate: "2026-01-04" })).closeDate).toBe("2026-01-04");
    expect((await update({ stage: "lost" })).closeDate).toBe("2026-01-04");
    expect(await issues(update({ closeDate: null }))).toEqual(["/closeDate close-date-of-decided"]);
    expect(await issues(update({ probability: 5 }))).toEqual(["/probability probability-of-decided"]);
    expect(await update({ stage: "proposal" })).toMatchObject({ closeDate: null, probability: 50 });
    expect((await update({ stage: "won", closeDate: null })).closeDate).toBe("2026-01-05");
  });

  it("goes to another pipeline by its stages only", async () => {
    const other = await me.entities.pipeline.create({ key: "renewals", name: "Renewals", position: 5 });
    const stages = await me.entities.stage.createMany([
      { pipelineId: other.id, key: "proposal", name: "Proposal", position: 1, kind: "open", probability: 40 },
      { pipelineId: other.id, key: "signed", name: "Signed", position: 2, kind: "won" },
    ]);
    expect(stages[1]).toMatchObject({ probability: 100, forecastCategory: "closed" });
    const { id } = await me.entities.opportunity.create({ name: "A" });
    const move = (patch: object) => me.entities.opportunity.update(id, patch);
    expect(await issues(move({ stage: "signed" }))).toEqual(["/stage unknown-stage"]);
    expect(await issues(move({ pipelineId: other.id }))).toEqual(["/stage unknown-stage"]);
    await move({ stage: "proposal" });
    expect(await move({ pipelineId: other.id })).toMatchObject({ stageId: stages[0]?.id, probability: 40 });
    expect(await move({ stageId: stages[1]?.id })).toMatchObject({ status: "won", stage: "signed" });
    const fresh = await me.entities.opportunity.create({ name: "B", pipelineId: other.id });
    expect(fresh).toMatchObject({ stage: "proposal", pipelineId: other.id });
  });

  it("is an action, too", async () => {
    const { id } = await me.entities.opportunity.create({ name: "A" });
    const moved = await me.entities.opportunity.moveTo(id, { stage: "won", amount: usd("99") });
    expect(moved).toEqual({ id, stage: "won", status: "won", probability: 100, closeDate: "2026-01-05" });
    expect((await me.entities.opportunity.get(id)).amount).toEqual(usd("99.00"));
    await expect(me.entities.opportunity.moveTo(id, { stage: "nope" })).rejects.toMatchObject({
      code: "validation-failed",
    });
  });
});

describe("stages and pipelines", () => {
  it("keep what opportunities rely on", async () => {
    const stage = await me.entities.stage.first({ where: { key: "proposal" } });
    const won = await me.entities.stage.first({ where: { key: "won" } });
    const id = stage?.id ?? "";
    await me.entities.opportunity.create({ name: "A", stage: "proposal" });
    expect(await issues(me.entities.stage.update(id, { key: "offer" }))).toEqual(["/key immutable"]);
    expect(await issues(me.entities.stage.update(id, { kind: "won" }))).toEqual(["/kind immutable"]);
    expect(await issues(me.entities.stage.update(won?.id ?? "", { probability: 99 }))).toEqual([
      "/probability probability-of-decided",
    ]);
    await expect(me.entities.stage.delete(id)).rejects.toMatchObject({ code: "reference-violation" });
    await me.entities.stage.update(id, { name: "Offer", probability: 55 });
    expect((await me.entities.opportunity.create({ name: "B", stage: "proposal" })).probability).toBe(55);
  });

  it("are made once per tenant when they are first needed", async () => {
    const others = [test.inTenant("b"), test.inTenant("c")];
    expect(await others[0]?.entities.pipeline.count()).toBe(0);
    await Promise.all(
      others.flatMap((other) => [1, 2, 3].map(() => other.entities.opportunity.create({ name: "A" }))),
    );
    for (const other of others) {
      expect(await other.entities.pipeline.count()).toBe(1);
      expect(await other.entities.stage.count()).toBe(6);
      expect((await other.entities.pipeline.ensureDefault()).key).toBe("sales");
    }
  });

  it("come from the options", async () => {
    const stages = [
      { key: "engaging", name: "Engaging", kind: "open", probability: 20 },
      { key: "gained", name: "Gained", kind: "won" },
      { key: "gone", name: "Gone", kind: "lost" },
    ] as const;
    const own = await salesCrm({}, { pipeline: { key: "own", name: "Own", stages } });
    expect((await own.me.entities.opportunity.create({ name: "A" })).stage).toBe("engaging");
    await own.crm.stop();
    const refused = (changed: readonly object[]) =>
      salesCrm({}, { pipeline: { key: "own", name: "Own", stages: changed as typeof stages } });
    await expect(refused([stages[0], stages[1], stages[1]])).rejects.toThrow(
      /names the key "gained" twice[\s\S]*at least one lost stage/,
    );
    await expect(refused([{ ...stages[0], probability: undefined }, ...stages.slice(1)])).rejects.toThrow(
      /"engaging" needs a probability/,
    );
    await expect(refused([{ ...stages[0], colour: "red" }, ...stages.slice(1)])).rejects.toThrow(/colour/);
  });
});

describe("with the rest of the CRM", () => {
  it("shows on account, contact and activity", async () => {
    const { entities } = me;
    const account = await entities.account.create({ name: "Hearth & Home" });
    const contact = await entities.contact.create({ lastName: "Lovelace", accountId: account.id });
    const made = await entities.opportunity.create({
      name: "A",
      accountId: account.id,
      contactId: contact.id,
    });
    await entities.activity.create({ kind: "call", subject: "Ring Ada", opportunityId: made.id });
    const found = await entities.account.get(account.id, { include: ["opportunities"] });
    expect(found.opportunities.map((each) => each.name)).toEqual(["A"]);
    const whole = await entities.opportunity.get(made.id, {
      include: ["account", "contact", "activities", "visits", "stageRecord"],
    });
    expect(whole.account?.name).toBe("Hearth & Home");
    expect(whole.activities.map((each) => each.subject)).toEqual(["Ring Ada"]);
    expect(whole.visits).toHaveLength(1);
    expect(whole.stageRecord?.name).toBe("Prospecting");
    expect(await entities.account.count({ opportunities: { some: { status: "open" } } })).toBe(1);
  });

  it("is opened by other plugins through core's port", async () => {
    const { id } = await me.service(opportunities).open({
      name: "From a lead",
      accountId: null,
      contactId: null,
      ownerId: null,
      amount: usd("5"),
      closeDate: "2026-03-01",
    });
    expect(await me.entities.opportunity.get(id)).toMatchObject({
      name: "From a lead",
      stage: "prospecting",
      amount: usd("5.00"),
      closeDate: "2026-03-01",
    });
  });
});
