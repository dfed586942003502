import { issueApiKey, sumMoney } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { runJobs } from "@corm/core/testing";
import { expect, it } from "vitest";
import { counting } from "../../core/test/support/counting.js";
import { type Me, salesCrm, usd } from "./support.js";

const CATEGORIES = ["omitted", "pipeline", "bestCase", "commit", "closed"] as const;
const STAGES = ["prospecting", "qualification", "proposal", "negotiation", "won", "lost"];

async function company(me: Me) {
  const { user } = me.entities;
  const boss = await user.create({ name: "Boss" });
  const lead = await user.create({ name: "Lead", managerId: boss.id });
  const [a, b] = await user.createMany([
    { name: "A", managerId: lead.id },
    { name: "B", managerId: lead.id },
  ]);
  return { boss: boss.id, lead: lead.id, a: a!.id, b: b!.id };
}

it("adds up what closes in a period by category, up the tree, with adjustments and quotas, over HTTP", async () => {
  const { crm, me } = await salesCrm({ currency: "USD" });
  const { boss, lead, a, b } = await company(me);
  const { opportunity, quota } = me.entities;
  const deal = (ownerId: string, stage: string, amount: string, closeDate = "2026-02-01") => ({
    ...{ name: "D", ownerId, stage, closeDate },
    amount: usd(amount),
  });
  await opportunity.createMany([
    deal(a, "won", "50"),
    deal(a, "negotiation", "100"),
    deal(b, "proposal", "150"),
    deal(b, "prospecting", "200"),
    deal(b, "lost", "70"),
    deal(lead, "prospecting", "1000", "2026-04-01"),
    { name: "No date", amount: usd("9"), ownerId: a },
    { name: "Nobody's", amount: usd("3"), closeDate: "2026-03-31" },
  ]);
  await quota.create({ userId: lead, period: "2026-Q1", amount: usd("200") });
  await expect(quota.create({ period: "2026-Q1", amount: usd("1") })).rejects.toMatchObject({
    issues: [{ code: "one-holder" }],
  });
  const as = (id: string) =>
    crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["admin"] }).entities;
  const entry = {
    userId: b,
    period: "2026-Q1",
    category: "bestCase" as const,
    amount: usd("120"),
    note: "Late",
  };
  await as(lead).forecastEntry.create(entry);
  await expect(as(boss).forecastEntry.create(entry)).rejects.toMatchObject({
    issues: [{ code: "not-directly-below" }],
  });
  await expect(as(boss).forecastEntry.create({ ...entry, managerId: lead })).rejects.toMatchObject({
    code: "forbidden",
  });

  const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
  const app = createHttp(crm);
  const ask = async (body: object) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await app.request("/api/opportunities/forecast", {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: JSON of a test's own making.
    return { status: answer.status, body: (await answer.json()) as any };
  };
  const { body } = await ask({ period: "2026-Q1", managerId: boss });
  expect(body).toMatchObject({
    currency: "USD",
    opportunities: 5,
    total: usd("570.00"),
    cumulative: {
      closed: usd("50.00"),
      commit: usd("150.00"),
      bestCase: usd("300.00"),
      openPipeline: usd("450.00"),
    },
    categories: { omitted: usd("70.00") },
    unassigned: { pipeline: usd("0.00") },
    adjustments: [
      { managerId: lead, userId: b, amount: usd("120.00"), original: usd("150.00"), note: "Late" },
    ],
  });
  const line = (id: string) => body.lines.find(({ userId }: { userId: string }) => userId === id);
  expect(line(boss)).toMatchObject({
    rollUp: { bestCase: usd("150.00") },
    adjusted: { bestCase: usd("120.00") },
  });
  expect(line(lead)).toMatchObject({
    quota: usd("200.00"),
    attainment: 0.25,
    adjusted: { bestCase: usd("120.00") },
  });
  expect(line(b)).toMatchObject({
    own: { bestCase: usd("150.00") },
    adjusted: { bestCase: usd("150.00") },
    quota: null,
  });
  const all = await ask({ period: "2026-Q1" });
  expect(all.body).toMatchObject({
    opportunities: 6,
    total: usd("573.00"),
    unassigned: { pipeline: usd("3.00") },
  });
  expect((await ask({ period: "2026-04" })).body.total).toEqual(usd("1000.00"));
  expect((await ask({ period: "2026-Q5" })).status).toBe(422);
  // An override changes the category, and not the stage; the owner's deals go with him.
  const one = (await opportunity.first({ where: { ownerId: b, stage: "prospecting" } }))!;
  await opportunity.update(one.id, { forecastOverride: "commit", ownerId: a });
  expect((await ask({ period: "2026-Q1", managerId: boss })).body).toMatchObject({
    total: usd("570.00"),
    categories: { commit: usd("300.00"), pipeline: usd("0.00") },
  });
  await crm.stop();
});

