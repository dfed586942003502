import { account, type Role, roleAssignment, type User, user } from "@corm/core";
import {
  type Approval,
  absence,
  approval,
  approvalProcess,
  approvalVote,
  approve,
  delegate,
  recall,
  reject,
  submit,
  verdictOf,
} from "@corm/plugin-workflow";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lead, makeLeads, staff, type WorkflowCrm, workflowCrm } from "./support.js";

let kit: WorkflowCrm;
let people: User[];
let record: string;
beforeEach(async () => {
  kit = await workflowCrm({ approvable: ["lead"] });
  ({ people } = await staff(kit.me, 5));
  [record = ""] = await makeLeads(kit.me, 1, { country: "DE" });
});
afterEach(() => kit.crm.stop());

const idOf = (n: number) => people[n]?.id as string;
const as = (n: number) =>
  kit.crm.as({ actor: { kind: "user", id: idOf(n) }, tenant: "test", roles: ["admin"], userId: idOf(n) });
const asks = (n: number) => ({ kind: "user" as const, id: idOf(n) });
const define = (steps: object[], rest: object = {}) =>
  kit.me.repo(approvalProcess).create({ name: "Discount", target: "lead", steps, ...rest } as never);
const hand = (n = 0, id = record) => as(n).run(submit, { target: "lead", id });
const say = (action: typeof approve, n: number, id: string) => as(n).run(action, {}, { id });
const current = async (): Promise<Approval> =>
  (await kit.me
    .repo(approval)
    .first({ where: { recordId: record }, orderBy: ["-submittedAt", "-id"] })) as Approval;
const votes = async () =>
  (await kit.me.repo(approvalVote).find({ orderBy: ["round", "approverId"], limit: 100 })).items.map(
    ({ round, approverId, decision }) => [round, people.findIndex(({ id }) => id === approverId), decision],
  );

describe("an approval", () => {
  it("goes step by step, and changes the record as the process says", async () => {
    await define(
      [
        { name: "Desk", approvers: [asks(1), asks(2)], mode: "first" },
        { name: "Foreign", approvers: [asks(3)], mode: "first", where: { country: { ne: "DE" } } },
        { name: "Board", approvers: [asks(3), asks(4)], mode: "unanimous" },
      ],
      { onSubmitted: { status: "working" }, onApproved: { status: "qualified" } },
    );
    const { id, stepName } = await hand();
    expect(stepName).toBe("Desk");
    expect((await kit.me.repo(lead).get(record)).status).toBe("working");
    expect(await say(approve, 2, id)).toMatchObject({ state: "pending", step: 2, stepName: "Board" });
    await say(approve, 4, id);
    expect((await current()).state).toBe("pending");
    expect(await say(approve, 3, id)).toMatchObject({ state: "approved", stepName: null });
    expect((await kit.me.repo(lead).get(record)).status).toBe("qualified");
    expect(await votes()).toEqual([
      [1, 1, "void"],
      [1, 2, "approved"],
      [2, 3, "approved"],
      [2, 4, "approved"],
    ]);
    expect((await current()).lock).toBeNull();
  });

  it("is refused for good, or one step back with new votes", async () => {
    await define(
      [
        { name: "Desk", approvers: [asks(1)], mode: "first" },
        { name: "Board", approvers: [asks(2), asks(3)], mode: "first", onReject: "back" },
      ],
      { onRejected: { status: "unqualified" } },
    );
    const { id } = await hand();
    await say(approve, 1, id);
    expect(await say(reject, 2, id)).toMatchObject({ state: "pending", step: 0 });
    await expect(say(approve, 3, id)).rejects.toMatchObject({ code: "not-an-approver" });
    expect(await say(reject, 1, id)).toMatchObject({ state: "rejected" });
    expect((await kit.me.repo(lead).get(record)).status).toBe("unqualified");
    await expect(say(approve, 1, id)).rejects.toMatchObject({ code: "approval-over" });
    expect((await hand()).state).toBe("pending");
  });

  it("keeps a merge from changing whom its record names", async () => {
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }]);
    const [stays, goes] = await kit.me.repo(account).createMany([{ name: "One" }, { name: "Two" }]);
    const [survivorId, loser] = [stays?.id as string, goes?.id as string];
    const system = kit.crm.system({ tenant: "test", reason: "test" });
    await system.repo(lead).update(record, { convertedAccountId: loser });
    const { id } = await hand(0);
    const merge = (ctx: typeof kit.me) => ctx.entities.account.merge({ survivorId, ids: [loser] });
    await expect(merge(kit.me)).rejects.toMatchObject({ code: "record-locked", status: 409 });
    // Whoever does not see the record is not told which it is.
    const clerk = kit.crm.as({
      actor: { kind: "user", id: idOf(4) },
      tenant: "test",
      roles: [
        {
          ...{ name: "clerk", label: "Clerk", permissions: ["account.merge"] },
          entities: { account: { read: "all", update: "all", delete: "all" } },
        },
      ],
    });
    const refusal = await merge(clerk).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid-merge" });
    expect(String((refusal as Error).message)).not.toContain(record);
    expect((await kit.me.repo(lead).get(record)).convertedAccountId).toBe(loser);
    expect(await kit.me.repo(account).count()).toBe(2);
    await say(approve, 1, id);
    const { mergeId } = await merge(kit.me);
    expect((await kit.me.repo(lead).get(record)).convertedAccountId).toBe(survivorId);
    await hand(0);
    await expect(kit.me.entities.account.unmerge({ mergeId })).rejects.toMatchObject({
      code: "record-locked",
    });
    expect(await kit.me.repo(account).count()).toBe(1);
  });

  it("is taken back by its submitter alone", async () => {
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }], { onRecalled: { status: "new" } });
    const { id } = await hand(0);
    await expect(as(1).run(recall, {}, { id })).rejects.toMatchObject({ code: "not-the-submitter" });
    expect(await as(0).run(recall, {}, { id })).toMatchObject({ state: "recalled" });
    await kit.me.repo(lead).update(record, { notes: "free again" });
    await expect(as(0).run(recall, {}, { id })).rejects.toMatchObject({ code: "approval-over" });
  });

  it("goes on by the process as it was when the record was submitted", async () => {
    const process = await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }]);
    const { id } = await hand();
    await kit.me
      .repo(approvalProcess)
      .update(process.id, { steps: [{ name: "Other", approvers: [asks(4)], mode: "first" }] });
    await expect(say(approve, 4, id)).rejects.toMatchObject({ code: "not-an-approver" });
    expect((await say(approve, 1, id)).state).toBe("approved");
    expect((await current()).processVersion).toBe(1);
  });
});

