import { runJobs } from "@corm/core/testing";
import { webhookDelivery, webhookEndpoint, workflowRun, workflowStep } from "@corm/plugin-workflow";
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