it("shows what teams and territories have sold of their quotas, with those below", async () => {
  const { crm, me } = await salesCrm({ currency: "USD" });
  const { a, b, lead } = await company(me);
  const { opportunity, quota, team, teamMember, territory, territoryModel } = me.entities;
  const squad = await team.create({ name: "Squad" });
  await teamMember.createMany([a, b].map((userId) => ({ teamId: squad.id, userId })));
  const { id: modelId } = await territoryModel.create({ name: "2026" });
  const europe = await territory.create({ modelId, name: "Europe" });
  const germany = await territory.create({ modelId, name: "Germany", parentId: europe.id });
  const won = (ownerId: string, amount: string, rest: object = {}) => ({
    ...{ name: "D", ownerId, stage: "won", closeDate: "2026-02-01", amount: usd(amount) },
    ...rest,
  });
  await opportunity.createMany([
    won(a, "50", { territoryId: germany.id }),
    won(b, "30", { territoryId: europe.id }),
    won(b, "500", { closeDate: "2026-05-01", territoryId: europe.id }),
    won(lead, "7"),
    { name: "Open", ownerId: a, amount: usd("900"), closeDate: "2026-02-01", territoryId: germany.id },
  ]);
  await quota.createMany([
    { teamId: squad.id, period: "2026-Q1", amount: usd("100") },
    { territoryId: europe.id, period: "2026-Q1", amount: usd("160") },
    { territoryId: germany.id, period: "2026-Q1", amount: usd("50") },
    { userId: a, period: "2026-Q1", amount: usd("1") },
  ]);
  const { groups } = await opportunity.forecast({ period: "2026-Q1" });
  expect(groups.map(({ kind, name, closed, attainment }) => [kind, name, closed.amount, attainment])).toEqual(
    [
      ["team", "Squad", "80.00", 0.8],
      ["territory", "Europe", "80.00", 0.5],
      ["territory", "Germany", "50.00", 1],
    ],
  );
  // The same as each quota says by itself.
  for (const { quotaId, closed, attainment } of groups)
    expect(await quota.attainment(quotaId)).toMatchObject({ closed, attainment });
  await crm.stop();
});

it("has categories that add up to all that closes in the period, whatever happens to it", async () => {
  const { crm, me, clock } = await salesCrm({ currency: "USD" });
  const { a, b } = await company(me);
  const { opportunity, currencyRate } = me.entities;
  await currencyRate.createMany([
    { base: "EUR", quote: "USD", validFrom: "2026-01-01", rate: "1.1" },
    { base: "EUR", quote: "USD", validFrom: "2026-02-15", rate: "1.25" },
  ]);
  let state = 11;
  const pick = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
  for (let round = 0; round < 12; round++) {
    clock.advance({ hours: 5 });
    await opportunity.create({
      name: `D${round}`,
      stage: STAGES[pick(6)] as string,
      ownerId: [a, b, null][pick(3)] as string | null,
      closeDate: `2026-0${1 + pick(4)}-${10 + pick(18)}`,
      amount: { amount: `${pick(1000)}.00`, currency: pick(3) === 0 ? "EUR" : "USD" },
      openedOn: "2026-01-01",
    });
    const { items } = await opportunity.find({ limit: 100 });
    const one = items[pick(items.length)]!;
    if (one.status === "open")
      await opportunity.update(one.id, {
        forecastOverride: (["omitted", "commit", null] as const)[pick(3)] ?? null,
      });
    const forecast = await opportunity.forecast({ period: "2026-Q1" });
    const sum = sumMoney(
      CATEGORIES.map((category) => forecast.categories[category]),
      "USD",
    );
    expect(sum).toEqual(forecast.total);
    // By hand: amount by amount, whole euros at two rates.
    const inPeriod = (await opportunity.find({ limit: 100 })).items.filter(
      ({ closeDate }) => (closeDate ?? "") < "2026-04" && closeDate,
    );
    const cents = inPeriod.reduce((total, { amount, closeDate }) => {
      const rate = amount?.currency === "USD" ? 1 : (closeDate ?? "") >= "2026-02-15" ? 1.25 : 1.1;
      return total + Math.round(Number(amount?.amount ?? 0) * rate * 100);
    }, 0);
    expect(Math.round(Number(forecast.total.amount) * 100)).toBe(cents);
    expect(forecast.opportunities).toBe(inPeriod.length);
  }
  await crm.stop();
});

