import { InvalidCursor, InvalidQuery, NotFound, NotTemporal, rotateKeys } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases, openApp } from "../support/apps.js";
import { garden, gardenKeepers } from "./support/garden.js";

onDatabases({ plugins: [garden(), gardenKeepers()] }, (app) => {
  /** A moment after whatever was done last, and apart from whatever comes. */
  const moment = (me: { now(): string }): string => {
    app().clock.advance({ seconds: 1 });
    const at = me.now();
    app().clock.advance({ seconds: 1 });
    return at;
  };

  describe("records as of a moment", () => {
    it("bring related records of the same moment, and those of entities without states as they are now", async () => {
      const me = app().fresh();
      const { bed, plant, tool } = me.entities;
      const [north, south] = await bed.createMany([{ name: "north", sun: 1 }, { name: "south" }]);
      const rake = await tool.create({ name: "rake" });
      const bedId = north?.id as string;
      const [rose] = await plant.createMany([
        { name: "rose", bedId, toolId: rake.id },
        { name: "fern", bedId },
      ]);
      const asOf = moment(me);
      await plant.update(rose?.id as string, { name: "briar", bedId: south?.id as string });
      await bed.update(bedId, { name: "shade" });
      await tool.update(rake.id, { name: "hoe" });
      await plant.create({ name: "moss", bedId });

      const old = await plant.get(rose?.id as string, { asOf, include: ["bed", "tool"] });
      expect(old).toMatchObject({ name: "rose", bedId, bed: { name: "north" }, tool: { name: "hoe" } });
      const [withPlants] = (await bed.find({ asOf, where: { name: "north" }, include: ["plants"] })).items;
      expect(withPlants?.plants.map((row) => row.name).sort()).toEqual(["fern", "rose"]);
      const names = async (where: object) =>
        (await plant.find({ asOf, where, orderBy: ["name"] })).items.map((row) => row.name);
      expect(await names({ bed: { name: "north" } })).toEqual(["fern", "rose"]);
      expect(await names({ bed: { name: "shade" } })).toEqual([]);
      expect(await names({ tool: { name: "hoe" } })).toEqual(["rose"]);
      const beds = async (where: object) => (await bed.find({ asOf, where })).items.map((row) => row.name);
      expect(await beds({ plants: { some: { name: "rose" } } })).toEqual(["north"]);
      expect(await beds({ plants: { none: { name: "rose" } } })).toEqual(["south"]);
      expect(await beds({ plants: { some: { name: "moss" } } })).toEqual([]);
      expect((await plant.find({ asOf, search: "rose" })).items).toHaveLength(1);
      expect((await plant.find({ asOf, search: "briar" })).items).toHaveLength(0);
    });

    it("are in the bin when they were, and gone when they are", async () => {
      const me = app().fresh();
      const { bed, label } = me.entities;
      const { id } = await bed.create({ name: "north" });
      const tag = await label.create({ text: "N", bedId: id });
      const before = moment(me);
      await bed.delete(id);
      const binned = moment(me);
      expect((await bed.get(id, { asOf: before })).name).toBe("north");
      await expect(bed.get(id, { asOf: binned })).rejects.toSatisfy(NotFound.is);
      expect((await bed.get(id, { asOf: binned, withDeleted: true })).deletedAt).not.toBeNull();
      expect(await label.count(undefined, { asOf: before })).toBe(1);
      expect(await label.count(undefined, { asOf: binned })).toBe(0);
      await bed.restore(id);
      const back = moment(me);
      expect(await label.count(undefined, { asOf: back })).toBe(1);
      expect(await bed.count(undefined, { asOf: binned })).toBe(0);
      await bed.purge(id);
      for (const asOf of [before, binned, back]) {
        await expect(bed.get(id, { asOf })).rejects.toSatisfy(NotFound.is);
        await expect(label.get(tag.id, { asOf, withDeleted: true })).rejects.toSatisfy(NotFound.is);
      }
    });

    it("are of a moment that has come, of an entity that keeps states, and not for changing", async () => {
      const me = app().fresh();
      const { plant, tool } = me.entities;
      const { id } = await plant.create({ name: "rose" });
      const refused = (asOf: unknown) => plant.find({ asOf: asOf as string });
      for (const asOf of ["2026-01-05", "yesterday", 5, null, "2200-01-01T00:00:00Z"])
        await expect(refused(asOf)).rejects.toSatisfy(InvalidQuery.is);
      const asOf = me.now();
      expect((await plant.find({ asOf: asOf.replace(".000Z", "+00:00") })).items).toHaveLength(1);
      for (const ask of [
        tool.find({ asOf }),
        tool.get(id, { asOf }),
        tool.count(undefined, { asOf }),
        tool.aggregate({ asOf, measures: { n: { count: true } } }),
      ])
        await expect(ask).rejects.toSatisfy(NotTemporal.is);
      const locked = me.transaction((tx) => tx.entities.plant.get(id, { asOf, lock: true }));
      await expect(locked).rejects.toSatisfy(InvalidQuery.is);
    });

    it("are paged by cursors that are good for that moment alone", async () => {
      const me = app().fresh();
      const { plant } = me.entities;
      await plant.createMany(["a", "b", "c"].map((name) => ({ name })));
      const asOf = moment(me);
      const later = moment(me);
      const { next } = await plant.find({ asOf, limit: 2 });
      expect((await plant.find({ asOf, limit: 2, after: next })).items).toHaveLength(1);
      for (const other of [{}, { asOf: later }])
        await expect(plant.find({ ...other, limit: 2, after: next })).rejects.toSatisfy(InvalidCursor.is);
    });

    it("cost one statement more per batch that is written, none to read, and nothing elsewhere", async () => {
      const me = app().fresh();
      const { log } = app();
      const { plant, tool } = me.entities;
      const states = () =>
        log.asked.filter(({ table }) => table.endsWith("__history")).map(({ verb }) => verb);
      log.clear();
      const rows = await plant.createMany(Array.from({ length: 50 }, (_, n) => ({ name: `p${n}` })));
      expect(states()).toEqual(["insertMany"]);
      log.clear();
      await plant.updateMany(rows.map(({ id }) => ({ id, patch: { stage: "leaf" as const } })));
      expect(states()).toEqual(["upsert"]);
      log.clear();
      await plant.deleteMany(rows.map(({ id }) => id));
      expect(states()).toEqual(["upsert"]);
      log.clear();
      const asOf = me.now();
      await plant.find({ asOf, include: ["bed"], withDeleted: true });
      expect(log.asked.length).toBeLessThanOrEqual(2);
      log.clear();
      const { id } = await tool.create({ name: "rake" });
      await tool.update(id, { name: "hoe" });
      expect(states()).toEqual([]);
    });
  });

  it("are readable under new keys, and not when the past is to be forgotten", async () => {
    const me = app().fresh();
    const { plant } = me.entities;
    const { id } = await plant.create({ name: "rose", keeper: "Ada" });
    const asOf = moment(me);
    await plant.update(id, { keeper: "Grace" });
    await rotateKeys(app().crm, { tenants: [me.tenant] });
    expect((await plant.get(id, { asOf })).keeper).toBe("Ada");
    expect(await plant.count({ keeper: "Ada" }, { asOf })).toBe(1);
    await rotateKeys(app().crm, { tenants: [me.tenant], history: "forget" });
    expect((await plant.get(id, { asOf })).keeper).toBeNull();
    expect(await plant.count({ keeper: "Ada" }, { asOf })).toBe(0);
    expect((await plant.get(id)).keeper).toBe("Grace");
    expect((await plant.get(id, { asOf: me.now() })).keeper).toBe("Grace");
  });

  it("follow one another without gap or overlap, however many write", { timeout: 60_000 }, async () => {
    const { tenant } = app().fresh();
    const me = app().inTenant(tenant);
    const rows = await me.entities.plant.createMany([{ name: "a" }, { name: "b" }]);
    const memory = app().url.includes(":memory:");
    const others = memory
      ? []
      : await Promise.all(
          [2, 3].map((seed) =>
            // Their clocks differ, by less and by more than anything takes.
            openApp(app().url, {
              plugins: [garden(), gardenKeepers()],
              seed,
              now: seed === 2 ? "2026-01-05T08:59:00Z" : "2026-01-05T09:30:00Z",
            }),
          ),
        );
    const writers = [app(), ...others].flatMap((one) => [one, one]);
    let written = 0;
    await Promise.all(
      writers.map(async (one, lane) => {
        const { plant } = one.inTenant(tenant).entities;
        for (let n = 0; n < 12; n++) {
          const patches = rows.map(({ id }) => ({ id, patch: { note: `${lane} ${n}` } }));
          await plant.updateMany(lane % 2 === 0 ? patches : [...patches].reverse());
          one.clock.advance(n % 3);
          written += 1;
        }
      }),
    );
    expect(written).toBe(writers.length * 12);
    for (const { id } of rows) {
      const states = await app()
        .crm.runtime.storage.forTenant(tenant)
        .findMany({
          table: "plant__history",
          columns: ["version", "valid_from", "valid_to"],
          where: {
            op: "and",
            of: [
              { op: "eq", column: "tenant_id", value: tenant },
              { op: "eq", column: "id", value: id },
            ],
          },
          orderBy: [{ column: "version", direction: "asc" }],
          limit: 1_000,
        });
      expect(states.map((state) => state["version"])).toEqual(
        Array.from({ length: 1 + writers.length * 12 }, (_, i) => i + 1),
      );
      states.forEach((state, i) => {
        const next = states[i + 1]?.["valid_from"] ?? "9999-12-31T23:59:59.999Z";
        expect(state["valid_to"]).toBe(next);
        expect((state["valid_from"] as string) <= (state["valid_to"] as string)).toBe(true);
      });
    }
    for (const one of others) await one.crm.stop();
  });
});
