import { runJobs } from "@corm/core/testing";
import { retryRun, webhookDelivery, webhookEndpoint, workflowRun, workflowStep } from "@corm/plugin-workflow";
import { expect, it } from "vitest";
import { automated, lead } from "./automated.js";
import { receiver } from "./receiver.js";

it("removes runs and messages that have been over for long enough, and nothing that waits", async () => {
  const there = await receiver();
  const kit = await automated({ net: { allow: [there.host] }, keepRunsDays: 20, keepDeliveriesDays: 10 });
  const { me } = kit;
  await me.repo(webhookEndpoint).create({
    ...{ name: "There", url: there.url, principalId: kit.owner.id },
    subscriptions: [{ entity: "lead", operations: ["create"] }],
  });
  await kit.automate({
    key: "short",
    trigger: { on: "created", entity: "lead" },
    steps: [{ kind: "update", set: { company: "done" } }],
  });
  await kit.automate({
    key: "long",
    trigger: { on: "created", entity: "lead" },
    steps: [{ kind: "wait", for: { days: 60 } }],
  });
  await me.repo(lead).create({ lastName: "A" });
  await runJobs(kit);
  await runJobs(kit);
  const counts = async () => [
    await me.repo(workflowRun).count(),
    await me.repo(workflowStep).count(),
    await me.repo(webhookDelivery).count(),
  ];
  expect(await counts()).toEqual([2, 2, 1]);
  await runJobs(kit, { for: { days: 9 } });
  expect(await counts()).toEqual([2, 2, 1]);
  await runJobs(kit, { for: { days: 3 } });
  expect(await counts()).toEqual([2, 2, 0]);
  await runJobs(kit, { for: { days: 10 } });
  expect(await counts()).toEqual([1, 1, 0]);
  // One that waited for sixty days ends, and is kept from then on.
  await runJobs(kit, { for: { days: 45 } });
  expect((await me.repo(workflowRun).find()).items.map(({ state }) => state)).toEqual(["succeeded"]);
  await runJobs(kit, { for: { days: 25 } });
  expect(await counts()).toEqual([0, 0, 0]);
  await kit.crm.stop();
  await there.close();
});

it("keeps a run that is tried again between the look at it and its removal", async () => {
  const kit = await automated({ keepRunsDays: 20 });
  const { crm, me } = kit;
  await kit.automate({
    key: "fails",
    trigger: { on: "created", entity: "lead" },
    steps: [{ kind: "update", set: { email: "no address" } }],
  });
  const [tried] = await me.repo(lead).createMany([{ lastName: "Tried again" }, { lastName: "Left alone" }]);
  await runJobs(kit);
  const run = await me.repo(workflowRun).first({ where: { recordId: tried?.id as string } });
  expect(run?.state).toBe("failed");
  const { storage } = crm.runtime;
  const forTenant = storage.forTenant.bind(storage);
  let isBetween = true;
  Object.assign(storage, {
    forTenant: (...asked: Parameters<typeof forTenant>) => {
      const bound = forTenant(...asked);
      const findMany: typeof bound.findMany = async (spec) => {
        const rows = await bound.findMany(spec);
        if (isBetween && spec.table === "workflow_run" && rows.length === 2) {
          isBetween = false;
          await me.run(retryRun, {}, { id: run?.id as string });
        }
        return rows;
      };
      return new Proxy(bound, {
        get: (target, key) => {
          const value: unknown = key === "findMany" ? findMany : Reflect.get(target, key, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  });
  kit.clock.advance({ days: 21 });
  const { id } = await me.jobs.enqueue({ name: "workflow.tidyUp" }, {});
  await runJobs(kit);
  expect(isBetween).toBe(false);
  const { items } = await me.repo(workflowRun).find();
  expect(items.map(({ recordId }) => recordId)).toEqual([tried?.id]);
  expect((await me.jobs.get(id)).state).toBe("done");
  await kit.crm.stop();
});