it("keeps every night what asOf tells of that moment, for ever", async () => {
  const { crm, me, clock } = await salesCrm({ currency: "USD" }, { timeZone: "Europe/Berlin" });
  const { a, b } = await company(me);
  const { opportunity, forecastSnapshot } = me.entities;
  for (let day = 0; day < 4; day++) {
    await opportunity.create({
      name: `D${day}`,
      amount: usd(`${100 + day}`),
      closeDate: "2026-02-01",
      ownerId: day % 2 ? a : b,
    });
    const { items } = await opportunity.find({ where: { status: "open" }, limit: 10 });
    if (day > 1) await opportunity.moveTo(items[0]!.id, { stage: "won", closeDate: "2026-01-07" });
    await runJobs({ crm, clock }, { for: { days: 1 } });
  }
  const days = new Map<string, Map<string, string>>();
  const snapshots = await forecastSnapshot.find({ where: { period: "2026-Q1" }, limit: 500 });
  for (const { takenAt, ownerKey, category, amount } of snapshots.items) {
    const day = days.get(takenAt) ?? new Map<string, string>();
    days.set(takenAt, day.set(`${ownerKey} ${category}`, amount.amount));
  }
  expect(days.size).toBe(4);
  expect([...days.keys()].sort()[0]).toBe("2026-01-05T23:00:00.000Z");
  for (const [asOf, kept] of days) {
    const { lines } = await opportunity.forecast({ period: "2026-Q1", asOf });
    const told = new Map<string, string>();
    for (const { userId, own } of lines)
      for (const category of CATEGORIES)
        if (Number(own[category].amount) !== 0) told.set(`${userId} ${category}`, own[category].amount);
    expect(Object.fromEntries([...told].sort())).toEqual(Object.fromEntries([...kept].sort()));
  }
  const one = snapshots.items[0]!;
  const refused = { code: "forecast-is-kept", status: 409 };
  await expect(forecastSnapshot.delete(one.id)).rejects.toMatchObject(refused);
  await expect(forecastSnapshot.update(one.id, { ownerId: a })).rejects.toMatchObject(refused);
  const before = await forecastSnapshot.count();
  await runJobs({ crm, clock });
  expect(await forecastSnapshot.count()).toBe(before);
  await crm.stop();
});

it("asks the database as often for many opportunities of many people as for few", async () => {
  const { storage, log } = counting(sqlite(":memory:"));
  const { crm, me } = await salesCrm({ storage, currency: "USD" });
  const { opportunity, user, currencyRate } = me.entities;
  await currencyRate.create({ base: "EUR", quote: "USD", validFrom: "2026-01-01", rate: "1.1" });
  const top = await user.create({ name: "Top" });
  const people = [top.id];
  const grow = async (count: number, deals: number) => {
    const made = await user.createMany(
      Array.from({ length: count }, (_, n) => ({
        name: `P${people.length + n}`,
        managerId: people[Math.floor((people.length - 1) / 4)] as string,
      })),
    );
    people.push(...made.map(({ id }) => id));
    await opportunity.createMany(
      Array.from({ length: deals }, (_, n) => ({
        name: `D${n}`,
        stage: STAGES[n % 6] as string,
        ownerId: people[n % people.length] as string,
        closeDate: `2026-0${1 + (n % 3)}-11`,
        amount: { amount: "10.00", currency: n % 2 ? "USD" : "EUR" },
      })),
    );
  };
  const ask = async () => {
    log.clear();
    await opportunity.forecast({ period: "2026-Q1", managerId: top.id });
    return log.asked.length;
  };
  await grow(5, 20);
  const few = await ask();
  await grow(60, 1500);
  expect(await ask()).toBe(few);
  expect(few).toBeLessThanOrEqual(12);
  await crm.stop();
});
