import type { FunnelStep } from "@corm/core";
import { opportunity } from "@corm/plugin-sales";
import { expect, it } from "vitest";
import { salesCrm, usd } from "./support.js";

it("declares metrics whose measures answer the questions in their names", async () => {
  const { me, crm } = await salesCrm();
  await me.entities.opportunity.createMany([
    { name: "a", stage: "won", amount: usd("10") },
    { name: "b", stage: "won", amount: usd("20") },
    { name: "c", stage: "lost", amount: usd("99") },
    { name: "d", stage: "proposal", amount: usd("7") },
  ]);
  const { metrics } = me.catalog;
  const measures = Object.fromEntries(
    [...metrics.values()].flatMap((metric) => {
      const name = metric.name.replace("sales.", "");
      const divisor = metric.divisor ? [[`${name}Of`, metric.divisor]] : [];
      return metric.kind === "funnel" ? [] : [[name, metric.measure], ...divisor];
    }),
  );
  const [row] = await me.repo(opportunity).aggregate({ measures });
  expect(row).toEqual({
    wonRevenue: usd("30.00"),
    wonCount: 2,
    averageDeal: usd("15.00"),
    winRate: 2,
    winRateOf: 3,
    openPipeline: usd("7.00"),
    opportunities: 4,
  });
  await crm.stop();
});

it("counts in the funnel how far opportunities ever came", async () => {
  const { me, crm, inTenant } = await salesCrm();
  const { opportunity } = me.entities;
  const [lost] = await opportunity.createMany([
    { name: "lost after a proposal", stage: "proposal" },
    { name: "lost at once", stage: "lost" },
    { name: "won at once", stage: "won" },
    { name: "fresh" },
  ]);
  await opportunity.update(lost!.id, { stage: "lost" });
  const steps = me.catalog.metrics.get("sales.funnel")?.steps;
  const read = typeof steps === "function" ? steps : () => Promise.resolve([]);
  const counts = async (list: readonly FunnelStep[]) =>
    Promise.all(list.map(async ({ name, where }) => [name, await opportunity.count(where)]));
  expect(await counts(await read(me))).toEqual([
    ["prospecting", 4],
    ["qualification", 2],
    ["proposal", 2],
    ["negotiation", 1],
    ["won", 1],
  ]);
  expect(await read(inTenant("empty"))).toEqual([]);
  await crm.stop();
});
