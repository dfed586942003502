import { crmCore, definePlugin, provide, timeSeries } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { analytics } from "@corm/plugin-analytics";
import { sales } from "@corm/plugin-sales";
import { expect, it } from "vitest";
import { salesCrm, usd } from "./support.js";

it("answers win rate, cycle, average deal and velocity by owner, team, source and month", async () => {
  const { crm, me } = await salesCrm({ currency: "USD" });
  const { opportunity, user, team, teamMember } = me.entities;
  const [a, b] = await user.createMany([{ name: "A" }, { name: "B" }]);
  const north = await team.create({ name: "North" });
  await teamMember.createMany([a!, b!].map(({ id }) => ({ teamId: north.id, userId: id })));
  const deal = (
    ownerId: string,
    stage: string,
    amount: string,
    openedOn: string,
    closeDate: string,
    source = "web",
  ) => ({
    ...{ name: "D", ownerId, stage, openedOn, closeDate, source },
    amount: usd(amount),
  });
  await opportunity.createMany([
    deal(a!.id, "won", "100", "2026-01-01", "2026-01-11"),
    deal(a!.id, "won", "200", "2026-01-01", "2026-02-10", "partner"),
    deal(a!.id, "lost", "900", "2026-01-01", "2026-02-11"),
    deal(b!.id, "won", "60.01", "2026-01-01", "2026-01-21"),
    deal(b!.id, "won", "1000", "2025-01-01", "2025-12-31"),
    { name: "Open", ownerId: a!.id, amount: usd("5") },
    { name: "Open", ownerId: a!.id },
  ]);
  const period = { from: "2026-01-01", until: "2026-03-31" };
  const { currency, groups } = await opportunity.salesAnalysis(period);
  expect(currency).toBe("USD");
  expect(groups).toEqual([
    {
      ...{ key: null, period: null, won: 3, lost: 1, open: 2, winRate: 0.75, revenue: usd("360.01") },
      averageDeal: usd("120.00"),
      cycleDays: (10 + 40 + 20) / 3,
      // 2 × 0.75 × 120.00 / 23.33
      velocity: usd("7.71"),
    },
  ]);
  const byOwner = await opportunity.salesAnalysis({ ...period, by: "ownerId" });
  expect(byOwner.groups.map(({ key, won, winRate }) => [key, won, winRate])).toEqual(
    [
      [a!.id, 2, 2 / 3],
      [b!.id, 1, 1],
    ].sort(([x], [y]) => (String(x) < String(y) ? -1 : 1)),
  );
  const byTeam = await opportunity.salesAnalysis({ ...period, by: "team" });
  expect(byTeam.groups).toMatchObject([{ key: north.id, won: 3, lost: 1, revenue: usd("360.01") }]);
  const bySource = await opportunity.salesAnalysis({ ...period, by: "source", bucket: "month" });
  expect(bySource.groups.map(({ key, period: month, won, lost }) => [key, month, won, lost])).toEqual([
    [null, null, 0, 0],
    ["partner", "2026-02", 1, 0],
    ["web", "2026-01", 2, 0],
    ["web", "2026-02", 0, 1],
  ]);
  await crm.stop();
});

it("looks ahead where a plugin can, and says what is missing otherwise", async () => {
  const { crm, me } = await salesCrm({ currency: "USD" });
  expect(await me.entities.opportunity.trend({ months: 3 })).toEqual({
    status: "analytics not installed",
    history: [],
    method: null,
    holdout: null,
    points: [],
  });
  await crm.stop();
  // A stand-in that repeats the last season.
  const naive = definePlugin({
    name: "naive",
    version: "0.1.0",
    corm: "^0.1",
    setup: () => ({
      services: [
        provide(timeSeries, () => ({
          forecast: async ({ values, season, horizon }) => ({
            method: "seasonal naive",
            points: values
              .slice(-season)
              .slice(0, horizon)
              .map((value) => ({ value, low: value, high: value })),
          }),
        })),
      ],
    }),
  });
  const other = await createTestCrm({ plugins: [crmCore(), sales(), naive()], currency: "USD" });
  const { opportunity } = other.me.entities;
  const won = (closeDate: string, amount: string) => ({
    name: "W",
    stage: "won",
    closeDate,
    amount: usd(amount),
  });
  await opportunity.createMany([won("2025-02-03", "7"), won("2025-04-03", "9")]);
  const short = await opportunity.trend({ months: 2 });
  expect(short).toMatchObject({ status: "insufficient data", points: [] });
  expect(short.history).toHaveLength(11);
  await opportunity.create(won("2023-12-31", "1"));
  expect(await opportunity.trend({ months: 2 })).toMatchObject({
    status: "forecast",
    method: "seasonal naive",
    points: [
      { month: "2026-01", value: 0 },
      { month: "2026-02", value: 7 },
    ],
  });
  await other.crm.stop();
});

