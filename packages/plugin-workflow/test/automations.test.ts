import { activity, contribute, crmCore, definePlugin } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { leads } from "@corm/plugin-leads";
import {
  automation,
  automations,
  defineAutomation,
  notification,
  start,
  when,
  workflow,
  workflowRun,
  workflowStep,
} from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { automated, lead, runsOf } from "./automated.js";

describe("an automation", () => {
  it("starts when a record is made, by its condition, and does its steps in the name of its principal", async () => {
    const { me, owner, clock, crm, errors } = await automated();
    await me.repo(automation).create({
      key: "welcome",
      name: "Welcome",
      enabled: true,
      principalId: owner.id,
      trigger: { on: "created", entity: "lead" },
      where: { company: "Engines" },
      steps: [
        { kind: "update", set: { status: "working" } },
        { kind: "wait", for: { days: 2 } },
        {
          kind: "task",
          id: "call",
          subject: "Call {{ record.lastName }} of {{record.company}}",
          ownerId: { $: "run.id" },
        },
      ],
    });
    const { items } = await me.repo(automation).find();
    await me.repo(automation).update(items[0]?.id as string, {
      steps: [
        { kind: "update", set: { status: "working", ownerId: owner.id } },
        { kind: "wait", for: { days: 2 } },
        {
          kind: "task",
          id: "call",
          subject: "Call {{ record.lastName }} of {{record.company}}",
          ownerId: { $: "record.ownerId" },
          dueAt: { $now: { days: 1 } },
        },
        { kind: "notify", to: { $: "record.ownerId" }, title: "Task {{ steps.call.id }}" },
      ],
    });
    const one = await me.repo(lead).create({ lastName: "Lovelace", company: "Engines" });
    await me.repo(lead).create({ lastName: "Other", company: "Looms" });
    await runJobs({ crm, clock });
    expect((await me.repo(lead).get(one.id)).status).toBe("working");
    const [waiting] = await runsOf(me);
    expect(waiting).toMatchObject({ state: "waiting", recordId: one.id, wakeAt: "2026-01-07T09:00:00.000Z" });
    expect(await me.repo(workflowRun).count()).toBe(1);
    await runJobs({ crm, clock }, { for: { days: 3 } });
    const [run] = await runsOf(me);
    expect(run).toMatchObject({ state: "succeeded", vars: null, steps: 4, error: null });
    const [task] = (await me.repo(activity).find({ where: { kind: "task" } })).items;
    expect(task).toMatchObject({
      subject: "Call Lovelace of Engines",
      ownerId: owner.id,
      dueAt: "2026-01-08T09:00:00.000Z",
      leadId: one.id,
    });
    const [told] = (await me.repo(notification).find()).items;
    expect(told).toMatchObject({ ownerId: owner.id, title: `Task ${task?.id}`, recordId: one.id });
    const steps = (await me.repo(workflowStep).find({ orderBy: ["key"] })).items;
    expect(steps.map(({ key, kind, state }) => `${key} ${kind} ${state}`)).toEqual([
      "0 update done",
      "1 wait done",
      "2 task done",
      "3 notify done",
    ]);
    const { items: entries } = await me.repo(lead).history(one.id);
    expect(entries[0]).toMatchObject({ actor: { kind: "user", id: owner.id } });
    expect(entries[0]?.cause).toContain(`run:${run?.id}`);
    expect(errors).toEqual([]);
    await crm.stop();
  });

  it("asks what a field was and is, and starts once for each change", async () => {
    const { me, automate, crm, clock } = await automated();
    await automate({
      trigger: {
        on: "updated",
        entity: "lead",
        changed: ["status", "notes"],
        fields: { status: { from: "new", to: { in: ["working", "qualified"] } } },
      },
      steps: [{ kind: "update", set: { notes: "was {{ trigger.before.status }}" } }],
    });
    const made = await me.repo(lead).createMany([{ lastName: "A" }, { lastName: "B" }, { lastName: "C" }]);
    const [a, b, c] = made.map(({ id }) => id) as [string, string, string];
    await me.repo(lead).update(a, { status: "working" });
    await me.repo(lead).update(b, { company: "x" });
    await me.repo(lead).update(c, { status: "unqualified" });
    await runJobs({ crm, clock });
    expect((await runsOf(me)).map(({ recordId }) => recordId)).toEqual([a]);
    expect((await me.repo(lead).get(a)).notes).toBe("was new");
    await me.repo(lead).update(a, { status: "new" });
    await me.repo(lead).update(a, { status: "qualified" });
    await runJobs({ crm, clock });
    expect((await runsOf(me)).map(({ recordId }) => recordId)).toEqual([a, a]);
    await crm.stop();
  });

  it("branches, goes through records page by page, and stops", async () => {
    const { me, automate, crm, clock } = await automated();
    await me
      .repo(lead)
      .createMany(
        Array.from({ length: 230 }, (_, n) => ({ lastName: `L${n}`, company: n % 2 ? "Odd" : "Even" })),
      );
    await automate({
      key: "sweep",
      trigger: { on: "manual" },
      steps: [
        {
          kind: "forEach",
          entity: "lead",
          where: { company: { $: "trigger.input.company" } },
          steps: [
            {
              kind: "branch",
              test: { "item.lastName": "L7" },
              yes: [{ kind: "update", entity: "lead", recordId: { $: "item.id" }, set: { notes: "seven" } }],
              no: [
                {
                  kind: "update",
                  entity: "lead",
                  recordId: { $: "item.id" },
                  set: { notes: "{{item.lastName}} of {{ item.company }}" },
                },
              ],
            },
          ],
        },
        { kind: "branch", test: { "run.automation": { ne: "sweep" } }, yes: [], no: [{ kind: "stop" }] },
        { kind: "create", entity: "lead", set: { lastName: "never" } },
      ],
    });
    const run = await me.run(start, { key: "sweep", input: { company: "Odd" } });
    await runJobs({ crm, clock });
    expect(await me.repo(workflowRun).get(run.id)).toMatchObject({ state: "succeeded", error: null });
    expect(await me.repo(lead).count({ notes: { isNull: false } })).toBe(115);
    expect(await me.repo(lead).count({ notes: "seven" })).toBe(1);
    expect(await me.repo(lead).count({ company: "Even", notes: { isNull: false } })).toBe(0);
    expect(await me.repo(lead).count({ lastName: "never" })).toBe(0);
    const tooMany = await me.run(start, { key: "sweep", input: { company: "Odd" } });
    const [stored] = (await me.repo(automation).find({ where: { key: "sweep" } })).items;
    await me.repo(automation).update(stored?.id as string, {
      steps: [{ kind: "forEach", entity: "lead", limit: 100, steps: [{ kind: "stop" }] }],
    });
    const limited = await me.run(start, { key: "sweep" });
    await runJobs({ crm, clock });
    // What had begun goes on by the version that it began with.
    expect((await me.repo(workflowRun).get(tooMany.id)).state).toBe("succeeded");
    expect(await me.repo(workflowRun).get(limited.id)).toMatchObject({
      state: "failed",
      error: expect.stringContaining("too-many-in-loop"),
    });
    await crm.stop();
  }, 90_000);

  it("is in code as well, with roles for its principal, and a tenant can switch it off", async () => {
    const welcome = defineAutomation({
      key: "from-code",
      trigger: when.created(lead),
      where: { company: { isNull: false } },
      principal: { roles: ["assistant"] },
      steps: [{ kind: "update", set: { notes: "from code" } }],
    });
    const plugin = definePlugin({
      name: "own",
      version: "1.0.0",
      corm: "^0.1",
      requires: { workflow: "^0.1" },
      setup: () => ({ contributes: [contribute(automations, welcome)] }),
    });
    const kit = await createTestCrm({
      plugins: [crmCore(), leads(), workflow(), plugin()],
      roles: [
        {
          name: "assistant",
          label: "Assistant",
          entities: { lead: { read: "all", update: "all" } },
          permissions: [],
        },
      ],
    });
    const { me } = kit;
    const one = await me.repo(lead).create({ lastName: "A", company: "x" });
    await runJobs(kit);
    expect((await me.repo(lead).get(one.id)).notes).toBe("from code");
    await me.entities.automationSwitch.create({ key: "from-code", enabled: false });
    const two = await me.repo(lead).create({ lastName: "B", company: "x" });
    await runJobs(kit);
    expect((await me.repo(lead).get(two.id)).notes).toBeNull();
    await expect(me.entities.automationSwitch.create({ key: "nothing", enabled: false })).rejects.toThrow(
      /no plugin of this app has an automation/,
    );
    await kit.crm.stop();
  });
});
