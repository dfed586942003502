import { runJobs } from "@corm/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storageAt, suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { spawnScript } from "../../core/test/support/spawn.js";
import { recyclePlan } from "../src/pool/plan.js";
import { fill, type PoolCrm, poolCrm, poolOf } from "./pool-support.js";

const reused = reuse();

async function happened(test: PoolCrm, event: string) {
  const { items } = await test.me.changes({ limit: 500 });
  return items.filter((one) => one.event === event).map(({ payload }) => payload as Record<string, unknown>);
}

describe("a pool of leads", () => {
  let test: PoolCrm;
  beforeEach(async () => {
    test = await poolCrm();
  });
  afterEach(() => test.crm.stop());

  it("shows what tells whether one wants a lead, with mail and phone masked until it is claimed", async () => {
    const { pool, reps } = await poolOf(test, 2);
    const [id] = (await fill(test, pool.id, 1)) as [string];
    const [rep, other] = reps as [(typeof reps)[0], (typeof reps)[0]];
    const { items } = await rep.entities.leadPool.browse(pool.id, {});
    expect(items).toMatchObject([{ id, lastName: "Lead 0", email: "***@example.com", phone: "***50" }]);
    // Not by any other way either.
    await expect(rep.entities.lead.get(id)).rejects.toMatchObject({ code: "not-found" });
    expect((await rep.entities.lead.find({ where: { email: { startsWith: "lead" } } })).items).toEqual([]);

    expect(await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] })).toEqual({
      claimed: [id],
      refused: [],
    });
    expect(await rep.entities.lead.get(id)).toMatchObject({
      email: "lead0@example.com",
      phone: "+4930123450",
    });
    expect((await other.entities.leadPool.browse(pool.id, {})).items).toEqual([]);
    await expect(other.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] })).rejects.toMatchObject({
      code: "lead-taken",
      status: 409,
    });
  });

  it("lets leads of it be merged with others: the survivor is where it was, and the merge can be taken back", async () => {
    const { me } = test;
    const { pool, reps, users } = await poolOf(test, 1);
    const [waiting, held, third] = (await fill(test, pool.id, 3)) as [string, string, string];
    const rep = reps[0] as (typeof reps)[0];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [held] });
    const outside = await me.entities.lead.create({ lastName: "Outside", ownerId: users[0]?.id ?? null });
    const where = async (id: string) => {
      const { poolId, ownerId, lastHolderId } = await me.entities.lead.get(id);
      return { poolId, ownerId, lastHolderId };
    };
    const before = await Promise.all([outside.id, waiting, held, third].map(where));
    const holdings = async () =>
      (await me.entities.leadHolding.find({ orderBy: ["id"] })).items.map(
        ({ version: _, updatedAt: __, ...rest }) => rest,
      );
    const held0 = await holdings();
    // Of a pool into one outside: it stays outside.
    const first = await me.entities.lead.merge({ survivorId: outside.id, ids: [waiting] });
    expect(await where(outside.id)).toEqual(before[0]);
    // One that somebody holds into one outside: nobody holds anything any more.
    const second = await me.entities.lead.merge({ survivorId: outside.id, ids: [held] });
    expect(await where(outside.id)).toEqual(before[0]);
    expect(await holdings()).toEqual([]);
    await me.entities.lead.unmerge({ mergeId: second.mergeId });
    await me.entities.lead.unmerge({ mergeId: first.mergeId });
    // One from outside into one that waits: it waits on, and is no more anybody's than before.
    const fields = { ownerId: { from: third } };
    const back = await me.entities.lead.merge({ survivorId: third, ids: [outside.id], fields });
    expect(await where(third)).toEqual(before[3]);
    await me.entities.lead.unmerge({ mergeId: back.mergeId });
    expect(await Promise.all([outside.id, waiting, held, third].map(where))).toEqual(before);
    expect(await holdings()).toEqual(held0);
    await expect(
      me.entities.lead.planMerge({
        survivorId: outside.id,
        ids: [third],
        fields: { poolId: { from: third } },
      }),
    ).rejects.toMatchObject({ code: "validation-failed" });
  });

  it("is seen by its team, and by nobody else", async () => {
    const { pool, as } = await poolOf(test, 1);
    const stranger = await test.me.entities.user.create({ name: "Stranger" });
    const [id] = (await fill(test, pool.id, 1)) as [string];
    const he = as(stranger.id);
    await expect(he.entities.leadPool.browse(pool.id, {})).rejects.toMatchObject({ code: "not-found" });
    await expect(he.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] })).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("holds to its caps: per claim, held, and still to be followed up", async () => {
    const { pool, reps } = await poolOf(test, 1, { maxPerClaim: 3, maxHeld: 4, maxToFollow: 3 });
    const ids = await fill(test, pool.id, 8);
    const [rep] = reps as [(typeof reps)[0]];
    const claim = (...leadIds: string[]) => rep.entities.leadPool.claim({ poolId: pool.id, leadIds });
    const refused = (cap: string) => ({ code: "pool-cap-reached", meta: expect.objectContaining({ cap }) });
    await expect(claim(...ids.slice(0, 4))).rejects.toMatchObject(refused("maxPerClaim"));
    await claim(...ids.slice(0, 3));
    await expect(claim(ids[3]!)).rejects.toMatchObject(refused("maxToFollow"));
    const call = { kind: "call" as const, subject: "hello", doneAt: test.me.now() };
    for (const leadId of ids.slice(0, 2))
      await rep.entities.activity.create({ ...call, leadId, ownerId: rep.userId! });
    await claim(ids[3]!);
    await expect(claim(ids[4]!)).rejects.toMatchObject(refused("maxHeld"));
    // What is closed is not held any more.
    await rep.entities.lead.update(ids[0]!, { status: "unqualified" });
    expect((await claim(ids[4]!)).claimed).toEqual([ids[4]]);
    await test.me.entities.leadPool.allot({
      poolId: pool.id,
      leadIds: [ids[5]!],
      userId: rep.userId!,
      beyondCaps: true,
    });
    expect(await test.me.entities.leadHolding.count({ endedAt: null })).toBe(5);
  });

  it("takes back what is not followed up, after a warning, and each once", async () => {
    const { pool, reps } = await poolOf(test, 1, { recycleUnfollowedDays: 5, warnDays: 2 });
    const ids = await fill(test, pool.id, 2);
    const [rep] = reps as [(typeof reps)[0]];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: ids });
    await runJobs(test, { for: { days: 2, hours: 23 } });
    expect(await happened(test, "lead.recycleWarned")).toEqual([]);
    await runJobs(test, { for: { hours: 2 } });
    expect(await happened(test, "lead.recycleWarned")).toHaveLength(2);
    await rep.entities.activity.create({
      kind: "visit",
      subject: "there",
      leadId: ids[0]!,
      ownerId: rep.userId!,
      doneAt: test.me.now(),
    });
    await runJobs(test, { for: { days: 2 } });
    expect(await happened(test, "lead.recycled")).toEqual([
      { userId: rep.userId, poolId: pool.id, reason: "unfollowed" },
    ]);
    expect(await test.me.entities.lead.get(ids[1]!)).toMatchObject({
      ownerId: null,
      poolId: pool.id,
      recycleCount: 1,
      lastHolderId: rep.userId,
    });
    expect((await test.me.entities.lead.get(ids[0]!)).ownerId).toBe(rep.userId);
    // The one that was followed up has a new term, with a warning of its own.
    await runJobs(test, { for: { days: 4 } });
    expect((await happened(test, "lead.recycled")).length).toBe(2);
    expect((await happened(test, "lead.recycleWarned")).length).toBe(3);
    const ended = (await test.me.entities.leadHolding.find()).items;
    expect(ended.map(({ endReason, openKey }) => [endReason, openKey])).toEqual([
      ["unfollowed", null],
      ["unfollowed", null],
    ]);
  });

  it("takes back what is not won, but nothing that is protected or won", async () => {
    const { pool, reps } = await poolOf(test, 1, { recycleUnwonDays: 3, protectDays: 6, warnDays: 1 });
    const ids = await fill(test, pool.id, 2);
    const [rep] = reps as [(typeof reps)[0]];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: ids });
    await test.me.entities.lead.convert(ids[0]!, {});
    await runJobs(test, { for: { days: 5, hours: 23 } });
    expect(await happened(test, "lead.recycled")).toEqual([]);
    await runJobs(test, { for: { hours: 2 } });
    expect(await happened(test, "lead.recycled")).toEqual([
      { userId: rep.userId, poolId: pool.id, reason: "unwon" },
    ]);
    expect((await test.me.entities.lead.get(ids[0]!)).ownerId).toBe(rep.userId);
  });

  it("lets who had a lead wait before he claims it again, and nobody else", async () => {
    const { pool, reps } = await poolOf(test, 2, { cooldownHours: 24 });
    const [id] = (await fill(test, pool.id, 1)) as [string];
    const [rep, other] = reps as [(typeof reps)[0], (typeof reps)[0]];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] });
    await expect(other.entities.leadPool.release({ poolId: pool.id, leadIds: [id] })).rejects.toMatchObject({
      code: "forbidden",
    });
    await rep.entities.leadPool.release({ poolId: pool.id, leadIds: [id] });
    const [seen] = (await rep.entities.leadPool.browse(pool.id, {})).items;
    expect(seen).toMatchObject({ claimableAt: "2026-01-06T09:00:00.000Z", recycleCount: 1 });
    await expect(rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] })).rejects.toMatchObject({
      code: "claim-cooldown",
    });
    await other.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] });
    await other.entities.leadPool.release({ poolId: pool.id, leadIds: [id] });
    // Also when somebody had it in between.
    test.clock.advance({ hours: 23 });
    await expect(rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] })).rejects.toMatchObject({
      code: "claim-cooldown",
    });
    test.clock.advance({ hours: 1 });
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] });
    expect(await test.me.entities.lead.get(id)).toMatchObject({
      recycleCount: 2,
      lastHolderId: other.userId,
    });
  });

  it("cannot be got around: not by writing its fields, not by leaving it", async () => {
    const { pool, reps } = await poolOf(test, 1, { recycleUnfollowedDays: 1 });
    const [id] = (await fill(test, pool.id, 1)) as [string];
    const [rep] = reps as [(typeof reps)[0]];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: [id] });
    for (const patch of [{ poolId: null }, { recycleCount: 9 }, { lastHolderId: rep.userId! }])
      await expect(rep.entities.lead.update(id, patch)).rejects.toMatchObject({
        code: "pool-field-reserved",
      });
    const held = (await test.me.entities.leadHolding.find()).items[0]!;
    await expect(
      test.me.entities.leadHolding.update(held.id, { recycleAt: "2027-01-01T00:00:00Z" }),
    ).rejects.toMatchObject({ code: "forbidden" });
  });

  it("changes the terms of what is held when its own change", async () => {
    const { pool, reps } = await poolOf(test, 1);
    const ids = await fill(test, pool.id, 3);
    const [rep] = reps as [(typeof reps)[0]];
    await rep.entities.leadPool.claim({ poolId: pool.id, leadIds: ids });
    await test.me.entities.leadPool.update(pool.id, { recycleUnfollowedDays: 1 });
    await runJobs(test);
    expect(await test.me.entities.leadHolding.count({ recycleAt: "2026-01-06T09:00:00.000Z" })).toBe(3);
    await test.me.entities.leadPool.update(pool.id, { active: false });
    await expect(rep.entities.leadPool.claim({ poolId: pool.id, leadIds: ids })).rejects.toMatchObject({
      code: "pool-closed",
    });
  });
});

