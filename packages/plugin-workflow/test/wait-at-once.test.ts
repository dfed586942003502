import { setTimeout as sleep } from "node:timers/promises";
import { contribute, crmCore, defineEvent, definePlugin, roleAssignment, Type, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { automation, defineStep, stepKinds, workflow, workflowRun } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { storageAt, suiteName, type TestServer } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";

const reused = reuse();

/** Long enough for a change that nobody holds up, and for the reader of the journal. */
const A_WHILE_MS = 1500;

const rang = defineEvent("bell.rang", Type.Object({}));

for (const database of reused.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("a run hears of the change that comes between its look at the condition and the commit of its wait", async () => {
      const kit = await twoRuns(database, { kind: "wait", condition: { company: "ready" } });
      await kit.meanwhile(() => kit.me.repo(lead).update(kit.waits(), { company: "ready" }));
      expect(await kit.states()).toEqual(["succeeded", "succeeded"]);
      await kit.stop();
    }, 60_000);

    it("a run hears of the event that is read before its wait for it commits", async () => {
      const kit = await twoRuns(database, { kind: "wait", event: rang.name });
      await kit.meanwhile(() =>
        kit.crm.system({ tenant: "test", capability: "workflow.automations", reason: "ring" }).emit(rang, {}),
      );
      expect(await kit.states()).toEqual(["succeeded", "succeeded"]);
      await kit.stop();
    }, 60_000);

    it("what a run waits for and what was read before its transaction began are two things", async () => {
      const kit = await twoRuns(database, { kind: "wait", event: rang.name });
      await kit.crm
        .system({ tenant: "test", capability: "workflow.automations", reason: "ring" })
        .emit(rang, {});
      await kit.crm.worker({ queues: [], schedules: false }).run();
      await kit.meanwhile(async () => {});
      expect(await kit.states()).toEqual(["waiting", "succeeded"]);
      await kit.stop();
    }, 60_000);
  });
}

/** Two runs of one transaction: one begins to wait, and the other lets something happen before the commit. */
async function twoRuns(database: TestServer, wait: object) {
  const { url, drop } = await database.create();
  let hasLooked = (): void => {};
  const looked = new Promise<void>((resolve) => {
    hasLooked = resolve;
  });
  let happened: Promise<unknown> = Promise.resolve();
  // In the same transaction as the wait of the run before it.
  const pause = defineStep({
    name: "test.pause",
    label: "Pause",
    input: Type.Object({}),
    run: async () => {
      hasLooked();
      await Promise.race([happened, sleep(A_WHILE_MS)]);
      return {};
    },
  });
  const test = definePlugin({
    name: "test",
    version: "1.0.0",
    corm: "^0.1",
    requires: { workflow: "^0.1" },
    setup: () => ({ events: [rang], contributes: [contribute(stepKinds, pause)] }),
  });
  const { crm, me } = await createTestCrm({
    storage: storageAt(url),
    plugins: [crmCore(), leads(), workflow(), test()],
  });
  const owner = await me.repo(user).create({ name: "Owner" });
  await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
  await me.repo(automation).create({
    ...{ key: "one", name: "One", enabled: true, principalId: owner.id },
    trigger: { on: "created", entity: "lead" },
    steps: [{ kind: "branch", if: { lastName: "Waits" }, yes: [wait], no: [{ kind: "test.pause" }] }],
  } as never);
  const [waits] = await me.repo(lead).createMany([{ lastName: "Waits" }, { lastName: "Pauses" }]);
  return {
    ...{ crm, me },
    waits: () => waits?.id as string,
    /** Lets it happen, and be read, while the transaction of the two is open. */
    async meanwhile(happen: () => Promise<unknown>): Promise<void> {
      happened = looked.then(async () => {
        await happen();
        await crm.worker({ queues: [], schedules: false }).run();
      });
      await crm.worker().run();
      await happened;
      await crm.worker().run();
    },
    async states() {
      const { items } = await me.repo(workflowRun).find({ limit: 10 });
      return items.map(({ state }) => state);
    },
    async stop() {
      await crm.stop();
      await drop();
    },
  };
}
