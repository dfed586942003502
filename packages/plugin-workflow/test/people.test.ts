import { crmCore, definePlugin, provide } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { sales } from "@corm/plugin-sales";
import {
  assign,
  assignmentDecision,
  assignmentRule,
  performance,
  performanceTarget,
  territories,
  workflow,
} from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { ownersOf, staff, workflowCrm } from "./support.js";

it("people are measured against their targets by the metrics of the app, as whoever asks may see", async () => {
  const { crm, me, clock } = await createTestCrm({ plugins: [crmCore(), leads(), sales(), workflow()] });
  const { people, team } = await staff(me as never, 2);
  const [a, b] = people.map(({ id }) => id) as [string, string];
  await me.repo(lead).createMany([
    { lastName: "1", ownerId: a },
    { lastName: "2", ownerId: a },
    { lastName: "3", ownerId: b },
  ]);
  const metric = "leads.created";
  expect([...me.catalog.metrics.keys()]).toContain(metric);
  await me.repo(performanceTarget).createMany([
    { userId: a, metric, from: "2026-01-01", until: "2026-01-31", value: 4 },
    { userId: b, metric, from: "2026-01-01", until: "2026-01-31", value: 4 },
    { userId: a, metric, from: "2026-02-01", until: "2026-02-28", value: 4 },
  ]);
  clock.advance({ days: 30 });
  await me.repo(lead).create({ lastName: "February", ownerId: a });
  const { people: measured } = await me.run(performance, { on: "2026-01-15", teamId: team.id });
  expect(measured).toEqual([
    { userId: a, metric, from: "2026-01-01", until: "2026-01-31", target: 4, actual: 2, attainment: 0.5 },
    { userId: b, metric, from: "2026-01-01", until: "2026-01-31", target: 4, actual: 1, attainment: 0.25 },
  ]);
  const { people: later } = await me.run(performance, { on: "2026-02-10" });
  expect(later.map(({ actual }) => actual)).toEqual([1]);
  const wrong = { userId: a, from: "2026-01-01", until: "2026-01-31", value: 1 };
  await expect(me.repo(performanceTarget).create({ ...wrong, metric: "no.metric" })).rejects.toMatchObject({
    code: "target-invalid",
  });
  await expect(
    me.repo(performanceTarget).create({ ...wrong, metric, from: "2026-02-01" }),
  ).rejects.toMatchObject({ code: "target-invalid" });
  await crm.stop();
});

it("records are given to people of their territory, in turn, and wait where it has nobody", async () => {
  const places = new Map<string, string[]>();
  const map = definePlugin({
    name: "map",
    version: "1.0.0",
    corm: "^0.1",
    requires: { crm: "^0.1" },
    setup: () => ({
      services: [
        provide(territories, (ctx) => ({
          usersOf: async (_, ids) => {
            const { items } = await ctx.repo(lead).find({ where: { id: { in: ids } }, limit: ids.length });
            return new Map(items.map(({ id, country }) => [id, places.get(country ?? "") ?? []]));
          },
        })),
      ],
    }),
  });
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), leads(), map(), workflow()] });
  const { people, team } = await staff(me as never, 4);
  const ids = people.map(({ id }) => id) as [string, string, string, string];
  places.set("DE", [ids[0], ids[1]]);
  places.set("FR", [ids[2]]);
  await me
    .repo(assignmentRule)
    .create({ name: "All", target: "lead", teamId: team.id, strategy: "territory" });
  const countries = ["DE", "DE", "DE", "FR", "FR", "US"];
  const made = await me
    .repo(lead)
    .createMany(countries.map((country, n) => ({ lastName: `L${n}`, country })));
  await me.run(assign, { target: "lead", ids: made.map(({ id }) => id) });
  const owners = await ownersOf(
    me as never,
    made.map(({ id }) => id),
  );
  expect(made.map(({ id }) => owners.get(id))).toEqual([ids[0], ids[1], ids[0], ids[2], ids[2], null]);
  const [waits] = (await me.repo(assignmentDecision).find({ where: { outcome: "waiting" } })).items;
  expect(waits?.considered.every(({ passedOver }) => passedOver === "territory")).toBe(true);
  await crm.stop();
  const without = await workflowCrm();
  const other = await staff(without.me, 1);
  await expect(
    without.me
      .repo(assignmentRule)
      .create({ name: "x", target: "lead", teamId: other.team.id, strategy: "territory" }),
  ).rejects.toThrow(/provides territories/);
  await without.crm.stop();
});
