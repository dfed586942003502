import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { chooseTerritory, descendantOf } from "@corm/plugin-sales";
import fc from "fast-check";
import { afterEach, beforeEach, expect, it } from "vitest";
import { counting } from "../../core/test/support/counting.js";
import { type Me, type SalesCrm, salesCrm, usd } from "./support.js";

let test: SalesCrm;
let me: Me;
beforeEach(async () => {
  test = await salesCrm();
  me = test.me;
});
afterEach(() => test.crm.stop());

/** Europe with Germany and Austria below it, and large companies anywhere. */
async function model(session: Me, name = "2026") {
  const { territoryModel, territory, territoryRule } = session.entities;
  const { id: modelId } = await territoryModel.create({ name });
  const make = (label: string, rest: object = {}) => territory.create({ modelId, name: label, ...rest });
  const europe = await make("Europe");
  const germany = await make("Germany", { parentId: europe.id });
  const austria = await make("Austria", { parentId: europe.id });
  const bavaria = await make("Germany small", { parentId: germany.id });
  const large = await make("Large", { priority: 10 });
  await territoryRule.createMany([
    { territoryId: europe.id, name: "EU", where: { country: { in: ["DE", "AT"] } } },
    { territoryId: germany.id, name: "DE", where: { country: "DE" } },
    { territoryId: austria.id, name: "AT", where: { country: "AT" } },
    { territoryId: bavaria.id, name: "Small", where: { employees: { lt: 50 } } },
    { territoryId: large.id, name: "Staff", where: { employees: { gte: 1000 } } },
  ]);
  return {
    modelId,
    europe: europe.id,
    germany: germany.id,
    austria: austria.id,
    small: bavaria.id,
    large: large.id,
  };
}

async function territoriesOf(accountId: string) {
  const { items } = await me.entities.accountTerritory.find({ where: { accountId }, include: ["territory"] });
  return items.map(({ territory, source }) => `${territory?.name} ${source}`).sort();
}

it("places accounts by rules that children inherit, and each opportunity in one territory, with the reason", async () => {
  const { account, opportunity, territoryModel, accountTerritory } = me.entities;
  const ids = await model(me);
  const [a, b, c] = await account.createMany([
    { name: "A", country: "DE", employees: 20 },
    { name: "B", country: "AT", employees: 5000 },
    { name: "C", country: "US", employees: 20 },
  ]);
  const early = await opportunity.create({ name: "Early", accountId: a!.id });
  expect(await territoriesOf(a!.id)).toEqual([]);
  expect(await territoryModel.activate(ids.modelId)).toEqual({ added: 6, removed: 0, opportunities: 1 });
  expect(await territoriesOf(a!.id)).toEqual(["Europe rule", "Germany rule", "Germany small rule"]);
  expect(await territoriesOf(b!.id)).toEqual(["Austria rule", "Europe rule", "Large rule"]);
  // Small, but not in Germany: rules above hold as well.
  expect(await territoriesOf(c!.id)).toEqual([]);
  expect(await opportunity.get(early.id)).toMatchObject({
    territoryId: ids.small,
    territoryReason: '"Germany small" is deeper than "Germany", "Europe"',
  });
  const later = await opportunity.create({ name: "Later", accountId: b!.id });
  expect(await opportunity.get(later.id)).toMatchObject({
    territoryId: ids.large,
    territoryReason: expect.stringMatching(/^"Large" has priority 10, before/),
  });
  // New and changed accounts are placed as they are written; decided opportunities stay where they were.
  const won = await opportunity.create({ name: "Won", accountId: a!.id, stage: "won" });
  await account.update(a!.id, { employees: 2000 });
  expect(await territoriesOf(a!.id)).toEqual(["Europe rule", "Germany rule", "Large rule"]);
  expect((await opportunity.get(early.id)).territoryId).toBe(ids.large);
  expect((await opportunity.get(won.id)).territoryId).toBe(ids.small);
  const d = await account.create({ name: "D", country: "DE" });
  expect(await territoriesOf(d.id)).toEqual(["Europe rule", "Germany rule"]);

  // By hand: an account stays where somebody put it, an opportunity where somebody pinned it.
  await accountTerritory.create({ accountId: c!.id, territoryId: ids.austria });
  await account.update(c!.id, { employees: 30 });
  expect(await territoriesOf(c!.id)).toEqual(["Austria manual"]);
  await opportunity.update(early.id, { territoryId: ids.europe });
  await account.update(a!.id, { employees: 10 });
  expect(await opportunity.get(early.id)).toMatchObject({ territoryId: ids.europe, territoryPinned: true });
  await opportunity.update(early.id, { territoryId: null });
  await territoryModel.activate(ids.modelId);
  expect((await opportunity.get(early.id)).territoryId).toBe(ids.small);
});