describe("a submitted record", () => {
  it("is changed by nobody by any path, but for what its approvers may change", async () => {
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }], { editable: ["notes"] });
    const { id } = await hand();
    const before = await kit.me.repo(lead).get(record);
    const locked = { code: "record-locked", status: 409 };
    const system = kit.me.asSystem({ reason: "test" });
    const tries: (() => Promise<unknown>)[] = [
      () => kit.me.repo(lead).update(record, { company: "x" }),
      () => kit.me.repo(lead).update(record, { notes: "not an approver" }),
      () => kit.me.repo(lead).updateMany([{ id: record, patch: { company: "x" } }]),
      () => kit.me.repo(lead).updateWhere({ id: record }, { company: "x" }),
      () => system.repo(lead).update(record, { company: "x" }),
      () => kit.me.repo(lead).delete(record),
      () => kit.me.repo(lead).purge(record),
      () => as(1).repo(lead).update(record, { notes: "and more", company: "x" }),
      () => as(1).repo(lead).delete(record),
      () => hand(2),
    ];
    for (const attempt of tries) await expect(attempt(), attempt.toString()).rejects.toMatchObject(locked);
    expect(await kit.me.repo(lead).get(record)).toEqual(before);
    await as(1).repo(lead).update(record, { notes: "by the approver" });
    await say(approve, 1, id);
    await expect(as(1).repo(lead).update(record, { company: "free" })).resolves.toMatchObject({
      company: "free",
    });
  });

  it("is in one approval, however many submit it at once", async () => {
    await define([{ name: "Desk", approvers: [asks(4)], mode: "first" }]);
    const answers = await Promise.allSettled([0, 1, 2, 3].map((n) => hand(n)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await kit.me.repo(approval).count()).toBe(1);
  });

  it("must be one that the submitter may change, and that a process takes", async () => {
    await expect(hand()).rejects.toMatchObject({ code: "no-approval-process" });
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }], {
      where: { country: "SE" },
      submitters: ["admin"],
    });
    await expect(hand()).rejects.toMatchObject({ code: "no-approval-process" });
    await kit.me.repo(lead).update(record, { country: "SE" });
    const role = (entities: Role["entities"]) => ({
      name: "r",
      label: "R",
      entities,
      permissions: ["workflow.submit"],
    });
    const clerk = (entities: Role["entities"]) =>
      kit.crm.as({
        actor: { kind: "user", id: idOf(0) },
        tenant: "test",
        userId: idOf(0),
        roles: [role(entities)],
      });
    const input = { target: "lead", id: record };
    await expect(clerk({}).run(submit, input)).rejects.toMatchObject({ status: 422 });
    await expect(clerk({ lead: { read: "own" } }).run(submit, input)).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(clerk({ lead: { read: "all" } }).run(submit, input)).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(clerk({ lead: { read: "all", update: "all" } }).run(submit, input)).rejects.toMatchObject({
      code: "no-approval-process",
    });
    expect(await kit.me.repo(approval).count()).toBe(0);
    expect((await hand()).state).toBe("pending");
  });
});

