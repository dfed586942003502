import { after, fixedClock, NotFound, ReferenceViolation, systemClock, VersionConflict } from "@corm/core";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { box, lid, toysWith } from "../support/toys.js";

const heard: string[] = [];
const plugin = toysWith(
  after(lid, "delete", { name: "toys.lidDeleted" }, (batch) => void heard.push(`delete ${batch.length}`)),
  after(lid, "restore", { name: "toys.lidRestored" }, (batch) => void heard.push(`restore ${batch.length}`)),
  after(lid, "purge", { name: "toys.lidPurged" }, (batch) => void heard.push(`purge ${batch.length}`)),
  after(box, "delete", { name: "toys.boxDeleted" }, () => {}),
);

onDatabases({ plugins: [plugin] }, (app, database) => {
  const boxWith = async (me: ReturnType<ReturnType<typeof app>["fresh"]>, lids = 2) => {
    const made = await me.entities.box.create({ label: "B" });
    const things = await me.entities.thing.createMany([{ title: "in it", boxId: made.id }]);
    const all = await me.entities.lid.createMany(
      Array.from({ length: lids }, (_, i) => ({ name: `L${i}`, boxId: made.id })),
    );
    heard.length = 0;
    return { id: made.id, thing: things[0]!, lids: all };
  };

  it("moves into the bin, where nobody sees it unless he asks", async () => {
    const me = app().fresh();
    const { id } = await me.entities.thing.create({ title: "A" });
    await me.entities.thing.delete(id);
    await expect(me.entities.thing.get(id)).rejects.toSatisfy(NotFound.is);
    await expect(me.entities.thing.update(id, { title: "B" })).rejects.toSatisfy(NotFound.is);
    await expect(me.entities.thing.delete(id)).rejects.toSatisfy(NotFound.is);
    expect(await me.entities.thing.count()).toBe(0);
    expect((await me.entities.thing.find()).items).toEqual([]);
    const { items } = await me.entities.thing.find({ withDeleted: true });
    expect(items).toMatchObject([{ id, deletedAt: "2026-01-05T09:00:00.000Z", version: 2 }]);
    expect(await me.entities.thing.get(id, { withDeleted: true })).toEqual(items[0]);
    expect(await me.entities.thing.restore(id)).toMatchObject({ deletedAt: null, version: 3 });
    expect((await me.entities.thing.restore(id)).version).toBe(3);
  });

  it("takes along what cascades, in batches, and brings it back; others lose sight of it meanwhile", async () => {
    const me = app().fresh();
    const { id, thing, lids } = await boxWith(me, 3);
    const [earlier] = lids;
    await me.entities.lid.delete(earlier!.id);
    app().clock.advance(5);
    await me.entities.box.delete(id);
    expect(heard).toEqual(["delete 1", "delete 2"]);
    expect(await me.entities.lid.count()).toBe(0);
    const [seen] = (await me.entities.thing.find({ include: ["box"] })).items;
    expect(seen).toMatchObject({ id: thing.id, boxId: id, box: null });
    await me.entities.box.restore(id);
    expect(heard).toEqual(["delete 1", "delete 2", "restore 2"]);
    expect(await me.entities.lid.count()).toBe(2);
    expect((await me.entities.thing.get(thing.id, { include: ["box"] })).box?.id).toBe(id);
  });

  it("is refused while something live needs the record", async () => {
    const me = app().fresh();
    const { id } = await boxWith(me);
    const seal = await me.entities.seal.create({ name: "S", boxId: id });
    await expect(me.entities.box.delete(id)).rejects.toMatchObject({
      code: "reference-violation",
      message: expect.stringContaining("seal.boxId"),
    });
    expect(await me.entities.lid.count()).toBe(2);
    await me.entities.seal.delete(seal.id);
    await expect(me.entities.box.purge(id)).rejects.toSatisfy(ReferenceViolation.is);
    await me.entities.box.delete(id);
    // What needs its box does not come back before the box.
    await expect(me.entities.seal.restore(seal.id)).rejects.toMatchObject({
      issues: [{ pointer: "/boxId", code: "reference-not-found" }],
    });
    await me.entities.box.restore(id);
    await me.entities.seal.restore(seal.id);
  });

  it("purges for good: cascades, empties references, also of what is in the bin", async () => {
    const me = app().fresh();
    const { id, thing, lids } = await boxWith(me, 3);
    await me.entities.lid.delete(lids[0]!.id);
    await me.entities.box.purge(id);
    expect(heard).toEqual(["delete 1", "purge 3"]);
    await expect(me.entities.box.get(id, { withDeleted: true })).rejects.toSatisfy(NotFound.is);
    expect((await me.entities.lid.find({ withDeleted: true })).items).toEqual([]);
    expect(await me.entities.thing.get(thing.id)).toMatchObject({ boxId: null, version: 2 });
    await expect(me.entities.box.purge(id)).rejects.toSatisfy(NotFound.is);
    await me.entities.thing.delete(thing.id);
    await me.entities.thing.purge(thing.id);
  });

  it("follows a cascade through any depth and round a circle", async () => {
    const me = app().fresh();
    const ids: string[] = [];
    for (let i = 0; i < 12; i++) {
      ids.push((await me.entities.box.create({ label: `B${i}`, parentId: ids[i - 1] ?? null })).id);
    }
    await me.entities.box.delete(ids[0]!);
    expect(await me.entities.box.count()).toBe(0);
    await me.entities.box.restore(ids[0]!);
    expect(await me.entities.box.count()).toBe(12);
    await me.entities.box.update(ids[0]!, { parentId: ids[11]! });
    await me.entities.box.delete(ids[5]!);
    expect(await me.entities.box.count()).toBe(0);
    await me.entities.box.restore(ids[5]!);
    expect(await me.entities.box.count()).toBe(12);
    await me.entities.box.purge(ids[5]!);
    expect((await me.entities.box.find({ withDeleted: true })).items).toEqual([]);
  });

  it("asks a constant number of questions, however many records it takes along", async () => {
    const me = app().fresh();
    const asked: number[][] = [];
    for (const lids of [3, 300]) {
      const { id, thing } = await boxWith(me, lids);
      const counts: number[] = [];
      for (const step of ["delete", "restore", "purge"] as const) {
        app().log.clear();
        await me.entities.box[step](id);
        counts.push(app().log.asked.length);
      }
      asked.push(counts);
      await me.entities.thing.purge(thing.id);
    }
    expect(asked[1]).toEqual(asked[0]);
  });

  it("does not let a reference be made to what the same transaction has deleted", async () => {
    const me = app().fresh();
    const { id } = await me.entities.box.create({ label: "B" });
    await me.transaction(async (tx) => {
      await tx.entities.thing.create({ title: "A", boxId: id });
      await tx.savepoint((inner) => inner.entities.box.delete(id));
      await expect(tx.entities.thing.create({ title: "B", boxId: id })).rejects.toMatchObject({
        issues: [{ pointer: "/boxId", code: "reference-not-found" }],
      });
    });
  });

  it("many at once, each once", async () => {
    const me = app().fresh();
    const rows = await me.entities.thing.createMany([{ title: "A" }, { title: "B" }]);
    const ids = rows.map(({ id }) => id);
    await expect(
      me.entities.thing.deleteMany([...ids, "00000000-0000-7000-8000-00000000dead"]),
    ).rejects.toSatisfy(NotFound.is);
    expect(await me.entities.thing.count()).toBe(2);
    await me.entities.thing.deleteMany([...ids, ids[0]!.toUpperCase()]);
    expect(await me.entities.thing.count()).toBe(0);
    await me.entities.thing.deleteMany([]);
  });

  it("for good in the version that was read, or not at all", async () => {
    const me = app().fresh();
    const [a, b] = await me.entities.thing.createMany([{ title: "A" }, { title: "B" }]);
    const read = [a!, b!].map(({ id, version }) => ({ id, version }));
    await me.entities.thing.update(b!.id, { title: "C" });
    await expect(me.entities.thing.purgeMany(read)).rejects.toSatisfy(VersionConflict.is);
    expect(await me.entities.thing.count()).toBe(2);
    await me.entities.thing.purgeMany([a!, b!.id]);
    expect(await me.entities.thing.count()).toBe(0);
  });

  it("keeps no live record that needs a deleted one, whoever is faster", async () => {
    const me = app().fresh();
    const rounds = database === "SQLite in memory" ? 3 : 12;
    for (let i = 0; i < rounds; i++) {
      const { id } = await me.entities.box.create({ label: `B${i}` });
      await Promise.allSettled([
        me.entities.seal.create({ name: "S", boxId: id }),
        me.entities.box.delete(id),
        me.entities.seal.create({ name: "T", boxId: id }),
      ]);
      const live = await me.entities.box.count({ id });
      const seals = await me.entities.seal.count({ boxId: id });
      expect(live === 1 || seals === 0).toBe(true);
    }
  });
});

it("brings back together what a real clock deleted at several instants", async () => {
  const { openApp } = await import("../support/apps.js");
  const app = await openApp("sqlite::memory:", { plugins: [plugin] });
  let ticks = fixedClock("2026-01-05T09:00:00Z").now();
  // Every look at the clock is a millisecond later.
  Object.assign(app.crm.runtime, { clock: { ...systemClock, now: () => ticks++ } });
  const made = await app.me.entities.box.create({ label: "B" });
  await app.me.entities.lid.createMany([
    { name: "L1", boxId: made.id },
    { name: "L2", boxId: made.id },
  ]);
  await app.me.entities.box.delete(made.id);
  await app.me.entities.box.restore(made.id);
  expect(await app.me.entities.lid.count()).toBe(2);
  await app.crm.stop();
});