it("says who would move before a model is activated, and changes nothing by that, over HTTP", async () => {
  const { account, territory, territoryRule, territoryModel, accountTerritory } = me.entities;
  const first = await model(me);
  const [a, b] = await account.createMany([
    { name: "A", country: "DE" },
    { name: "B", country: "AT" },
  ]);
  await territoryModel.activate(first.modelId);
  const next = await territoryModel.create({ name: "2027" });
  const [europe, alps] = await territory.createMany([
    { modelId: next.id, name: "Europe" },
    { modelId: next.id, name: "Alps" },
  ]);
  await territoryRule.create({
    territoryId: europe!.id,
    name: "EU",
    where: { country: { in: ["DE", "AT"] } },
  });
  await territoryRule.create({ territoryId: alps!.id, name: "AT", where: { country: "AT" } });
  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(test.crm);
  const post = async (path: string) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await app.request(path, { method: "POST", headers, body: "{}" });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const before = await accountTerritory.count();
  const preview = await post(`/api/territory-models/${next.id}/preview`);
  expect(preview).toMatchObject({
    status: 200,
    body: {
      stay: 0,
      move: 2,
      territories: [
        { territory: "Alps", accounts: 1 },
        { territory: "Europe", accounts: 2 },
      ],
    },
  });
  expect(
    (preview.body["moves"] as { account: string }[]).sort((x, y) => (x.account < y.account ? -1 : 1)),
  ).toEqual([
    { accountId: a!.id, account: "A", from: ["Europe", "Germany"], to: ["Europe"] },
    { accountId: b!.id, account: "B", from: ["Austria", "Europe"], to: ["Alps", "Europe"] },
  ]);
  expect(await accountTerritory.count()).toBe(before);
  expect((await territoryModel.get(first.modelId)).state).toBe("active");
  const activated = await post(`/api/territory-models/${next.id}/activate`);
  expect(activated.body).toEqual({ added: 3, removed: 4, opportunities: 0 });
  expect((await territoryModel.get(first.modelId)).state).toBe("archived");
  expect((await post(`/api/territory-models/${next.id}/preview`)).body).toMatchObject({ stay: 2, move: 0 });
  const archived = await post(`/api/territory-models/${first.modelId}/activate`);
  expect(archived).toMatchObject({ status: 409, body: { code: "territory-model-archived" } });
});

