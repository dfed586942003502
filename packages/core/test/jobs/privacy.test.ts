import { crmCore, definePlugin, defineSchedule, erasePerson, listErasures, retention } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { expect, it } from "vitest";

it("erases a person as a job, for those who may", async () => {
  const { crm, clock, me } = await createTestCrm({ plugins: [crmCore()] });
  const { id } = await me.entities.contact.create({ lastName: "Lovelace", email: "ada@example.org" });
  const nobody = crm.as({ actor: { kind: "user", id: "nobody" }, tenant: "test", roles: [] });
  await nobody.jobs.enqueue(erasePerson, { entity: "contact", id });
  expect((await runJobs({ crm, clock }))[0]?.outcome).toBe("failed");
  expect(await me.entities.contact.count()).toBe(1);
  await me.jobs.enqueue(erasePerson, { entity: "contact", id });
  expect((await runJobs({ crm, clock }))[0]?.outcome).toBe("done");
  expect((await me.entities.contact.find({ withDeleted: true })).items).toEqual([]);
  for await (const { state, persons } of listErasures(me))
    expect([state, persons["contact"]]).toEqual(["done", [id]]);
  await crm.stop();
});

it("keeps to retention as a schedule of the app", async () => {
  const nightly = defineSchedule("house.retention", {
    cron: "0 3 * * *",
    job: retention,
    input: { rules: [{ entity: "contact", days: 30, action: "delete" }] },
  });
  const house = definePlugin({
    name: "house",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ schedules: [nightly] }),
  });
  const { crm, clock, me } = await createTestCrm({ plugins: [crmCore(), house()] });
  await me.entities.contact.create({ lastName: "Lovelace" });
  await runJobs({ crm, clock }, { for: { days: 29 } });
  expect(await me.entities.contact.count()).toBe(1);
  await runJobs({ crm, clock }, { for: { days: 2 } });
  expect((await me.entities.contact.find({ withDeleted: true })).items).toEqual([]);
  await crm.stop();
});
