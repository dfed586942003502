import { runJobs } from "@corm/core/testing";
import { replay, resend, webhookDelivery, webhookEndpoint } from "@corm/plugin-workflow";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Automated, automated, lead } from "./automated.js";
import { type Receiver, receiver } from "./receiver.js";

let there: Receiver;
let kit: Automated;
let endpointId: string;
beforeEach(async () => {
  there = await receiver();
  kit = await automated({ net: { allow: [there.host] } });
  ({ id: endpointId } = await kit.me.repo(webhookEndpoint).create({
    ...{ name: "There", url: there.url, principalId: kit.owner.id },
    subscriptions: [{ entity: "lead" }],
  }));
});
afterEach(async () => {
  await kit.crm.stop();
  await there.close();
});

const delivery = async () => (await kit.me.repo(webhookDelivery).find()).items[0];
const deliverJobs = async () => (await kit.me.jobs.list({ name: "workflow.deliver" })).items;

/** A message whose job has failed once, and dies as its process does. */
async function leftBehind(): Promise<string> {
  there.answer = () => ({ status: 500 });
  await kit.me.repo(lead).create({ lastName: "A" });
  await runJobs(kit);
  there.answer = () => ({ status: 204 });
  const [job] = await deliverJobs();
  const { count } = await kit.crm.runtime.storage
    .acrossTenants("let a job die")
    .updateWhere(
      "corm_jobs",
      { op: "eq", column: "id", value: job?.id as string },
      { state: "dead", error: "its process ended each of 20 times" },
    );
  expect(count).toBe(1);
  expect((await delivery())?.state).toBe("pending");
  return job?.id as string;
}

it("a message whose job has died has failed, and says why", async () => {
  const jobId = await leftBehind();
  await runJobs(kit, { for: { hours: 7 } });
  const found = await delivery();
  expect(found).toMatchObject({ state: "failed", attempts: 1, jobId });
  expect(found?.log.at(-1)).toMatchObject({
    status: null,
    error: "its job has died: its process ended each of 20 times",
  });
  expect(there.received).toHaveLength(1);
  // Whoever lets the job run again sends it after all.
  await kit.me.jobs.replay(jobId);
  await runJobs(kit);
  expect(there.received).toHaveLength(2);
  expect((await delivery())?.state).toBe("delivered");
});

it("a replay takes what waits for a job that has died, and not what will be sent anyway", async () => {
  const since = kit.me.now();
  await leftBehind();
  await kit.me.run(replay, { since }, { id: endpointId });
  await runJobs(kit);
  expect(there.received).toHaveLength(2);
  expect(await delivery()).toMatchObject({ state: "delivered", attempts: 1 });
  there.answer = () => ({ status: 500 });
  await kit.me.repo(lead).create({ lastName: "B" });
  await runJobs(kit);
  const before = (await deliverJobs()).length;
  await kit.me.run(replay, { since }, { id: endpointId });
  await kit.crm.worker({ queues: ["default"] }).run();
  await runJobs(kit);
  // The one that was delivered goes out again; the other one has its job.
  expect(await deliverJobs()).toHaveLength(before + 1);
});

it("one message is sent again once its job has died, or was cancelled", async () => {
  await leftBehind();
  const { id } = (await delivery()) as { id: string };
  await kit.me.run(resend, {}, { id });
  await expect(kit.me.run(resend, {}, { id })).rejects.toMatchObject({ code: "run-state" });
  const [job] = await deliverJobs();
  await kit.me.jobs.cancel(job?.id as string);
  await runJobs(kit, { for: { hours: 7 } });
  expect((await delivery())?.state).toBe("cancelled");
  await kit.me.run(resend, {}, { id });
  await runJobs(kit);
  expect((await delivery())?.state).toBe("delivered");
  // What an old job says of it counts no more.
  await runJobs(kit, { for: { hours: 7 } });
  expect((await delivery())?.state).toBe("delivered");
});