it("finds what is in a territory and below it in one query, also after a branch was moved", async () => {
  const { storage, log } = counting(sqlite(":memory:"));
  const { crm, me: mine } = await salesCrm({ storage });
  const { account, opportunity, territoryModel, territory } = mine.entities;
  const ids = await model(mine);
  await territoryModel.activate(ids.modelId);
  for (const [country, employees] of [
    ["DE", 10],
    ["DE", 100],
    ["AT", 100],
    ["US", 5000],
  ] as const) {
    const { id } = await account.create({ name: country, country, employees });
    await opportunity.create({ name: `${country} ${employees}`, accountId: id });
  }
  const below = async (id: string) => {
    log.clear();
    const { items } = await opportunity.find({ where: descendantOf(id), orderBy: ["name"] });
    expect(log.asked).toHaveLength(1);
    return items.map(({ name }) => name);
  };
  expect(await below(ids.europe)).toEqual(["AT 100", "DE 10", "DE 100"]);
  expect(await below(ids.germany)).toEqual(["DE 10", "DE 100"]);
  expect(await below(ids.large)).toEqual(["US 5000"]);
  const won = await opportunity.find({ where: { name: { startsWith: "DE" } } });
  await opportunity.updateMany(
    won.items.map(({ id }) => ({ id, patch: { stage: "won", closeDate: "2026-01-31", amount: usd("30") } })),
  );
  const quota = await mine.entities.quota.create({
    territoryId: ids.europe,
    period: "2026-Q1",
    amount: usd("80"),
  });
  expect(await mine.entities.quota.attainment(quota.id)).toEqual({
    quota: usd("80.00"),
    closed: usd("60.00"),
    count: 2,
    attainment: 0.75,
  });
  await territory.update(ids.germany, { parentId: ids.large });
  expect(await below(ids.europe)).toEqual(["AT 100"]);
  expect(await below(ids.large)).toEqual(["DE 10", "DE 100", "US 5000"]);
  const cycle = territory.update(ids.large, { parentId: ids.small });
  await expect(cycle).rejects.toMatchObject({ code: "territory-cycle" });
  await expect(territory.update(ids.large, { path: "/x/" })).rejects.toMatchObject({
    issues: [{ code: "written-by-plugin" }],
  });
  await crm.stop();
});

it("is tried when a rule is written, and asked as often for many accounts as for few", async () => {
  const { storage, log } = counting(sqlite(":memory:"));
  const { crm, me: mine } = await salesCrm({ storage });
  const { account, territoryModel, territoryRule } = mine.entities;
  const ids = await model(mine);
  const wrong = territoryRule.create({ territoryId: ids.large, name: "X", where: { nope: 1 } });
  await expect(wrong).rejects.toMatchObject({ issues: [{ pointer: "/where", code: "unknown-field" }] });
  const preview = async () => {
    log.clear();
    await territoryModel.preview(ids.modelId);
    return log.asked.length;
  };
  const grow = (count: number) =>
    account.createMany(
      Array.from({ length: count }, (_, n) => ({
        name: `A${n}`,
        country: n % 2 ? "DE" : "AT",
        employees: n,
      })),
    );
  await grow(4);
  const few = await preview();
  await grow(400);
  expect(await preview()).toBe(few);
  await crm.stop();
});

it("chooses the same territory in whatever order they come", () => {
  const place = fc.record({
    territory: fc.record({
      id: fc.constantFrom("a", "b", "c", "d", "e"),
      name: fc.constant("T"),
      path: fc.constantFrom("/", "/x/", "/x/y/"),
      priority: fc.integer({ min: 1, max: 3 }),
    }),
    source: fc.constantFrom("rule" as const, "manual" as const),
  });
  const places = fc.uniqueArray(place, { selector: ({ territory }) => territory.id, maxLength: 5 });
  fc.assert(
    fc.property(places, fc.integer(), (list, seed) => {
      const turned = [...list].sort(
        (x, y) =>
          ((x.territory.id.charCodeAt(0) * 31 + seed) % 7) - ((y.territory.id.charCodeAt(0) * 31 + seed) % 7),
      );
      expect(chooseTerritory(turned)).toEqual(chooseTerritory(list));
      const chosen = list.find(({ territory }) => territory.id === chooseTerritory(list)?.territoryId);
      if (list.some(({ source }) => source === "manual")) expect(chosen?.source).toBe("manual");
    }),
    { seed: 47 },
  );
  const twins = ["b", "a"].map((id) => ({
    source: "rule" as const,
    territory: { id, name: id.toUpperCase(), path: "/", priority: 1 },
  }));
  expect(chooseTerritory(twins)).toEqual({ territoryId: "a", reason: 'tie of "A" with "B": the lowest id' });
});
