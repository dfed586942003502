import { BeforeHistory, defineEntity, definePlugin } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../support/databases.js";

const itemOf = (temporal: boolean) =>
  defineEntity("item", { fields: { name: Type.String() }, searchable: ["name"], temporal });
const store = (temporal: boolean, retired: readonly string[] = []) =>
  definePlugin({
    name: "store",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ entities: { item: itemOf(temporal) }, retired }),
  })();

for (const server of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!server.available)(`an entity that becomes temporal on ${suiteName(server)}`, () => {
    it("begins with the records that are there, and says since when", { timeout: 60_000 }, async () => {
      const database = await server.create();
      const start = (now: string, plugin: ReturnType<typeof store>, allowDataLoss: string[] = []) =>
        createTestCrm({
          plugins: [plugin],
          storage: storageAt(database.url),
          now,
          seed: Date.parse(now) % 9973,
          allowDataLoss,
        });
      const first = await start("2026-01-01T00:00:00Z", store(false));
      const rows = await first.me.entities.item.createMany(
        Array.from({ length: 501 }, (_, n) => ({ name: `item ${n}` })),
      );
      await first.inTenant("other").entities.item.create({ name: "theirs" });
      const { id } = rows[0] as { id: string };
      await first.crm.stop();

      const second = await start("2026-02-01T00:00:00Z", store(true));
      const { item } = second.me.entities;
      const since = "2026-02-01T00:00:00.000Z";
      expect(await item.count(undefined, { asOf: since })).toBe(501);
      for (const ask of [
        item.find({ asOf: "2026-01-31T23:59:59.999Z" }),
        item.get(id, { asOf: "2026-01-15T00:00:00Z" }),
      ])
        await expect(ask).rejects.toSatisfy(BeforeHistory.is);
      second.clock.advance({ days: 1 });
      await item.update(id, { name: "changed" });
      expect((await item.get(id, { asOf: since })).name).toBe("item 0");
      expect((await item.find({ asOf: since, search: "item 500" })).items).toHaveLength(1);
      expect(await second.crm.planMigration()).toMatchObject({ steps: [], problems: [] });
      await second.crm.stop();

      // The next start fills nothing, and still knows.
      const third = await start("2026-03-01T00:00:00Z", store(true));
      expect((await third.me.entities.item.get(id, { asOf: since })).name).toBe("item 0");
      const early = third.me.entities.item.count(undefined, { asOf: "2026-01-31T00:00:00Z" });
      await expect(early).rejects.toSatisfy(BeforeHistory.is);
      await third.crm.stop();

      // Ceasing loses data, so it is said; and what was written meanwhile leaves no state twice.
      await expect(start("2026-04-01T00:00:00Z", store(false))).rejects.toMatchObject({
        code: "schema-conflicts",
      });
      const fourth = await start("2026-04-01T00:00:00Z", store(false, ["item__history"]));
      await fourth.me.entities.item.update(id, { name: "unseen" });
      await fourth.crm.stop();
      const fifth = await start("2026-05-01T00:00:00Z", store(true));
      const again = fifth.me.entities.item;
      expect(await again.count(undefined, { asOf: "2026-05-01T00:00:00Z" })).toBe(501);
      expect((await again.get(id, { asOf: "2026-05-01T00:00:00Z" })).name).toBe("unseen");
      await expect(again.get(id, { asOf: since })).rejects.toSatisfy(BeforeHistory.is);
      await fifth.crm.stop();
      await database.drop();
    });
  });
}