it("looks ahead with the analytics of the app, and says how far off they were", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), sales(), analytics()], currency: "USD" });
  const season = [3, 1, 1, 2, 2, 1, 1, 1, 2, 2, 3, 5];
  const month = (at: number) => `${2022 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`;
  await me.entities.opportunity.createMany(
    Array.from({ length: 48 }, (_, at) => ({
      ...{ name: `W${at}`, stage: "won", closeDate: `${month(at)}-15` },
      amount: usd(`${1000 * (season[at % 12] as number) + 10 * at}`),
    })),
  );
  const { status, method, holdout, points } = await me.entities.opportunity.trend({ months: 12 });
  expect(status).toBe("forecast");
  expect(method).toMatch(/^Holt-Winters/);
  expect(holdout?.meanAbsoluteError).toBeLessThan(1);
  expect(holdout?.naiveError).toBeCloseTo(120, 3);
  expect(points[0]?.month).toBe("2026-01");
  for (const [at, { value }] of points.entries())
    expect(value).toBeCloseTo(1000 * (season[at] as number) + 10 * (48 + at), 0);
  await crm.stop();
});

it("schedules what is done for a customer who was won, on working days only, once", async () => {
  const { crm, me } = await salesCrm({}, { timeZone: "Europe/Berlin" });
  const { opportunity, cadence, calendar, activity, account, user } = me.entities;
  const day: [string, string][] = [["08:00", "12:00"]];
  const office = await calendar.create({
    name: "Office",
    timeZone: "Europe/Berlin",
    week: { mon: day, tue: day, wed: day, thu: day },
    holidays: ["2026-01-12"],
  });
  await cadence.create({
    name: "Care",
    calendarId: office.id,
    steps: [
      { kind: "task", subject: "Weekly report", every: "week", times: 2 },
      { kind: "email", subject: "Monthly mail", every: "month", times: 2 },
      { kind: "visit", subject: "Quarterly visit", every: "quarter", times: 1 },
    ],
  });
  await cadence.create({
    name: "Off",
    active: false,
    steps: [{ kind: "task", subject: "X", every: "day", times: 1 }],
  });
  const owner = await user.create({ name: "A" });
  const buyer = await account.create({ name: "B" });
  const { id } = await opportunity.create({ name: "D", ownerId: owner.id, accountId: buyer.id });
  const due = async () =>
    (await activity.find({ where: { opportunityId: id }, orderBy: ["dueAt"] })).items.map(
      ({ subject, dueAt }) => `${subject} ${dueAt}`,
    );
  expect(await due()).toEqual([]);
  await opportunity.moveTo(id, { stage: "won" });
  // Monday the 12th is a holiday; 5 April is a Sunday, in summer time.
  const expected = [
    "Weekly report 2026-01-13T07:00:00.000Z",
    "Weekly report 2026-01-19T07:00:00.000Z",
    "Monthly mail 2026-02-05T07:00:00.000Z",
    "Monthly mail 2026-03-05T07:00:00.000Z",
    "Quarterly visit 2026-04-06T06:00:00.000Z",
  ];
  expect(await due()).toEqual(expected);
  expect(await activity.first({ where: { opportunityId: id } })).toMatchObject({
    ownerId: owner.id,
    accountId: buyer.id,
  });
  await opportunity.update(id, { stage: "proposal" });
  await opportunity.update(id, { stage: "won" });
  expect(await due()).toEqual(expected);
  await crm.stop();
});

it("reminds once, and at another time where the activity was moved", async () => {
  const { crm, me, clock } = await salesCrm();
  const { activity } = me.entities;
  const told = async () => {
    const { items } = await me.changes({ limit: 500 });
    return items
      .filter(({ operation }) => operation === "event")
      .map((change) => JSON.stringify(change))
      .filter((text) => text.includes("activity.reminder")).length;
  };
  const at = async (instant: string) => {
    clock.set(instant);
    await runJobs({ crm, clock });
    return told();
  };
  const call = await activity.create({
    kind: "call",
    subject: "Ring",
    dueAt: "2026-01-06T10:00:00Z",
    remindMinutes: 30,
  });
  expect((await activity.get(call.id)).remindAt).toBe("2026-01-06T09:30:00.000Z");
  expect(await at("2026-01-06T09:29:59Z")).toBe(0);
  await activity.update(call.id, { dueAt: "2026-01-07T10:00:00Z" });
  expect(await at("2026-01-06T09:31:00Z")).toBe(0);
  expect(await at("2026-01-07T09:30:00Z")).toBe(1);
  expect(await at("2026-01-07T12:00:00Z")).toBe(1);
  await activity.update(call.id, { subject: "Ring again" });
  await activity.update(call.id, { dueAt: "2026-01-08T10:00:00Z" });
  expect(await at("2026-01-08T09:30:00Z")).toBe(2);
  const done = await activity.create({
    kind: "task",
    subject: "Done",
    dueAt: "2026-01-09T10:00:00Z",
    remindMinutes: 0,
  });
  await activity.update(done.id, { doneAt: "2026-01-08T11:00:00Z" });
  expect(await at("2026-01-09T10:00:00Z")).toBe(2);
  await crm.stop();
});
