import { expect, it } from "vitest";
import { salesCrm, usd } from "./support.js";

it("adds up exactly, by stage, quarter and owner", async () => {
  const { me, crm } = await salesCrm();
  const { user, opportunity } = me.entities;
  const [ada, ben, ada2] = await user.createMany([{ name: "Ada" }, { name: "Ben" }, { name: "Ada" }]);
  const won = (ownerId: string | undefined, amount: string | null, closeDate: string) => ({
    name: "x",
    stage: "won",
    ownerId: ownerId ?? null,
    amount: amount === null ? null : usd(amount),
    closeDate,
  });
  await opportunity.createMany([
    won(ben?.id, "0.10", "2017-03-31"),
    won(ben?.id, "0.20", "2017-03-31"),
    won(ben?.id, "1000000000000.01", "2017-04-01"),
    won(ada?.id, "5", "2017-12-31"),
    won(ada2?.id, "7", "2017-12-31"),
    won(undefined, null, "2018-01-01"),
    { ...won(ben?.id, null, "2017-04-01"), amount: { amount: "3", currency: "EUR" } },
    { name: "l", stage: "lost", ownerId: ben?.id ?? null, amount: usd("99"), closeDate: "2017-04-01" },
    { name: "o", stage: "proposal", amount: usd("50") },
  ]);
  expect(await opportunity.salesReport()).toEqual({
    opportunities: 9,
    byStage: { Proposal: 1, Won: 7, Lost: 1 },
    won: 7,
    lost: 1,
    winRate: 7 / 8,
    wonRevenue: usd("1000000000012.31"),
    wonRevenueByQuarter: {
      "2017Q1": usd("0.30"),
      "2017Q2": usd("1000000000000.01"),
      "2017Q4": usd("12.00"),
      "2018Q1": usd("0.00"),
    },
    wonRevenueByAgentQuarter: {
      [`Ada (${ada?.id})|2017Q4`]: usd("5.00"),
      [`Ada (${ada2?.id})|2017Q4`]: usd("7.00"),
      "Ben|2017Q1": usd("0.30"),
      "Ben|2017Q2": usd("1000000000000.01"),
      "Unassigned|2018Q1": usd("0.00"),
    },
    otherCurrencies: { EUR: { amount: "3.00", currency: "EUR" } },
  });
  const spring = await opportunity.salesReport({ from: "2017-04-01", to: "2017-06-30", currency: "EUR" });
  expect(spring).toMatchObject({
    opportunities: 9,
    won: 2,
    lost: 1,
    wonRevenue: { amount: "3.00", currency: "EUR" },
    wonRevenueByQuarter: { "2017Q2": { amount: "3.00", currency: "EUR" } },
    otherCurrencies: { USD: usd("1000000000000.01") },
  });
  await crm.stop();
});

it("has no win rate where nothing was decided, and knows one tenant only", async () => {
  const { me, crm, inTenant } = await salesCrm();
  await inTenant("other").entities.opportunity.create({ name: "theirs", stage: "won", amount: usd("1") });
  expect(await me.entities.opportunity.salesReport({})).toEqual({
    opportunities: 0,
    byStage: {},
    won: 0,
    lost: 0,
    winRate: null,
    wonRevenue: usd("0.00"),
    wonRevenueByQuarter: {},
    wonRevenueByAgentQuarter: {},
    otherCurrencies: {},
  });
  await crm.stop();
});
