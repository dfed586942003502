import { setTimeout as sleep } from "node:timers/promises";
import { contribute, crmCore, definePlugin, roleAssignment, Type, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { automation, defineStep, stepKinds, workflow, workflowRun } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";

/** Long enough for a change that nobody holds up, and for the reader of the journal. */
const A_WHILE_MS = 1500;

for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("a run hears of the change that comes between its look at the condition and the commit of its wait", async () => {
      const { url, drop } = await database.create();
      let hasLooked = (): void => {};
      const looked = new Promise<void>((resolve) => {
        hasLooked = resolve;
      });
      let meanwhile: Promise<unknown> = Promise.resolve();
      // In the same transaction as the wait of the run before it.
      const pause = defineStep({
        name: "test.pause",
        label: "Pause",
        input: Type.Object({}),
        run: async () => {
          hasLooked();
          await Promise.race([meanwhile, sleep(A_WHILE_MS)]);
          return {};
        },
      });
      const test = definePlugin({
        name: "test",
        version: "1.0.0",
        corm: "^0.1",
        requires: { workflow: "^0.1" },
        setup: () => ({ contributes: [contribute(stepKinds, pause)] }),
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
        steps: [
          {
            kind: "branch",
            if: { lastName: "Waits" },
            yes: [{ kind: "wait", condition: { company: "ready" } }],
            no: [{ kind: "test.pause" }],
          },
        ],
      } as never);
      const [waits] = await me.repo(lead).createMany([{ lastName: "Waits" }, { lastName: "Pauses" }]);
      meanwhile = looked.then(async () => {
        await me.repo(lead).update(waits?.id as string, { company: "ready" });
        await crm.worker({ queues: [], schedules: false }).run();
      });
      await crm.worker().run();
      await meanwhile;
      await crm.worker().run();
      const { items } = await me.repo(workflowRun).find({ limit: 10 });
      expect(items.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
      await crm.stop();
      await drop();
    }, 60_000);
  });
}
