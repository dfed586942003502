import {
  contribute,
  crmCore,
  definePlugin,
  defineRole,
  grant,
  JobLost,
  roleAssignment,
  Type,
  user,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { leads } from "@corm/plugin-leads";
import {
  approvalProcess,
  approve,
  automation,
  automationVersion,
  cancelRun,
  defineStep,
  dryRun,
  retryRun,
  start,
  stepKinds,
  workflow,
  workflowRun,
  workflowRuns,
  workflowStep,
} from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { automated, lead, runsOf } from "./automated.js";

describe("a run", () => {
  it("that would go round in a circle is cut, and says on which way", async () => {
    const { me, automate, crm, clock } = await automated();
    const flip = (key: string, from: string, to: string) =>
      automate({
        key,
        trigger: { on: "updated", entity: "lead", fields: { status: { to: from } } },
        steps: [{ kind: "update", set: { status: to } }],
      });
    await flip("there", "working", "qualified");
    await flip("back", "qualified", "working");
    const { id } = await me.repo(lead).create({ lastName: "A" });
    await me.repo(lead).update(id, { status: "working" });
    await runJobs({ crm, clock });
    const runs = await runsOf(me);
    expect(runs.map(({ automationKey, state }) => `${automationKey} ${state}`)).toEqual([
      "there succeeded",
      "back succeeded",
      "there cut",
    ]);
    expect(runs[2]?.error).toBe(
      `it would go round in a circle: there (${id}) → back (${id}) → there (${id})`,
    );
    expect(runs[2]?.path.map(({ automation: key }) => key)).toEqual(["there", "back"]);
    // A person who does the same begins anew.
    await me.repo(lead).update(id, { status: "new" });
    await me.repo(lead).update(id, { status: "working" });
    await runJobs({ crm, clock });
    expect((await runsOf(me)).filter(({ state }) => state === "cut")).toHaveLength(2);
    await crm.stop();
  });

  it("does no more than its principal may, at that moment", async () => {
    const clerk = defineRole({
      name: "clerk",
      entities: { ...grant(lead, { read: "all", update: "own", fields: { notes: "none" } }) },
    });
    const kit = await createTestCrm({ plugins: [crmCore(), leads(), workflow()], roles: [clerk] });
    const { me } = kit;
    const person = await me.repo(user).create({ name: "Clerk" });
    await me.repo(roleAssignment).create({ userId: person.id, role: "clerk" });
    const common = { name: "x", enabled: true, principalId: person.id };
    await me.repo(automation).createMany([
      {
        ...common,
        key: "update",
        trigger: { on: "created", entity: "lead" },
        steps: [{ kind: "update", set: { company: "changed" } }],
      },
      {
        ...common,
        key: "read",
        trigger: { on: "created", entity: "lead" },
        steps: [{ kind: "update", set: { company: "{{ record.notes }}" } }],
      },
      {
        ...common,
        key: "hidden-field",
        trigger: { on: "updated", entity: "lead", changed: ["notes"] },
        steps: [{ kind: "stop" }],
      },
    ]);
    const foreign = await me.repo(lead).create({ lastName: "Foreign", notes: "secret" });
    await me.repo(lead).update(foreign.id, { notes: "more secret" });
    await runJobs(kit);
    const runs = await runsOf(me as never);
    expect(runs.map(({ automationKey, state }) => `${automationKey} ${state}`).sort()).toEqual([
      "read failed",
      "update failed",
    ]);
    expect(runs.find(({ automationKey }) => automationKey === "update")?.error).toMatch(
      /forbidden|not-found/,
    );
    // C38: what the principal does not see is nowhere, and nothing is put in its place.
    expect(runs.find(({ automationKey }) => automationKey === "read")?.error).toMatch(/value-missing/);
    const own = await me.repo(lead).create({ lastName: "Own", ownerId: person.id });
    await runJobs(kit);
    expect((await me.repo(lead).get(own.id)).company).toBe("changed");
    await me.repo(user).update(person.id, { active: false });
    await me.repo(lead).create({ lastName: "Late", ownerId: person.id });
    await runJobs(kit);
    const refused = (await runsOf(me as never)).filter(({ error }) =>
      error?.startsWith("automation-refused"),
    );
    expect(refused).toHaveLength(2);
    // One call, once he may again, and it begins where it stood.
    await me.repo(user).update(person.id, { active: true });
    const again = refused.find(({ automationKey }) => automationKey === "update");
    await me.run(retryRun, {}, { id: again?.id as string });
    await runJobs(kit);
    expect((await me.repo(workflowRun).get(again?.id as string)).state).toBe("succeeded");
    await kit.crm.stop();
  });

  it("is not written in the name of somebody else by whoever may not act as anybody", async () => {
    const author = defineRole({
      name: "author",
      entities: {
        ...grant(automation, { read: "all", create: "all", update: "all" }),
        ...grant(lead, { read: "all", fields: { notes: "none" } }),
      },
      permissions: ["workflow.dryRun", "workflow.start"],
    });
    const kit = await createTestCrm({ plugins: [crmCore(), leads(), workflow()], roles: [author] });
    const person = await kit.me.repo(user).create({ name: "Author" });
    const boss = await kit.me.repo(user).create({ name: "Boss" });
    await kit.me.repo(roleAssignment).create({ userId: boss.id, role: "admin" });
    const me = kit.crm.as({
      actor: { kind: "user", id: person.id },
      userId: person.id,
      tenant: "test",
      roles: ["author"],
    });
    const input = {
      key: "own",
      name: "Own",
      trigger: { on: "created", entity: "lead" },
      steps: [{ kind: "stop" }],
    };
    await expect(me.repo(automation).create({ ...input, principalId: boss.id })).rejects.toThrow(
      /automation\.actAs/,
    );
    const own = await me.repo(automation).create(input);
    expect(own.principalId).toBe(person.id);
    await expect(me.repo(automation).update(own.id, { principalId: boss.id })).rejects.toThrow(/actAs/);
    const his = await kit.me
      .repo(automation)
      .create({ ...input, key: "his", principalId: boss.id, enabled: true });
    await expect(me.repo(automation).update(his.id, { steps: [{ kind: "stop" }] })).rejects.toThrow(/actAs/);
    await expect(me.run(dryRun, { key: "his" })).rejects.toThrow(/actAs/);
    // To stop it takes no more than the right to change it.
    expect((await me.repo(automation).update(his.id, { enabled: false })).enabled).toBe(false);
    // And a condition tells nobody what stands in a field that he does not see.
    await expect(
      me.repo(automation).create({ ...input, key: "ask", where: { notes: { startsWith: "a" } } }),
    ).rejects.toThrow(/notes/);
    await kit.crm.stop();
  });

  it("is tried again ever more slowly, then has failed, and goes on from there by one call", async () => {
    let broken = 3;
    const seen: string[] = [];
    const flaky = defineStep({
      name: "test.flaky",
      label: "Flaky",
      input: Type.Object({}),
      run: async (_, { ctx, run, key }) => {
        await ctx.repo(lead).update(run.recordId as string, { notes: "half" });
        seen.push(key);
        if (broken-- > 0) throw new Error("not now");
        return { output: { ok: true } };
      },
    });
    const kit = await withKinds([flaky]);
    const { me } = kit;
    await automate(kit, {
      maxAttempts: 2,
      steps: [
        { kind: "update", set: { company: "done" } },
        { kind: "test.flaky", id: "f" },
      ],
    });
    const { id } = await me.repo(lead).create({ lastName: "A" });
    await runJobs(kit);
    expect((await runsOf(me as never))[0]).toMatchObject({
      state: "running",
      attempts: 1,
      wakeAt: "2026-01-05T09:00:10.000Z",
    });
    await runJobs(kit, { for: { hours: 1 } });
    const [failed] = await runsOf(me as never);
    expect(failed).toMatchObject({ state: "failed", error: "Error: not now", steps: 1 });
    expect((await me.repo(lead).get(id)).notes).toBeNull();
    broken = 0;
    await me.run(retryRun, {}, { id: failed?.id as string });
    await runJobs(kit);
    const [done] = await runsOf(me as never);
    expect(done).toMatchObject({ state: "succeeded", steps: 2 });
    expect(new Set(seen).size).toBe(1);
    expect((await me.repo(lead).get(id)).version).toBe(3);
    await expect(me.run(retryRun, {}, { id: failed?.id as string })).rejects.toThrow(/is succeeded/);
    await kit.crm.stop();
  });

  it("does what is done elsewhere outside of transactions, again after a failure, with one key", async () => {
    const calls: { key: string; attempt: number; to: string }[] = [];
    const call = defineStep({
      name: "test.call",
      label: "Call",
      attempts: 3,
      input: Type.Object({ to: Type.String() }),
      perform: async ({ to }, { key, attempt, ctx }) => {
        expect(ctx.inTransaction).toBe(false);
        calls.push({ key, attempt, to });
        if (attempt < 3) throw new Error("busy");
        return { ticket: 7 };
      },
    });
    const kit = await withKinds([call]);
    await automate(kit, {
      steps: [
        { kind: "test.call", id: "call", to: "{{ record.lastName }}" },
        { kind: "update", set: { notes: "ticket {{ steps.call.ticket }}" } },
      ],
    });
    const { id } = await kit.me.repo(lead).create({ lastName: "Ada" });
    await runJobs(kit, { for: { hours: 1 } });
    expect(calls.map(({ attempt, to }) => `${attempt} ${to}`)).toEqual(["1 Ada", "2 Ada", "3 Ada"]);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
    expect((await kit.me.repo(lead).get(id)).notes).toBe("ticket 7");
    const steps = (await kit.me.repo(workflowStep).find({ orderBy: ["key"] })).items;
    expect(steps.map(({ state, attempts }) => [state, attempts])).toEqual([
      ["done", 3],
      ["done", 1],
    ]);
    await kit.crm.stop();
  });

  it("is uncertain of what was begun when its process ended, and does not begin it again", async () => {
    let calls = 0;
    const post = defineStep({
      name: "test.post",
      label: "Post",
      repeats: false,
      input: Type.Object({}),
      perform: async () => {
        calls += 1;
        // As if the process were gone: nobody notes how it ended.
        throw JobLost({ job: "test", id: "gone" });
      },
    });
    const kit = await withKinds([post]);
    await automate(kit, {
      steps: [
        { kind: "test.post", id: "post" },
        { kind: "update", set: { notes: "{{ steps.post.uncertain }}" } },
      ],
    });
    const { id } = await kit.me.repo(lead).create({ lastName: "Ada" });
    for (let n = 0; n < 10; n++) {
      await runJobs(kit);
      kit.clock.advance({ seconds: 20 });
    }
    expect(calls).toBe(1);
    expect((await kit.me.repo(lead).get(id)).notes).toBe("true");
    expect((await kit.me.repo(workflowStep).find({ orderBy: ["key"] })).items[0]?.state).toBe("uncertain");
    await kit.crm.stop();
  });

  it("waits for an event, for a condition, and no longer than it is told", async () => {
    const { me, automate: make, crm, clock } = await automated();
    await make({
      key: "until-qualified",
      trigger: { on: "created", entity: "lead" },
      steps: [
        { kind: "wait", id: "w", condition: { status: "qualified" }, timeout: { days: 7 } },
        { kind: "update", set: { notes: "timed out: {{ steps.w.timedOut }}" } },
      ],
    });
    const [a, b] = await me.repo(lead).createMany([{ lastName: "A" }, { lastName: "B" }]);
    await runJobs({ crm, clock }, { for: { days: 3 } });
    await me.repo(lead).update(a?.id as string, { company: "seen" });
    await runJobs({ crm, clock });
    expect((await runsOf(me)).map(({ state }) => state)).toEqual(["waiting", "waiting"]);
    await me.repo(lead).update(a?.id as string, { status: "qualified" });
    await runJobs({ crm, clock }, { for: { days: 3 } });
    expect((await me.repo(lead).get(a?.id as string)).notes).toBe("timed out: false");
    expect((await me.repo(lead).get(b?.id as string)).notes).toBeNull();
    await runJobs({ crm, clock }, { for: { days: 2 } });
    expect((await me.repo(lead).get(b?.id as string)).notes).toBe("timed out: true");
    await crm.stop();
  });

  it("submits for approval, and goes on by what comes of it", async () => {
    const { me, owner, automate: make, crm, clock } = await automated({ approvable: ["lead"] });
    const boss = await me.repo(user).create({ name: "Boss" });
    await me.repo(approvalProcess).create({
      name: "All",
      target: "lead",
      steps: [{ name: "Boss", approvers: [{ kind: "user", id: boss.id }], mode: "first" }],
    });
    await make({
      key: "ask",
      trigger: { on: "created", entity: "lead" },
      steps: [
        { kind: "approval", id: "ok" },
        {
          kind: "branch",
          test: { "steps.ok.state": "approved" },
          yes: [{ kind: "update", set: { status: "qualified" } }],
        },
      ],
    });
    const { id } = await me.repo(lead).create({ lastName: "A" });
    await runJobs({ crm, clock });
    await expect(me.repo(lead).update(id, { company: "x" })).rejects.toThrow(/locked/);
    const [open] = (await me.entities.approval.find()).items;
    expect(open).toMatchObject({ submittedById: owner.id, state: "pending" });
    const him = crm.as({
      actor: { kind: "user", id: boss.id },
      userId: boss.id,
      tenant: "test",
      roles: ["admin"],
    });
    await him.run(approve, {}, { id: open?.id as string });
    await runJobs({ crm, clock });
    expect((await me.repo(lead).get(id)).status).toBe("qualified");
    expect((await runsOf(me))[0]?.state).toBe("succeeded");
    await crm.stop();
  });

  it("is tried without anything happening, with what it would change", async () => {
    const { me, automate: make, crm, clock } = await automated();
    const row = await me.repo(lead).create({ lastName: "A" });
    await make({
      key: "try",
      trigger: { on: "manual", entity: "lead" },
      where: { status: "new" },
      steps: [
        { kind: "update", set: { status: "working" } },
        { kind: "wait", for: { days: 30 } },
        { kind: "task", subject: "Call {{record.lastName}}" },
        { kind: "send", to: { $: "record.email" }, subject: "Hello", text: "Hello" },
      ],
    });
    const trial = await me.run(dryRun, { key: "try", recordId: row.id });
    expect(trial).toMatchObject({ state: "succeeded", error: null });
    expect(trial.steps.map(({ kind }) => kind)).toEqual(["update", "wait", "task", "send"]);
    expect(trial.changes[0]).toEqual({
      operation: "update",
      entity: "lead",
      record: row.id,
      event: null,
      changes: { status: ["new", "working"] },
    });
    expect(trial.changes[1]).toMatchObject({ operation: "create", entity: "activity" });
    expect(trial.changes[1]?.changes?.["subject"]).toEqual([null, "Call A"]);
    await runJobs({ crm, clock });
    expect(await me.repo(workflowRun).count()).toBe(0);
    expect(await me.repo(workflowStep).count()).toBe(0);
    expect((await me.repo(lead).get(row.id)).status).toBe("new");
    await crm.stop();
  });

  it("begins later where a tenant has had its share of the hour, in the order of their causes", async () => {
    const { me, automate: make, crm, clock } = await automated({ runsPerHour: 3 });
    await make({
      trigger: { on: "created", entity: "lead" },
      steps: [{ kind: "update", set: { notes: "x" } }],
    });
    await me.repo(lead).createMany(Array.from({ length: 8 }, (_, n) => ({ lastName: `L${n}` })));
    const done = () => me.repo(lead).count({ notes: "x" });
    await runJobs({ crm, clock }, { for: { minutes: 50 } });
    expect(await done()).toBe(3);
    await runJobs({ crm, clock }, { for: { hours: 1 } });
    expect(await done()).toBe(6);
    await runJobs({ crm, clock }, { for: { hours: 1 } });
    expect(await done()).toBe(8);
    await crm.stop();
  });

  it("keeps versions, leaves when its record satisfies the exit, and is cancelled", async () => {
    const { me, automate: make, crm, clock } = await automated();
    const stored = await make({
      key: "v",
      trigger: { on: "created", entity: "lead" },
      exit: { status: "unqualified" },
      steps: [
        { kind: "wait", for: { days: 1 } },
        { kind: "update", set: { notes: "one" } },
      ],
    });
    const [a, b, c] = await me
      .repo(lead)
      .createMany([{ lastName: "A" }, { lastName: "B" }, { lastName: "C" }]);
    await runJobs({ crm, clock });
    await me.repo(automation).update(stored.id, { steps: [{ kind: "update", set: { notes: "two" } }] });
    await me.repo(lead).update(b?.id as string, { status: "unqualified" });
    const third = (await runsOf(me)).find(({ recordId }) => recordId === c?.id);
    await me.run(cancelRun, {}, { id: third?.id as string });
    const d = await me.repo(lead).create({ lastName: "D" });
    await runJobs({ crm, clock }, { for: { days: 2 } });
    const notes = async (id: string | undefined) => (await me.repo(lead).get(id as string)).notes;
    expect([await notes(a?.id), await notes(b?.id), await notes(c?.id), await notes(d.id)]).toEqual([
      "one",
      null,
      null,
      "two",
    ]);
    const states = new Map((await runsOf(me)).map(({ recordId, state }) => [recordId, state]));
    expect([states.get(b?.id as string), states.get(c?.id as string)]).toEqual(["exited", "cancelled"]);
    const versions = (await me.repo(automationVersion).find({ orderBy: ["number"] })).items;
    expect(versions.map(({ number }) => number)).toEqual([1, 2]);
    await crm.stop();
  });

  it("is made over HTTP, and refused with the place that is wrong", async () => {
    const { me, owner, crm, clock } = await automated();
    const app = createHttp(crm, {
      authenticate: () => ({ actor: me.actor, tenant: "test", roles: ["admin"] }),
    });
    const post = async (path: string, body: unknown) => {
      const response = await app.fetch(
        new Request(`http://localhost${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        }),
      );
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const good = {
      key: "http",
      name: "Over HTTP",
      enabled: true,
      principalId: owner.id,
      trigger: { on: "manual", entity: "lead" },
      steps: [{ kind: "update", set: { notes: "http" } }],
    };
    const wrong: [object, string][] = [
      [{ trigger: { on: "never" } }, "/trigger/on"],
      [{ trigger: { on: "created", entity: "nothing" } }, "/trigger/entity"],
      [{ trigger: { on: "created" } }, "/trigger"],
      [{ trigger: { on: "updated", entity: "lead", changed: ["nothing"] } }, "/trigger/fields"],
      [{ trigger: { on: "schedule", cron: "99 * * * *" } }, "/trigger/cron"],
      [{ trigger: { on: "event", event: "no.event" } }, "/trigger/event"],
      [{ where: { nothing: 1 } }, "/where"],
      [{ steps: [] }, "/steps"],
      [{ steps: [{ kind: "fly" }] }, "/steps/0/kind"],
      [{ steps: [{ kind: "update" }] }, "/steps/0/set"],
      [{ steps: [{ kind: "update", set: {}, more: 1 }] }, "/steps/0/more"],
      [{ steps: [{ kind: "update", set: { notes: "{{ record.nothing }}" } }] }, "/steps/0"],
      [{ steps: [{ kind: "update", set: { notes: { $: "item.id" } } }] }, "/steps/0"],
      [{ steps: [{ kind: "update", set: { notes: { $: "steps.a.id" } } }] }, "/steps/0"],
      [{ steps: [{ kind: "wait" }] }, "/steps/0"],
      [{ steps: [{ kind: "action", action: "no.action" }] }, "/steps/0"],
      [{ steps: [{ kind: "branch", yes: [] }] }, "/steps/0"],
      [{ steps: [{ kind: "forEach", entity: "lead", limit: 20_000, steps: [] }] }, "/steps/0/limit"],
    ];
    for (const [patch, pointer] of wrong) {
      const { status, body } = await post("/api/automations", { ...good, ...patch });
      expect([status, (body["errors"] as { pointer?: string }[] | undefined)?.[0]?.pointer], pointer).toEqual(
        [422, pointer],
      );
    }
    expect(await me.repo(automation).count()).toBe(0);
    expect((await post("/api/automations", good)).status).toBe(201);
    const { id } = await me.repo(lead).create({ lastName: "A" });
    const begun = await post("/api/actions/workflow.start", { key: "http", recordId: id });
    expect([begun.status, begun.body["state"]]).toEqual([200, "queued"]);
    await runJobs({ crm, clock });
    expect((await me.repo(lead).get(id)).notes).toBe("http");
    expect((await post("/api/workflow-runs", { automationKey: "x" })).status).toBeGreaterThanOrEqual(400);
    expect((await post("/api/actions/workflow.start", { key: "none" })).status).toBe(404);
    await crm.stop();
  });

  it("is made by other plugins, once for each key", async () => {
    const { me, owner, crm, clock } = await automated();
    const { id } = await me.repo(lead).create({ lastName: "A" });
    const definition = {
      key: "journey",
      trigger: { on: "manual", entity: "lead" },
      steps: [{ kind: "update", set: { notes: "entered {{ trigger.entry }}" } }],
    } as const;
    const runs = me.service(workflowRuns);
    await runs.check(definition);
    const begin = () =>
      runs.start(definition, { principal: { userId: owner.id } }, [
        { record: { entity: "lead", id }, triggerKey: `${id}:1`, given: { entry: 1 } },
      ]);
    expect(await begin()).toHaveLength(1);
    expect(await begin()).toHaveLength(0);
    await runJobs({ crm, clock });
    expect((await me.repo(lead).get(id)).notes).toBe("entered 1");
    await runs.cancel((await runsOf(me)).map((run) => run.id));
    expect(await me.run(start, { key: "journey" }).catch((error: Error) => error.message)).toMatch(
      /no automation/,
    );
    await crm.stop();
  });
});

async function withKinds(kinds: Parameters<typeof contribute<ReturnType<typeof defineStep>>>[1][]) {
  const plugin = definePlugin({
    name: "test",
    version: "1.0.0",
    corm: "^0.1",
    requires: { workflow: "^0.1" },
    setup: () => ({ contributes: [contribute(stepKinds, ...kinds)] }),
  });
  return createTestCrm({ plugins: [crmCore(), leads(), workflow(), plugin()] });
}

async function automate(kit: Awaited<ReturnType<typeof withKinds>>, rest: object) {
  const owner = await kit.me.repo(user).create({ name: "Owner" });
  await kit.me.repo(roleAssignment).create({ userId: owner.id, role: "admin" });
  await kit.me.repo(automation).create({
    key: "one",
    name: "One",
    enabled: true,
    principalId: owner.id,
    trigger: { on: "created", entity: "lead" },
    steps: [],
    ...rest,
  } as never);
}