describe("those who are asked", () => {
  it("are users, holders of a role, managers and users in fields, never the submitter; without any it is refused", async () => {
    await kit.me.repo(user).update(idOf(0), { managerId: idOf(1) });
    await kit.me.repo(user).update(idOf(1), { managerId: idOf(2) });
    await kit.me.repo(roleAssignment).createMany([
      { userId: idOf(3), role: "admin" },
      { userId: idOf(0), role: "admin" },
    ]);
    await kit.me.repo(lead).update(record, { ownerId: idOf(4) });
    await define([
      {
        name: "All",
        mode: "unanimous",
        approvers: [
          { kind: "manager" },
          { kind: "manager", levels: 2 },
          { kind: "manager", levels: 9 },
          { kind: "role", role: "admin" },
          { kind: "field", field: "ownerId" },
          asks(0),
        ],
      },
    ]);
    await hand();
    expect((await votes()).map(([, who]) => who)).toEqual([1, 2, 3, 4]);

    const alone = await workflowCrm({ approvable: ["lead"] });
    const { people: own } = await staff(alone.me, 1);
    const [id = ""] = await makeLeads(alone.me, 1);
    await alone.me.repo(approvalProcess).create({
      ...{ name: "Own", target: "lead", onSubmitted: { status: "working" } },
      steps: [{ name: "Boss", approvers: [{ kind: "manager" }], mode: "first" }],
    });
    const me = alone.crm.as({
      actor: { kind: "user", id: own[0]?.id as string },
      tenant: "test",
      roles: ["admin"],
    });
    await expect(me.run(submit, { target: "lead", id })).rejects.toMatchObject({ code: "approver-missing" });
    expect(await alone.me.repo(approval).count()).toBe(0);
    expect((await alone.me.repo(lead).get(id)).status).toBe("new");
    await alone.crm.stop();
  });

  it("must be there in every step, or nothing is submitted", async () => {
    const steps = (where: object) => [
      { name: "Desk", approvers: [asks(1)], mode: "first" },
      { name: "Board", approvers: [asks(4)], mode: "first", where },
    ];
    await kit.me.repo(user).update(idOf(4), { active: false });
    const process = await define(steps({ country: "DE" }), { onSubmitted: { status: "working" } });
    await expect(hand()).rejects.toMatchObject({ code: "approver-missing", meta: { step: "Board" } });
    expect((await kit.me.repo(lead).get(record)).status).toBe("new");
    // A step that the record does not come to needs nobody.
    await kit.me.repo(approvalProcess).update(process.id, { steps: steps({ country: "SE" }) } as never);
    expect((await hand()).state).toBe("pending");
  });

  it("vote by their actions alone: nobody writes votes or approvals", async () => {
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }]);
    const { id } = await hand();
    const [vote] = (await kit.me.repo(approvalVote).find()).items;
    const forbidden = { code: "forbidden" };
    await expect(
      kit.me.repo(approvalVote).update(vote?.id as string, { decision: "approved" }),
    ).rejects.toMatchObject(forbidden);
    await expect(kit.me.repo(approval).update(id, { state: "approved", lock: null })).rejects.toMatchObject(
      forbidden,
    );
    await expect(kit.me.repo(approval).delete(id)).rejects.toMatchObject(forbidden);
    await expect(kit.me.repo(approvalVote).purge(vote?.id as string)).rejects.toMatchObject(forbidden);
    expect((await current()).state).toBe("pending");
  });

  it("are replaced by their substitutes while they are absent, and may pass their vote on", async () => {
    await kit.me.repo(absence).create({
      ...{ userId: idOf(1), from: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z" },
      substituteId: idOf(2),
    });
    await define([{ name: "Desk", approvers: [asks(1)], mode: "first" }]);
    const { id } = await hand();
    await expect(say(approve, 1, id)).rejects.toMatchObject({ code: "not-an-approver" });
    const pass = (to: number) => as(2).run(delegate, { toUserId: idOf(to) }, { id });
    await expect(pass(0)).rejects.toMatchObject({ code: "delegate-unable" });
    await kit.me.repo(user).update(idOf(4), { active: false });
    await expect(pass(4)).rejects.toMatchObject({ code: "delegate-unable" });
    await pass(3);
    await expect(say(approve, 2, id)).rejects.toMatchObject({ code: "not-an-approver" });
    const [vote] = (await kit.me.repo(approvalVote).find({ where: { decision: "pending" } })).items;
    expect(vote).toMatchObject({ approverId: idOf(3), onBehalfOfId: idOf(1) });
    expect((await say(approve, 3, id)).state).toBe("approved");
  });

  it("are one at a time: two who decide at once make one decision", async () => {
    await define([{ name: "Desk", approvers: [asks(1), asks(2)], mode: "first" }]);
    const { id } = await hand();
    const answers = await Promise.allSettled([say(approve, 1, id), say(reject, 2, id)]);
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(["approved", "rejected"]).toContain((await current()).state);
    expect((await votes()).map(([, , decision]) => decision).sort()).toContain("void");
  });
});

