import { contribute, crmCore, defineEvent, definePlugin, roleAssignment, Type, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { lead, leads } from "@corm/plugin-leads";
import { automation, defineStep, stepKinds, workflow, workflowRun } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { storageAt, suiteName, type TestServer } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";

const rang = defineEvent("bell.rang", Type.Object({}));
const CALL = { kind: "test.call" };
const WAIT = { kind: "wait", event: rang.name };

for (const database of reuse()) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("hears the event that followed at once from the call before it", async () => {
      const kit = await open(database, [CALL, WAIT], { ringsIn: 1 });
      expect(await kit.state()).toBe("succeeded");
      await kit.stop();
    });

    it("does not hear what came before that step began", async () => {
      const kit = await open(database, [CALL, WAIT], { ringsBefore: true });
      expect(await kit.state()).toBe("waiting");
      await kit.ring();
      expect(await kit.state()).toBe("succeeded");
      await kit.stop();
    });

    it("takes one event for one wait", async () => {
      const kit = await open(database, [CALL, WAIT, WAIT], { ringsIn: 1 });
      expect(await kit.state()).toBe("waiting");
      await kit.ring();
      expect(await kit.state()).toBe("succeeded");
      await kit.stop();
    });

    it("counts from the last step alone", async () => {
      const kit = await open(database, [CALL, CALL, WAIT], { ringsIn: 1 });
      expect(await kit.state()).toBe("waiting");
      await kit.stop();
    });
  });
}

/** A run whose calls let the bell ring, heard of before they return. */
async function open(
  database: TestServer,
  steps: readonly object[],
  { ringsIn = 0, ringsBefore = false }: { ringsIn?: number; ringsBefore?: boolean },
) {
  const { url, drop } = await database.create();
  let calls = 0;
  const call = defineStep({
    name: "test.call",
    label: "Call",
    input: Type.Object({}),
    perform: async () => {
      calls += 1;
      if (calls === ringsIn) await ring();
      return {};
    },
  });
  const test = definePlugin({
    name: "test",
    version: "1.0.0",
    corm: "^0.1",
    requires: { workflow: "^0.1" },
    setup: () => ({ events: [rang], contributes: [contribute(stepKinds, call)] }),
  });
  const { crm, me } = await createTestCrm({
    storage: storageAt(url),
    plugins: [crmCore(), leads(), workflow(), test()],
  });
  const read = () => crm.worker({ queues: [], schedules: false }).run();
  async function ring(): Promise<void> {
    await crm.system({ tenant: "test", capability: "workflow.automations", reason: "ring" }).emit(rang, {});
    await read();
  }
  const owner = await me.repo(user).create({ name: "Owner" });
  await me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
  await me.repo(automation).create({
    ...{ key: "one", name: "One", enabled: true, principalId: owner.id },
    ...{ trigger: { on: "created", entity: "lead" }, steps },
  } as never);
  await me.repo(lead).create({ lastName: "Lovelace" });
  await read();
  if (ringsBefore) await ring();
  await crm.worker().run();
  return {
    async ring() {
      await ring();
      await crm.worker().run();
    },
    state: async () => (await me.repo(workflowRun).first({}))?.state,
    async stop() {
      await crm.stop();
      await drop();
    },
  };
}
