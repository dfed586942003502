import { account, calendar, contact, user } from "@corm/core";
import {
  absence,
  agent,
  assign as assignAction,
  assignmentDecision,
  assignmentRule,
  assignments,
  reassign,
  retryAssignment,
  setPresence,
  skill,
  teamSkill,
  userSkill,
} from "@corm/plugin-workflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { countsOf, lead, makeLeads, ownersOf, staff, type WorkflowCrm, workflowCrm } from "./support.js";

let kit: WorkflowCrm;
beforeEach(async () => {
  kit = await workflowCrm();
});
afterEach(() => kit.crm.stop());

const rule = (rest: object) =>
  kit.me.repo(assignmentRule).create({ name: "All", target: "lead", ...rest } as never);
const assign = (ids: readonly string[], rest: object = {}) =>
  kit.me.run(assignAction, { target: "lead", ids: [...ids], ...rest });
const decisionsOf = async (id: string) =>
  (await kit.me.repo(assignmentDecision).find({ where: { recordId: id }, orderBy: ["decidedAt", "id"] }))
    .items;

describe("assigning by rules", () => {
  it("takes the first rule that a record satisfies, goes round its team, and says why", async () => {
    const { me } = kit;
    const [sales, north] = [await staff(me, 3), await staff(me, 1, "North")];
    await rule({ name: "Rest", teamId: sales.team.id, priority: 200 });
    await rule({ name: "Sweden", teamId: north.team.id, where: { country: "SE" }, priority: 10 });
    const ids = await makeLeads(me, 7);
    const [swedish = ""] = await makeLeads(me, 1, { country: "SE" });
    const { decisions } = await assign([...ids, swedish]);
    expect(decisions.map(({ outcome }) => outcome)).toEqual(Array(8).fill("assigned"));
    const owners = await ownersOf(me, [...ids, swedish]);
    expect(countsOf(owners, sales.people)).toEqual([3, 2, 2]);
    expect(owners.get(swedish)).toBe(north.people[0]?.id);
    const [why] = await decisionsOf(ids[1] as string);
    expect(why).toMatchObject({
      outcome: "assigned",
      by: "roundRobin",
      cause: "asked",
      userId: sales.people[1]?.id,
    });
    expect(why?.considered).toEqual([
      { userId: sales.people[0]?.id, passedOver: "not-in-turn" },
      { userId: sales.people[1]?.id, passedOver: null },
      { userId: sales.people[2]?.id, passedOver: "not-in-turn" },
    ]);
    // The turn goes on where it was.
    const [next = ""] = await makeLeads(me, 1);
    await assign([next]);
    expect((await ownersOf(me, [next])).get(next)).toBe(sales.people[1]?.id);
  });

  it("leaves what has an owner, and says of what no rule is for", async () => {
    const { team, people } = await staff(kit.me, 2);
    await rule({ teamId: team.id, where: { country: "DE" } });
    const owned = await kit.me
      .repo(lead)
      .create({ lastName: "Owned", country: "DE", ownerId: people[1]?.id as string });
    const [other = ""] = await makeLeads(kit.me, 1);
    const { decisions } = await assign([owned.id, other]);
    expect(decisions).toMatchObject([
      { recordId: other, outcome: "unmatched", userId: null, considered: [] },
    ]);
    expect((await kit.me.repo(lead).get(owned.id)).version).toBe(owned.version);
  });

  it("previews without a trace, and then does the same", async () => {
    const { team } = await staff(kit.me, 3);
    await rule({ teamId: team.id });
    const ids = await makeLeads(kit.me, 4);
    const before = await kit.me.changes({ limit: 500 });
    const preview = await assign(ids, { preview: true });
    expect(
      (await kit.me.repo(assignmentDecision).count()) +
        [...(await ownersOf(kit.me, ids)).values()].filter(Boolean).length,
    ).toBe(0);
    expect(
      (await kit.me.changes({ limit: 500 })).items.filter(({ entity }) => entity === "lead"),
    ).toHaveLength(before.items.filter(({ entity }) => entity === "lead").length);
    const done = await assign(ids);
    expect(done).toEqual(preview);
  });

  it("refuses records that the caller does not see, and changes nothing", async () => {
    const { team } = await staff(kit.me, 1);
    await rule({ teamId: team.id });
    const [id = ""] = await makeLeads(kit.me, 1);
    const clerk = kit.crm.as({
      actor: { kind: "user", id: "clerk" },
      tenant: "test",
      roles: [
        {
          name: "clerk",
          label: "Clerk",
          entities: { lead: { read: "own" } },
          permissions: ["workflow.assign"],
        },
      ],
    });
    await expect(clerk.run(assignAction, { target: "lead", ids: [id] })).rejects.toMatchObject({
      code: "not-found",
    });
    const stranger = kit.crm.as({ actor: { kind: "user", id: "x" }, tenant: "test", roles: [] });
    await expect(stranger.run(assignAction, { target: "lead", ids: [id] })).rejects.toMatchObject({
      status: 403,
    });
    expect((await ownersOf(kit.me, [id])).get(id)).toBeNull();
    expect(await kit.me.repo(assignmentDecision).count()).toBe(0);
  });

  it("takes nothing from a colleague by whoever only reads it", async () => {
    const { team, people } = await staff(kit.me, 2);
    await rule({ teamId: team.id });
    const [owner, reader] = people.map(({ id }) => id) as [string, string];
    const [id = ""] = await makeLeads(kit.me, 1, { ownerId: owner });
    const as = (rights: object) =>
      kit.crm.as({
        actor: { kind: "user", id: reader },
        tenant: "test",
        roles: [
          {
            name: "clerk",
            label: "Clerk",
            entities: { lead: { read: "all", ...rights } },
            permissions: ["workflow.assign", "workflow.reassign"],
          },
        ],
      });
    const request = { target: "lead", ids: [id], fromUserId: owner };
    for (const rights of [{}, { update: "own" }, { transfer: "own" }])
      for (const preview of [true, false])
        await expect(as(rights).run(reassign, { ...request, preview })).rejects.toMatchObject({
          status: 403,
        });
    await expect(
      as({ update: "own" }).run(assignAction, { target: "lead", ids: [id] }),
    ).rejects.toMatchObject({
      code: "forbidden",
    });
    expect((await ownersOf(kit.me, [id])).get(id)).toBe(owner);
    const { decisions } = await as({ transfer: "all" }).run(reassign, request);
    expect(decisions).toMatchObject([{ recordId: id, outcome: "assigned", userId: reader }]);
  });
});

