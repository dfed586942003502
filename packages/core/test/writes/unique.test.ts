import { InvalidQuery, UniqueViolation } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

onDatabases({ plugins: [toys()] }, (app) => {
  describe("unique", () => {
    it("means unique in the tenant, among what is not deleted, and case matters", async () => {
      const me = app().fresh();
      const first = await me.entities.thing.create({ title: "A", code: "x" });
      const again = me.entities.thing.create({ title: "B", code: "x" });
      await expect(again).rejects.toSatisfy(UniqueViolation.is);
      await expect(again).rejects.toMatchObject({ status: 409, message: expect.stringContaining("code") });
      for (const code of ["X", "x ", " x"]) await me.entities.thing.create({ title: "C", code });
      await app().fresh().entities.thing.create({ title: "A", code: "x" });
      for (let i = 0; i < 3; i++) {
        const { id } = await me.entities.thing.create({ title: "gone", code: "y" });
        await me.entities.thing.delete(id);
      }
      await me.entities.thing.delete(first.id);
      await me.entities.thing.create({ title: "B", code: "x" });
      await expect(me.entities.thing.restore(first.id)).rejects.toSatisfy(UniqueViolation.is);
    });

    it("leaves records without a value alone", async () => {
      const me = app().fresh();
      await me.entities.thing.createMany([
        { title: "A" },
        { title: "B" },
        { title: "C", serial: "s" },
        { title: "D", serial: "s" },
      ]);
      expect(await me.entities.thing.count()).toBe(4);
    });

    it("holds within one batch and against one's own update", async () => {
      const me = app().fresh();
      const twice = [
        { title: "A", code: "x" },
        { title: "B", code: "x" },
      ];
      await expect(me.entities.thing.createMany(twice)).rejects.toSatisfy(UniqueViolation.is);
      const [a] = await me.entities.thing.createMany([
        { title: "A", code: "a" },
        { title: "B", code: "b" },
      ]);
      await expect(me.entities.thing.update(a!.id, { code: "b" })).rejects.toSatisfy(UniqueViolation.is);
      expect((await me.entities.thing.update(a!.id, { code: "a", title: "A2" })).title).toBe("A2");
    });

    it("holds against everybody at once", async () => {
      const me = app().fresh();
      const tries = Array.from({ length: 20 }, () =>
        me.entities.thing.create({ title: "A", code: "seat 1" }),
      );
      const outcomes = await Promise.allSettled(tries);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const o of outcomes) if (o.status === "rejected") expect(o.reason).toSatisfy(UniqueViolation.is);
    });
  });

  describe("upsertMany", () => {
    it("creates what is not there and changes what is, in order", async () => {
      const me = app().fresh();
      const [old] = await me.entities.thing.createMany([{ title: "old", code: "b", count: 1 }]);
      const same = await me.entities.thing.create({ title: "same", code: "c" });
      app().log.clear();
      const rows = await me.entities.thing.upsertMany(
        [
          { title: "new", code: "a" },
          { title: "changed", code: "b" },
          { title: "same", code: "c" },
        ],
        ["code"],
      );
      expect(rows.map(({ title, version, count }) => [title, version, count])).toEqual([
        ["new", 1, null],
        ["changed", 2, 1],
        ["same", 1, null],
      ]);
      expect([rows[1]?.id, rows[2]?.id]).toEqual([old?.id, same.id]);
      expect(app().log.of("insertMany", "thing")).toHaveLength(1);
      expect(app().log.of("updateEach")).toEqual([{ verb: "updateEach", table: "thing", rows: 1 }]);
    });

    it("is asked for a unique key, given in full and once", async () => {
      const me = app().fresh();
      await expect(me.entities.thing.upsertMany([{ title: "A" }], ["title"])).rejects.toThrowError(
        /needs one of its unique keys \(\[code\], \[boxId, serial\]\), not \[title\]/,
      );
      await expect(me.entities.thing.upsertMany([{ title: "A" }], ["code"])).rejects.toMatchObject({
        issues: [{ pointer: "/0/code", code: "required" }],
      });
      const twice = [
        { title: "A", code: "x" },
        { title: "B", code: "x" },
      ];
      await expect(me.entities.thing.upsertMany(twice, ["code"])).rejects.toSatisfy(InvalidQuery.is);
      await expect(
        me.entities.thing.upsertMany([{ title: "A", code: 7 as never }], ["code"]),
      ).rejects.toMatchObject({
        code: "validation-failed",
        issues: [{ pointer: "/0/code" }],
      });
      expect(await me.entities.thing.upsertMany([], ["code"])).toEqual([]);
    });

    it("takes keys of several fields, and thousands of records", async () => {
      const me = app().fresh();
      const { id: boxId } = await me.entities.box.create({ label: "B" });
      const inputs = Array.from({ length: 2500 }, (_, i) => ({ title: `T${i}`, boxId, serial: `S${i}` }));
      await me.entities.thing.upsertMany(inputs.slice(0, 1300), ["boxId", "serial"]);
      const rows = await me.entities.thing.upsertMany(
        inputs.map((i) => ({ ...i, count: 1 })),
        ["boxId", "serial"],
      );
      expect(rows.map(({ serial }) => serial)).toEqual(inputs.map(({ serial }) => serial));
      expect(await me.entities.thing.count()).toBe(2500);
      expect(await me.entities.thing.count({ version: 2 })).toBe(1300);
    });

    it("does not see other tenants nor the recycle bin", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A", code: "x" });
      await me.entities.thing.delete(id);
      const [row] = await me.entities.thing.upsertMany([{ title: "B", code: "x" }], ["code"]);
      const [other] = await app()
        .fresh()
        .entities.thing.upsertMany([{ title: "C", code: "x" }], ["code"]);
      expect(new Set([id, row?.id, other?.id]).size).toBe(3);
    });

    it("by many at once makes each record once", async () => {
      const me = app().fresh();
      const inputs = Array.from({ length: 5 }, (_, i) => ({ title: `T${i}`, code: `c${i}` }));
      const runs = Array.from({ length: 8 }, (_, n) =>
        me.entities.thing.upsertMany(
          inputs.map((input) => ({ ...input, count: n })),
          ["code"],
        ),
      );
      await Promise.all(runs);
      expect(await me.entities.thing.count()).toBe(5);
    });
  });
});