it("plans: the earlier term, but not within the protection", () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString();
  const terms = { recycleUnfollowedDays: 5, recycleUnwonDays: 20, warnDays: 2, protectDays: 0 };
  const held = { claimedAt: day(0), followedAt: null };
  expect(recyclePlan(terms, held)).toEqual({
    recycleAt: day(5),
    recycleReason: "unfollowed",
    warnAt: day(3),
  });
  expect(recyclePlan(terms, { ...held, followedAt: day(18) })).toMatchObject({
    recycleAt: day(20),
    recycleReason: "unwon",
  });
  expect(recyclePlan({ ...terms, protectDays: 9 }, held)).toMatchObject({
    recycleAt: day(9),
    warnAt: day(7),
  });
  expect(recyclePlan({ ...terms, warnDays: 30 }, held).warnAt).toBe(day(0));
  const none = { ...terms, recycleUnfollowedDays: null, recycleUnwonDays: null };
  expect(recyclePlan(none, held)).toEqual({ recycleAt: null, recycleReason: null, warnAt: null });
});

for (const database of reused) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("J84 gives each lead to one of those who claim it at the same moment, and nobody more than the cap", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: PoolCrm[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 3); seed++)
        apps.push(await poolCrm({ storage: storageAt(url), seed }));
      const [first] = apps as [PoolCrm];
      try {
        const { pool, users, as } = await poolOf(first, 3, { maxHeld: 3 });
        const ids = await fill(first, pool.id, 17);
        const claims = ids.flatMap((id) =>
          users.map(({ id: userId }, n) =>
            as(userId, apps[n % apps.length]!.crm).entities.leadPool.claim({
              poolId: pool.id,
              leadIds: [id],
            }),
          ),
        );
        const settled = await Promise.allSettled(claims);
        const codes = settled.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
        expect(new Set(codes)).toEqual(new Set(["lead-taken", "pool-cap-reached"]));
        const claimed = settled.flatMap((one) => (one.status === "fulfilled" ? one.value.claimed : []));
        expect(new Set(claimed).size).toBe(claimed.length);
        expect(claimed).toHaveLength(9);
        const held = (await first.me.entities.leadHolding.find({ where: { endedAt: null } })).items;
        for (const { id } of users) expect(held.filter(({ userId }) => userId === id)).toHaveLength(3);
        expect(await first.me.entities.lead.count({ ownerId: { isNull: false } })).toBe(9);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 300_000);
  });
}

for (const database of reused.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(`processes on ${suiteName(database)}`, () => {
    it("each lead has one winner", async () => {
      const { url, drop } = await database.create();
      const test = await poolCrm({ storage: storageAt(url) });
      try {
        const { pool, users } = await poolOf(test, 3);
        const ids = await fill(test, pool.id, 8);
        const script = new URL("./claimer.ts", import.meta.url);
        const work = users.map(({ id }) =>
          spawnScript(script, JSON.stringify({ url, userId: id, poolId: pool.id, ids })),
        );
        const said = await Promise.all(work.map((process) => process.line()));
        for (const { code, errors } of await Promise.all(work.map((process) => process.ended())))
          expect([code, errors]).toEqual([0, ""]);
        const results = said.map(
          (text) => JSON.parse(text as string) as { got: string[]; refused: string[] },
        );
        const got = results.flatMap((one) => one.got);
        expect([...got].sort()).toEqual([...ids].sort());
        expect(new Set(results.flatMap(({ refused }) => refused))).toEqual(new Set(["lead-taken"]));
        expect(results.flatMap(({ refused }) => refused)).toHaveLength(16);
      } finally {
        await test.crm.stop();
        await drop();
      }
    }, 300_000);
  });
}