describe("people", () => {
  it("are passed over when absent, off, away, inactive, full or at their quota", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 7);
    const [away, gone, absent, night, full, quota, free] = people.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const nights = await me
      .repo(calendar)
      .create({ name: "Nights", timeZone: "UTC", week: { mon: [["20:00", "23:00"]] } });
    await me.repo(agent).createMany([
      { userId: away, presence: "away" },
      { userId: night, calendarId: nights.id },
      { userId: full, capacity: 1 },
      { userId: quota, dailyQuota: 1 },
    ]);
    await me.repo(user).update(gone, { active: false });
    await me
      .repo(absence)
      .create({ userId: absent, from: "2026-01-05T00:00:00Z", until: "2026-01-06T00:00:00Z" });
    await rule({ teamId: team.id, open: { status: { in: ["new", "working"] } } });
    const ids = await makeLeads(me, 5);
    await assign(ids);
    const owners = await ownersOf(me, ids);
    expect(countsOf(owners, people)).toEqual([0, 0, 0, 0, 1, 1, 3]);
    const reasons = (await decisionsOf(ids[4] as string))[0]?.considered ?? [];
    expect(Object.fromEntries(reasons.map(({ userId, passedOver }) => [userId, passedOver]))).toEqual({
      [away]: "offline",
      [gone]: "inactive",
      [absent]: "absent",
      [night]: "off-hours",
      [full]: "full",
      [quota]: "quota",
      [free]: null,
    });
    // What is done does not count as open; a quota is of 24 hours.
    const [done] = [...owners].find(([, owner]) => owner === full) as [string, string];
    await me.repo(lead).update(done, { status: "unqualified" });
    kit.clock.advance({ hours: 24, minutes: 1 });
    const more = await makeLeads(me, 4);
    await assign(more);
    const [nowAbsent, , , ...rest] = countsOf(await ownersOf(me, more), [
      people[2],
      people[1],
      people[0],
      ...people.slice(4),
    ] as never);
    expect([nowAbsent, ...rest]).toEqual([1, 1, 1, 1]);
  });

  it("with skills take what asks for them; skills are given up after a time, then it overflows, then it falls back", async () => {
    const { me } = kit;
    const [first, second] = [await staff(me, 2), await staff(me, 1, "Overflow")];
    const chief = await me.repo(user).create({ name: "Chief" });
    const german = await me.repo(skill).create({ key: "german", name: "German" });
    const [novice, expert] = first.people as unknown as [{ id: string }, { id: string }];
    await me.repo(userSkill).createMany([
      { userId: novice.id, skillId: german.id, level: 2 },
      { userId: expert.id, skillId: german.id, level: 8 },
    ]);
    await me.repo(agent).create({ userId: expert.id, capacity: 1 });
    await rule({
      teamId: first.team.id,
      requires: [{ skill: "german", level: 5, relaxAfterMinutes: 30 }],
      overflowTeamId: second.team.id,
      overflowAfterMinutes: 60,
    });
    const ids = await makeLeads(me, 2);
    expect((await assign(ids)).decisions.map(({ outcome }) => outcome)).toEqual(["assigned", "waiting"]);
    const [, waiting = ""] = ids;
    kit.clock.advance({ minutes: 29 });
    expect(await me.run(retryAssignment, {})).toEqual({ tried: 1, assigned: 0 });
    kit.clock.advance({ minutes: 1 });
    expect(await me.run(retryAssignment, {})).toEqual({ tried: 1, assigned: 1 });
    expect((await ownersOf(me, [waiting])).get(waiting)).toBe(novice.id);
    expect(await me.run(retryAssignment, {})).toEqual({ tried: 0, assigned: 0 });

    await me.repo(agent).create({ userId: novice.id, presence: "offline" });
    const [late = ""] = await makeLeads(me, 1);
    await assign([late]);
    kit.clock.advance({ minutes: 59 });
    await me.run(retryAssignment, { target: "lead" });
    expect((await ownersOf(me, [late])).get(late)).toBeNull();
    kit.clock.advance({ minutes: 1 });
    await me.run(retryAssignment, { target: "lead" });
    expect((await ownersOf(me, [late])).get(late)).toBe(second.people[0]?.id);

    await me.repo(agent).create({ userId: second.people[0]?.id as string, presence: "away" });
    const all = await me.repo(assignmentRule).first({});
    await me
      .repo(assignmentRule)
      .update(all?.id as string, { fallbackUserId: chief.id, overflowAfterMinutes: 0 });
    const [last = ""] = await makeLeads(me, 1);
    expect((await assign([last])).decisions[0]).toMatchObject({
      outcome: "assigned",
      userId: chief.id,
      by: "fallback",
    });
  });

  it("are looked for again every minute by a worker, while something waits and no longer", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 1);
    await me.repo(agent).create({ userId: people[0]?.id as string, presence: "offline" });
    await rule({ teamId: team.id });
    const ids = await makeLeads(me, 3);
    await assign(ids);
    const worker = kit.crm.worker();
    const ran = async () => (await worker.run()).map(({ name, outcome }) => [name, outcome]);
    expect(await ran()).toEqual([]);
    const noted = () => kit.me.repo(assignmentDecision).count();
    expect(await noted()).toBe(3);
    for (let minute = 0; minute < 3; minute++) {
      kit.clock.advance({ minutes: 1 });
      expect(await ran()).toEqual([["workflow.retryWaiting", "done"]]);
    }
    expect([...(await ownersOf(me, ids)).values()]).toEqual([null, null, null]);
    // That they still wait is no news.
    expect(await noted()).toBe(3);
    await me.repo(agent).updateWhere({}, { presence: "online" });
    kit.clock.advance({ minutes: 1 });
    expect(await ran()).toHaveLength(1);
    expect(countsOf(await ownersOf(me, ids), people)).toEqual([3]);
    kit.clock.advance({ hours: 1 });
    expect(await ran()).toEqual([]);
  });

  it("are not looked for any more where somebody has taken it himself, or it is gone", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 1);
    const owner = people[0]?.id as string;
    await me.repo(agent).create({ userId: owner, presence: "offline" });
    await rule({ teamId: team.id, fallbackUserId: null });
    const [taken = "", gone = ""] = await makeLeads(me, 2);
    await assign([taken, gone]);
    await me.repo(lead).update(taken, { ownerId: owner });
    await me.repo(lead).purge(gone);
    const worker = kit.crm.worker();
    for (const expected of [1, 0]) {
      kit.clock.advance({ minutes: 1 });
      expect(await worker.run()).toHaveLength(expected);
    }
    // What cannot be taken from him stays with him, and does not wait.
    await me.run(reassign, { target: "lead", fromUserId: owner, ids: [taken] });
    expect((await ownersOf(me, [taken])).get(taken)).toBe(owner);
    kit.clock.advance({ minutes: 1 });
    expect(await worker.run()).toEqual([]);
  });

  it("who is not active is no fallback", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 1);
    await me.repo(agent).create({ userId: people[0]?.id as string, presence: "offline" });
    const chief = await me.repo(user).create({ name: "Chief", active: false });
    await rule({ teamId: team.id, fallbackUserId: chief.id });
    expect((await assign(await makeLeads(me, 1))).decisions[0]).toMatchObject({
      outcome: "waiting",
      userId: null,
    });
  });

  it("who had the record comes first", async () => {
    const { me } = kit;
    const { team } = await staff(me, 3);
    await rule({ teamId: team.id, prefer: ["lastHolder"] });
    const [id = ""] = await makeLeads(me, 1);
    await assign([id]);
    const holder = (await ownersOf(me, [id])).get(id);
    await assign(await makeLeads(me, 1));
    await me.repo(lead).update(id, { ownerId: null });
    expect((await assign([id])).decisions[0]).toMatchObject({ userId: holder, by: "preferred" });
  });

  it("the owner of the account comes first", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 3);
    const [, , third = { id: "" }] = people;
    await rule({ target: "contact", teamId: team.id, prefer: ["accountOwner"] });
    const { id: accountId } = await me.repo(account).create({ name: "Engines", ownerId: third.id });
    const known = await me.repo(contact).create({ lastName: "Ada", accountId });
    const stranger = await me.repo(contact).create({ lastName: "Joan" });
    const { decisions } = await me.run(assignAction, { target: "contact", ids: [known.id, stranger.id] });
    expect(decisions.map(({ userId, by }) => [userId, by])).toEqual([
      [third.id, "preferred"],
      [people[0]?.id, "roundRobin"],
    ]);
  });

  it("say themselves whether they take work; a key without a user cannot", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 2);
    await rule({ teamId: team.id });
    const [first = { id: "" }] = people;
    const he = kit.crm.as({ actor: { kind: "user", id: first.id }, tenant: "test", roles: ["admin"] });
    await he.run(setPresence, { presence: "away" });
    const ids = await makeLeads(me, 2);
    await assign(ids);
    expect(countsOf(await ownersOf(me, ids), people)).toEqual([0, 2]);
    const key = kit.crm.as({ actor: { kind: "apiKey", id: "k" }, tenant: "test", roles: ["admin"] });
    await expect(key.run(setPresence, { presence: "online" })).rejects.toMatchObject({ code: "forbidden" });
    expect(await me.repo(agent).count()).toBe(1);
  });

  it("have gaps between the skills that a team needs and has", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 3);
    const [german, french] = [
      await me.repo(skill).create({ key: "german", name: "German" }),
      await me.repo(skill).create({ key: "french", name: "French" }),
    ];
    await me.repo(userSkill).createMany([
      { userId: people[0]?.id as string, skillId: german.id, level: 5 },
      { userId: people[1]?.id as string, skillId: german.id, level: 9 },
    ]);
    await me.repo(teamSkill).createMany([
      { teamId: team.id, skillId: german.id, level: 5, people: 2 },
      { teamId: team.id, skillId: german.id, level: 8, people: 2 },
      { teamId: team.id, skillId: french.id, level: 1, people: 1 },
    ]);
    const { gaps } = await me.entities.team.skillGaps(team.id, {});
    expect(
      gaps.map(({ skill: key, level, required, present, gap }) => [key, level, required, present, gap]),
    ).toEqual([
      ["german", 5, 2, 2, 0],
      ["german", 8, 2, 1, 1],
      ["french", 1, 1, 0, 1],
    ]);
    await me.repo(user).update(people[1]?.id as string, { active: false });
    expect((await me.entities.team.skillGaps(team.id, {})).gaps.map(({ gap }) => gap)).toEqual([1, 2, 1]);
  });
});