describe("when the time of a step is up", () => {
  const timed = (rest: object) =>
    define([{ name: "Desk", approvers: [asks(1), asks(2)], mode: "unanimous", timeoutMinutes: 60, ...rest }]);

  it("somebody else answers for those who have not", async () => {
    await timed({ onTimeout: "escalate", escalateToId: idOf(3) });
    const { id } = await hand();
    await say(approve, 1, id);
    const worker = kit.crm.worker();
    kit.clock.advance({ minutes: 59 });
    await worker.run();
    expect(await votes()).toHaveLength(2);
    kit.clock.advance({ minutes: 1 });
    await worker.run();
    expect(await votes()).toEqual([
      [1, 1, "approved"],
      [1, 2, "void"],
      [1, 3, "pending"],
    ]);
    expect((await say(approve, 3, id)).state).toBe("approved");
  });

  it("and whom it escalates to is gone, the job is dead and says so", async () => {
    await timed({ escalateToId: idOf(3) });
    await hand();
    await kit.me.repo(user).update(idOf(3), { active: false });
    kit.clock.advance({ minutes: 60 });
    expect((await kit.crm.worker().run()).map(({ outcome }) => outcome)).toEqual(["dead"]);
    const { items } = await kit.me.jobs.list({ state: "dead" });
    expect(items[0]?.error).toContain("Desk");
    expect((await votes()).map(([, , decision]) => decision)).toEqual(["pending", "pending"]);
  });

  it("it counts as decided, where the process says so; and nothing happens to what is decided", async () => {
    await timed({ onTimeout: "reject" });
    await hand();
    kit.clock.advance({ minutes: 60 });
    const worker = kit.crm.worker();
    expect((await worker.run()).map(({ outcome }) => outcome)).toEqual(["done"]);
    expect((await current()).state).toBe("rejected");
    const { id } = await hand();
    await as(0).run(recall, {}, { id });
    kit.clock.advance({ minutes: 60 });
    await worker.run();
    expect((await current()).state).toBe("recalled");
  });
});

it("a process is checked when it is written", async () => {
  const step = { name: "Desk", approvers: [asks(1)], mode: "first" };
  const wrong: [object[], object][] = [
    [[step], { target: "account" }],
    [[step], { where: { colour: "red" } }],
    [[{ ...step, where: { colour: "red" } }], {}],
    [[{ ...step, mode: "quorum" }], {}],
    [[{ ...step, quorum: 2 }], {}],
    [[{ ...step, timeoutMinutes: 5 }], {}],
    [[{ ...step, escalateToId: idOf(2) }], {}],
    [[step], { onApproved: { colour: "red" } }],
    [[{ ...step, approvers: [{ kind: "field", field: "company" }] }], {}],
    [[step], { editable: ["colour"] }],
    [[], {}],
    [[{ ...step, approvers: [] }], {}],
  ];
  for (const [steps, rest] of wrong)
    await expect(define(steps, rest), JSON.stringify([steps, rest])).rejects.toMatchObject({ status: 422 });
  expect(await kit.me.repo(approvalProcess).count()).toBe(0);
});

it("a verdict needs what its mode says, and is the same whatever the order of the votes", () => {
  const vote = fc.constantFrom("pending" as const, "approved" as const, "rejected" as const);
  fc.assert(
    fc.property(
      fc.array(vote, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 8 }),
      (cast, quorum) => {
        const yes = cast.filter((one) => one === "approved").length;
        const no = cast.filter((one) => one === "rejected").length;
        expect(verdictOf({ mode: "unanimous" }, cast)).toBe(
          no > 0 ? "rejected" : yes === cast.length ? "approved" : "open",
        );
        const needed = Math.min(quorum, cast.length);
        const verdict = verdictOf({ mode: "quorum", quorum }, cast);
        expect(verdict).toBe(yes >= needed ? "approved" : cast.length - no < needed ? "rejected" : "open");
        expect(verdictOf({ mode: "quorum", quorum }, [...cast].reverse())).toBe(verdict);
        // Whoever has not voted yet can still change an open verdict, and no other.
        if (!cast.includes("pending")) expect(verdict).not.toBe("open");
      },
    ),
  );
});
