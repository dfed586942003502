import { InvalidQuery, NotFound, VersionConflict } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

onDatabases({ plugins: [toys()] }, (app, database) => {
  describe("a version", () => {
    it("lets exactly one of fifty writers win", async () => {
      const me = app().fresh();
      const { id, version } = await me.entities.thing.create({ title: "A" });
      const writes = Array.from({ length: 50 }, (_, i) =>
        me.entities.thing.update(id, { count: i }, { version }),
      );
      const outcomes = await Promise.allSettled(writes);
      const won = outcomes.flatMap((o) => (o.status === "fulfilled" ? [o.value] : []));
      const lost = outcomes.flatMap((o) => (o.status === "rejected" ? [o.reason as unknown] : []));
      expect(won).toHaveLength(1);
      expect(lost.filter(VersionConflict.is)).toHaveLength(49);
      expect(await me.entities.thing.get(id)).toEqual(won[0]);
    });

    it("that is stale is told, for update and delete", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A" });
      await me.entities.thing.update(id, { title: "B" });
      await expect(me.entities.thing.update(id, { title: "C" }, { version: 1 })).rejects.toMatchObject({
        code: "version-conflict",
        status: 412,
        message: `thing ${id} is at version 2, not 1. Read it again and repeat the change on what you find.`,
      });
      await expect(me.entities.thing.delete(id, { version: 1 })).rejects.toSatisfy(VersionConflict.is);
      await me.entities.thing.delete(id, { version: 2 });
    });

    it("loses nothing when writers read, add and try again", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A", count: 0 });
      const increment = async (): Promise<void> => {
        for (;;) {
          const { count, version } = await me.entities.thing.get(id);
          try {
            await me.entities.thing.update(id, { count: (count ?? 0) + 1 }, { version });
            return;
          } catch (error) {
            if (!VersionConflict.is(error)) throw error;
          }
        }
      };
      const [writers, times] = database === "SQLite in memory" ? [20, 50] : [10, 10];
      const write = async () => {
        for (let i = 0; i < times; i++) await increment();
      };
      await Promise.all(Array.from({ length: writers }, write));
      expect(await me.entities.thing.get(id)).toMatchObject({
        count: writers * times,
        version: 1 + writers * times,
      });
    });

    it("is not needed where the record is locked", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A", count: 0 });
      const increment = () =>
        me.transaction(async (tx) => {
          const { count } = await tx.entities.thing.get(id, { lock: true });
          await tx.entities.thing.update(id, { count: (count ?? 0) + 1 });
        });
      await Promise.all(Array.from({ length: 50 }, increment));
      expect((await me.entities.thing.get(id)).count).toBe(50);
    });
  });

  describe("a patch", () => {
    it("changes what it names and nothing else", async () => {
      const me = app().fresh();
      const made = await me.entities.thing.create({
        title: "A",
        code: "c",
        price: { amount: "1.00", currency: "EUR" },
      });
      app().clock.advance(1000);
      const updated = await me.entities.thing.update(made.id, { code: null, title: undefined } as never);
      const { updatedAt } = updated;
      expect(updated).toEqual({ ...made, code: null, version: 2, updatedAt });
      expect(Date.parse(updatedAt)).toBe(Date.parse(made.updatedAt) + 1000);
      expect(await me.entities.thing.get(made.id)).toEqual(updated);
    });

    it("that changes nothing writes nothing", async () => {
      const me = app().fresh();
      const full = {
        title: "A",
        dueOn: "2026-03-01",
        seenAt: "2026-03-01T10:00:00+01:00",
        price: { amount: "1.5", currency: "EUR" },
        extra: { z: [1, { y: 2, x: 3 }], a: null },
        count: 7,
        ratio: 0.25,
      };
      const made = await me.entities.thing.create(full);
      app().log.clear();
      const patch = {
        ...full,
        price: { amount: "1.50", currency: "EUR" },
        extra: { a: null, z: [1, { x: 3, y: 2 }] },
      };
      expect(await me.entities.thing.update(made.id, patch)).toEqual(made);
      expect(await me.entities.thing.update(made.id, {})).toEqual(made);
      expect(app().log.asked.map(({ verb }) => verb)).toEqual(["findMany", "findMany"]);
      expect((await me.entities.thing.get(made.id)).version).toBe(1);
    });

    it("does not touch what is set once", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A", serial: "S1" });
      await me.entities.thing.update(id, { serial: "S1", title: "B" });
      for (const serial of ["S2", null]) {
        await expect(me.entities.thing.update(id, { serial })).rejects.toMatchObject({
          code: "validation-failed",
          issues: [{ pointer: "/serial", code: "immutable" }],
        });
      }
    });

    it("of a record that is not there finds nothing", async () => {
      const me = app().fresh();
      for (const id of [
        "00000000-0000-7000-8000-00000000dead",
        "x",
        "",
        "' or 1=1 --",
        null,
        undefined,
        {},
      ]) {
        await expect(me.entities.thing.update(id as string, { title: "B" })).rejects.toSatisfy(NotFound.is);
      }
    });
  });

  describe("many at once", () => {
    it("are all changed or none", async () => {
      const me = app().fresh();
      const rows = await me.entities.thing.createMany(
        Array.from({ length: 30 }, (_, i) => ({ title: `T${i}` })),
      );
      const changed = await me.entities.thing.updateMany(
        rows.map(({ id }, i) => ({ id, patch: { count: i } })),
      );
      expect(changed.map(({ count, title }) => [count, title])).toEqual(rows.map((_, i) => [i, `T${i}`]));
      const bad = rows.map(({ id }, i) => ({ id, patch: { count: -i, title: i === 29 ? "" : "x" } }));
      await expect(me.entities.thing.updateMany(bad)).rejects.toMatchObject({
        issues: [{ pointer: "/29/title" }],
      });
      const stale = rows.map(({ id }, i) => ({ id, patch: { count: -i }, version: i === 29 ? 1 : 2 }));
      await expect(me.entities.thing.updateMany(stale)).rejects.toSatisfy(VersionConflict.is);
      expect(await me.entities.thing.count({ count: { lt: 0 } })).toBe(0);
      const id = rows[0]?.id as string;
      const twice = [
        { id, patch: {} },
        { id: id.toUpperCase(), patch: {} },
      ];
      await expect(me.entities.thing.updateMany(twice)).rejects.toSatisfy(InvalidQuery.is);
      expect(await me.entities.thing.updateMany([])).toEqual([]);
    });

    it("are found by a condition, beyond one batch, also when the change ends the condition", async () => {
      const me = app().fresh();
      const inputs = Array.from({ length: 1200 }, (_, i) => ({ title: `T${i}`, count: i % 2 }));
      await me.entities.thing.createMany(inputs);
      expect(await me.entities.thing.updateWhere({ count: 0 }, { count: 2, stage: "open" })).toBe(600);
      expect(await me.entities.thing.updateWhere({ count: { gte: 1 } }, { done: true })).toBe(1200);
      expect(await me.entities.thing.count({ done: true, version: { in: [2, 3] } })).toBe(1200);
      const refused = me.entities.thing.updateWhere({}, { title: "" });
      await expect(refused).rejects.toMatchObject({ code: "validation-failed" });
    });

    it("are never all of them by mistake", async () => {
      const me = app().fresh();
      await me.entities.thing.create({ title: "A" });
      for (const where of [
        undefined,
        null,
        { stage: undefined },
        { or: [undefined] },
        { stage: { eq: undefined } },
      ]) {
        await expect(me.entities.thing.updateWhere(where as never, { title: "B" })).rejects.toSatisfy(
          InvalidQuery.is,
        );
      }
      expect(await me.entities.thing.updateWhere({}, { title: "B" })).toBe(1);
    });
  });
});