describe("taking records away", () => {
  it("a leaver's records go to others, previewed first, and never back to him", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 3);
    await rule({ teamId: team.id });
    const ids = await makeLeads(me, 9);
    await assign(ids);
    const [leaver = { id: "" }] = people;
    const his = [...(await ownersOf(me, ids))].filter(([, owner]) => owner === leaver.id).map(([id]) => id);
    const input = { target: "lead", fromUserId: leaver.id, ids };
    const preview = await me.run(reassign, { ...input, preview: true });
    expect(preview.decisions.map(({ recordId }) => recordId).sort()).toEqual([...his].sort());
    expect(countsOf(await ownersOf(me, ids), people)).toEqual([3, 3, 3]);
    expect(await me.run(reassign, input)).toEqual(preview);
    const counts = countsOf(await ownersOf(me, ids), people);
    expect(counts[0]).toBe(0);
    expect(Math.abs((counts[1] as number) - (counts[2] as number))).toBeLessThanOrEqual(1);
    expect((await decisionsOf(his[0] as string)).at(-1)).toMatchObject({
      cause: "reassigned",
      fromUserId: leaver.id,
    });
  });

  it("what its owner lets lie goes to the next one, in his working time; what he touches stays", async () => {
    const { me } = kit;
    const { team, people } = await staff(me, 2);
    const days = await me.repo(calendar).create({
      name: "Days",
      timeZone: "UTC",
      week: { mon: [["09:00", "10:00"]], tue: [["09:00", "17:00"]] },
    });
    await me.repo(agent).createMany(people.map(({ id }) => ({ userId: id, calendarId: days.id })));
    await rule({ teamId: team.id, returnAfterMinutes: 90 });
    const [lying = "", touched = ""] = await makeLeads(me, 2);
    await assign([lying, touched]);
    const before = await ownersOf(me, [lying, touched]);
    await me.repo(lead).update(touched, { status: "working" });
    const worker = kit.crm.worker();
    // One hour of Monday, half an hour of Tuesday.
    kit.clock.set("2026-01-06T09:29:59Z");
    await worker.run();
    expect(await ownersOf(me, [lying, touched])).toEqual(before);
    kit.clock.set("2026-01-06T09:30:00Z");
    await worker.run();
    const after = await ownersOf(me, [lying, touched]);
    expect(after.get(touched)).toBe(before.get(touched));
    expect(after.get(lying)).toBe(before.get(touched));
    expect((await decisionsOf(lying)).at(-1)).toMatchObject({
      cause: "returned",
      fromUserId: before.get(lying),
    });
  });
});

