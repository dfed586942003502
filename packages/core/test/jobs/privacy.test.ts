import {
  contact,
  crmCore,
  defineJob,
  definePlugin,
  defineSchedule,
  erasePerson,
  importFile,
  importRejection,
  listErasures,
  retention,
} from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import Type from "typebox";
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

it("takes a person out of jobs that wait, have failed or are over, and leaves the others alone", async () => {
  const letter = defineJob("post.letter", {
    input: Type.Object({ to: Type.String() }),
    attempts: 1,
    run: async (_, { to }) => {
      throw new Error(`nobody at ${to}`);
    },
  });
  const post = definePlugin({
    name: "post",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ jobs: [letter] }),
  });
  const { crm, clock, me } = await createTestCrm({ plugins: [crmCore(), post()] });
  const { id } = await me.entities.contact.create({ lastName: "Lovelace", email: "ada@example.org" });
  const { id: dead } = await me.jobs.enqueue(letter, { to: "Ada@Example.org" });
  const { id: other } = await me.jobs.enqueue(letter, { to: "byron@example.org" });
  await runJobs({ crm, clock });
  const { id: waits } = await me.jobs.enqueue(letter, { to: "ada@example.org" }, { delay: { days: 3 } });
  const { id: stays } = await me.jobs.enqueue(letter, { to: "byron@example.org" }, { delay: { days: 3 } });
  await me.jobs.enqueue(erasePerson, { entity: "contact", id });
  await runJobs({ crm, clock });
  const of = async (job: string) => {
    const { state, input, error } = await me.jobs.get(job);
    return [state, input, error];
  };
  expect(await of(dead)).toEqual(["dead", null, "[erased]"]);
  expect(await of(other)).toEqual([
    "dead",
    { to: "byron@example.org" },
    "Error: nobody at byron@example.org",
  ]);
  expect(await of(stays)).toEqual(["delayed", { to: "byron@example.org" }, null]);
  expect(await me.jobs.get(waits).catch(() => null)).not.toMatchObject({ state: "delayed" });
  for await (const { erased } of listErasures(me))
    expect(erased["@jobs"]).toEqual({ anonymised: 1, deleted: 1, journal: 0 });
  await expect(me.jobs.replay(dead)).rejects.toMatchObject({ code: "job-state" });
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

it("keeps to the terms that plugins declare every night, in every tenant, unless the app withholds it", async () => {
  async function* file() {
    yield new TextEncoder().encode("lastName,birthday\nLovelace,never\n");
  }
  for (const withhold of [[], ["core.privacy"], ["core.jobs"]]) {
    const { crm, clock, me, inTenant } = await createTestCrm({
      plugins: [crmCore()],
      withhold,
      jobs: { tenants: () => ["test", "other"] },
    });
    const tenants = [me, inTenant("other")];
    for (const each of tenants) {
      await each.entities.contact.create({ lastName: "Byron" });
      await importFile(each, contact, file(), { format: "csv", mode: "create" });
    }
    const kept = () =>
      Promise.all(tenants.map((each) => each.asSystem({ reason: "test" }).repo(importRejection).count()));
    expect(await kept()).toEqual([1, 1]);
    await runJobs({ crm, clock }, { for: { days: 29 } });
    expect(await kept()).toEqual([1, 1]);
    const ends = await runJobs({ crm, clock }, { for: { days: 2 } });
    expect(await kept()).toEqual(withhold.length === 0 ? [0, 0] : [1, 1]);
    expect(ends.filter(({ name }) => name === "crm.retention").map(({ outcome }) => outcome)).toEqual(
      withhold.length === 0 ? ["done", "done", "done", "done"] : [],
    );
    await crm.stop();
  }
});