it("decisions are written by nobody but the plugin", async () => {
  const { team } = await staff(kit.me, 1);
  await rule({ teamId: team.id });
  await assign(await makeLeads(kit.me, 1));
  const [made] = (await kit.me.repo(assignmentDecision).find()).items;
  const own = kit.me.repo(assignmentDecision);
  const { id = "" } = made ?? {};
  await expect(own.update(id, { ruleVersion: 9 })).rejects.toMatchObject({ code: "forbidden" });
  await expect(own.delete(id)).rejects.toMatchObject({ code: "forbidden" });
  expect(await own.get(id)).toEqual(made);
});

it("more records than are given out at once are refused, and not left out", async () => {
  const { team } = await staff(kit.me, 1);
  await rule({ teamId: team.id });
  const ids = Array.from({ length: 501 }, () => kit.me.newId());
  const service = kit.me.service(assignments);
  await expect(service.assign({ target: "lead", ids, cause: "asked" })).rejects.toMatchObject({
    code: "too-many-records",
  });
});

describe("a rule is checked when it is written", () => {
  it("its entity, field and conditions, as whoever writes it may see them", async () => {
    const { team } = await staff(kit.me, 1);
    const wrong: [object, string][] = [
      [{ target: "unicorn" }, "assignment-target-unknown"],
      [{ target: "leadSource" }, "assignment-target-unknown"],
      [{ target: "apiKey" }, "assignment-target-unknown"],
      [{ target: "userSession" }, "assignment-target-unknown"],
      [{ where: { colour: "red" } }, "assignment-condition-invalid"],
      [{ open: { status: { between: 3 } } }, "assignment-condition-invalid"],
      [{ strategy: "dice" }, "validation-failed"],
    ];
    for (const [change, code] of wrong)
      await expect(rule({ teamId: team.id, ...change }), JSON.stringify(change)).rejects.toMatchObject({
        code,
      });
    expect(await kit.me.repo(assignmentRule).count()).toBe(0);
    const good = await rule({ teamId: team.id, where: { country: "DE" } });
    await expect(
      kit.me.repo(assignmentRule).update(good.id, { where: { colour: "red" } }),
    ).rejects.toMatchObject({ code: "assignment-condition-invalid" });
    const blind = kit.crm.as({
      actor: { kind: "user", id: "blind" },
      tenant: "test",
      roles: [
        {
          name: "b",
          label: "B",
          entities: {
            assignmentRule: { create: "all" },
            lead: { read: "all", fields: { country: "none" } },
            team: { read: "all" },
          },
          permissions: [],
        },
      ],
    });
    await expect(
      blind
        .repo(assignmentRule)
        .create({ name: "Spy", target: "lead", teamId: team.id, where: { country: "DE" } }),
    ).rejects.toMatchObject({ code: "assignment-condition-invalid" });
    await expect(
      kit.me.repo(absence).create({
        userId: kit.me.userId ?? good.id,
        from: "2026-01-06T00:00:00Z",
        until: "2026-01-05T00:00:00Z",
      }),
    ).rejects.toMatchObject({ status: 422 });
  });
});

it("records are given out in the transaction that makes them", async () => {
  const app = await workflowCrm({ assignOnCreate: ["lead"] });
  const { team, people } = await staff(app.me, 2);
  await app.me.repo(assignmentRule).create({ name: "All", target: "lead", teamId: team.id });
  const ids = await makeLeads(app.me, 6);
  expect(countsOf(await ownersOf(app.me, ids), people)).toEqual([3, 3]);
  await expect(
    app.me.transaction(async (tx) => {
      await tx.repo(lead).create({ lastName: "Undone" });
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  expect(await app.me.repo(assignmentDecision).count()).toBe(6);
  const [next = ""] = await makeLeads(app.me, 1);
  expect((await ownersOf(app.me, [next])).get(next)).toBe(people[0]?.id);
  await app.crm.stop();
});
