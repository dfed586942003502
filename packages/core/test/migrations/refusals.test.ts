import { money, oneOf, withDefault } from "@corm/core";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { named, onFreshDatabases, shop } from "./shop.js";

const full = { ...named, code: Type.String(), price: Type.Optional(money()) };
const record = { name: "x", code: "c", price: { amount: "1.00", currency: "EUR" } };

onFreshDatabases((fresh) => {
  const withRecord = async () => {
    const started = fresh();
    await started.start([shop({ fields: full })], ({ items }) => items.create(record));
    started.applied.length = 0;
    return started;
  };

  describe("a field that is gone", () => {
    it("stops the start, with the plugin and both ways out", async () => {
      const { refusal, applied, start } = await withRecord();
      const { code: _, price: __, ...rest } = full;
      const problems = await refusal([shop({ fields: { ...rest, size: Type.Optional(Type.Integer()) } })]);
      expect([...problems].sort()).toEqual([
        'item.code is in the database, but plugin "shop" no longer declares it. To keep its data, list "item.code" in the plugin\'s `retired`; to drop it, start once with createCrm({ allowDataLoss: ["item.code"] }).',
        'item.price is in the database, but plugin "shop" no longer declares it. To keep its data, list "item.price" in the plugin\'s `retired`; to drop it, start once with createCrm({ allowDataLoss: ["item.price"] }).',
      ]);
      expect(applied).toEqual([]);
      await start([shop({ fields: full })], async ({ items }) =>
        expect((await items.find()).items).toMatchObject([record]),
      );
    });

    it("is kept when it is retired, also when it was required, and comes back with its data", async () => {
      const { start } = await withRecord();
      const retired = shop({ fields: named }, { retired: ["item.code", "item.price"] });
      await start([retired], async ({ items, crm }) => {
        expect([...(await crm.planMigration()).dormant].sort()).toEqual([
          "item.code",
          "item.price",
          "item.price_currency",
        ]);
        await items.create({ name: "y" });
      });
      const back = { ...named, code: Type.Optional(Type.String()), price: Type.Optional(money()) };
      await start([shop({ fields: back })], async ({ items }) => {
        const { items: rows } = await items.find({ orderBy: ["name"] });
        expect(rows).toMatchObject([record, { name: "y", code: null, price: null }]);
      });
    });

    it("is dropped when that is allowed by name, and nothing else is", async () => {
      const { start, refusal, applied } = await withRecord();
      const allowDataLoss = ["item.price"];
      const [problem, ...more] = await refusal([shop({ fields: named })], { allowDataLoss });
      expect(problem).toMatch(/^item\.code is in the database/);
      expect(more).toEqual([]);
      expect(applied).toEqual([]);
      const { price: _, ...rest } = full;
      await start([shop({ fields: rest })], undefined, { allowDataLoss });
      expect(applied.sort()).toEqual(["drop item.price", "drop item.price_currency"]);
      await start([shop({ fields: full })], async ({ items }) => {
        expect((await items.find()).items).toMatchObject([{ ...record, price: null }]);
      });
    });

    it("and a table as well", async () => {
      const { start, refusal, applied } = await withRecord();
      const { plugin } = await import("../composition/refused.js");
      const empty = () => plugin("shop");
      expect(await refusal([empty()])).toEqual([
        expect.stringMatching(/^item is in the database, but plugin "shop"/),
      ]);
      await start([empty()], undefined, { allowDataLoss: ["item"] });
      expect(applied).toEqual(["drop item"]);
      await start([shop({ fields: full })], async ({ items }) => expect(await items.count()).toBe(0));
    });
  });

  it.each<[string, object, RegExp]>([
    [
      "another type",
      { ...full, code: Type.Integer() },
      /^item\.code \(plugin "shop"\): column "code" changes from string of 255 to integer\. Keep the old declaration, or add a new field/,
    ],
    [
      "a shorter text",
      { ...full, name: Type.String({ maxLength: 10 }) },
      /^item\.name \(plugin "shop"\): column "name" changes from string of 255 to string of 10/,
    ],
    [
      "a required field where records have none",
      { ...full, price: money() },
      /^item\.price \(plugin "shop"\): column "price" becomes required, and may be empty/,
    ],
    [
      "a new required field",
      { ...full, size: Type.Integer() },
      /^item\.size \(plugin "shop"\): column "size" is required and has no default, but the table has rows/,
    ],
  ])("refuses %s", async (_, fields, message) => {
    const { refusal, applied, start } = await withRecord();
    const problems = await refusal([shop({ fields: { ...fields, extra: Type.Optional(Type.String()) } })]);
    expect(problems[0]).toMatch(message);
    expect(applied).toEqual([]);
    await start([shop({ fields: full })], async ({ items }) =>
      expect((await items.find()).items).toMatchObject([record]),
    );
  });

  it("takes a new required field while there are no records", async () => {
    const { start } = fresh();
    await start([shop({ fields: named })]);
    await start([shop({ fields: { ...named, size: Type.Integer() } })], async ({ items }) => {
      await expect(items.create({ name: "x" })).rejects.toMatchObject({ code: "validation-failed" });
      await items.create({ name: "x", size: 1 });
    });
  });

  it("refuses a new unique key that records break, before anything is changed", async () => {
    const { start, refusal, applied } = fresh();
    await start([shop({ fields: named })], async ({ items }) => {
      for (const name of ["x", "x", "y"]) await items.create({ name });
    });
    applied.length = 0;
    const fields = { ...named, size: Type.Optional(Type.Integer()) };
    expect(await refusal([shop({ fields, unique: [["name"]] })])).toEqual([
      expect.stringMatching(
        /^item \(plugin "shop"\): \[name\] becomes unique, but some records have the same/,
      ),
    ]);
    expect(applied).toEqual([]);
    // Other tenants and the recycle bin do not count.
    await start([shop({ fields: named })], async ({ me, inTenant }) => {
      const mine = (
        me.entities as unknown as Record<
          "item",
          { find(): Promise<{ items: { id: string }[] }>; delete(id: string): Promise<void> }
        >
      ).item;
      await mine.delete((await mine.find()).items[0]?.id as string);
      await (
        inTenant("other").entities as unknown as Record<"item", { create(i: object): Promise<void> }>
      ).item.create({ name: "x" });
    });
    await start([shop({ fields, unique: [["name"]] })], async ({ items }) => {
      await expect(items.create({ name: "x" })).rejects.toMatchObject({ code: "unique-violation" });
    });
  });

  it("takes more words for a list, and keeps records whose word is gone readable", async () => {
    const { start } = fresh();
    await start([shop({ fields: { state: oneOf(["a", "b"]) } })], ({ items }) =>
      items.create({ state: "a" }),
    );
    await start([shop({ fields: { state: withDefault(oneOf(["b", "c"]), "c") } })], async ({ items }) => {
      await items.create({});
      expect((await items.find({ orderBy: ["state"] })).items).toMatchObject([
        { state: "a" },
        { state: "c" },
      ]);
      await expect(items.create({ state: "a" })).rejects.toMatchObject({ code: "validation-failed" });
    });
  });

  describe("migrate: check", () => {
    const check = { migrate: "check" } as const;

    it("starts on a database that is up to date, and changes no other", async () => {
      const { start, refusal, applied } = fresh();
      expect(await refusal([shop({ fields: named })], check)).toEqual([
        expect.stringMatching(/^the database is behind by \d+ steps: start once with migrate: "apply"/),
      ]);
      expect(applied).toEqual([]);
      await start([shop({ fields: named })]);
      applied.length = 0;
      await start([shop({ fields: named })], ({ items }) => items.create({ name: "x" }), check);
      const [behind] = await refusal(
        [shop({ fields: { ...named, size: Type.Optional(Type.Integer()) } })],
        check,
      );
      expect(behind).toMatch(/behind by 1 step: .*add item\.size/);
      expect(applied).toEqual([]);
    });

    it("and off does not look", async () => {
      const { start } = fresh();
      await start([shop({ fields: named })]);
      await start([shop({ fields: named })], ({ items }) => items.create({ name: "x" }), { migrate: "off" });
    });
  });

  describe("tables of others in the same database", () => {
    const theirs = (name: string) => ({
      name,
      columns: [
        { name: "id", type: "integer", nullable: false },
        { name: "secret", type: "text", nullable: true },
      ] as const,
      primaryKey: ["id"],
      indexes: [],
    });

    const makeTheirs = async (name: string) => {
      const storage = fresh().storage();
      await storage.schema.apply([{ kind: "createTable", table: theirs(name) }]);
      await storage.open({ tables: [theirs(name)] });
      await storage.insertMany(name, [{ id: 1, secret: "theirs" }]);
      return storage;
    };

    it("are left alone", async () => {
      const storage = await makeTheirs("wp_posts");
      await fresh().start([shop({ fields: named })], async ({ crm }) => {
        expect((await crm.planMigration()).dormant).toEqual([]);
      });
      await fresh().start([shop({ fields: named })], undefined, { allowDataLoss: ["wpPosts"] });
      const rows = await storage.findMany({
        table: "wp_posts",
        columns: ["secret"],
        where: { op: "const", value: true },
        orderBy: [],
        limit: 2,
      });
      expect(rows).toEqual([{ secret: "theirs" }]);
      await storage.close();
    });

    it("are not taken for an entity's own, even when they bear its name", async () => {
      const storage = await makeTheirs("item");
      expect(await fresh().refusal([shop({ fields: named })])).toEqual([
        'item (plugin "shop"): the database has a table "item" that Corm did not make. Use another database or schema for Corm, or rename that table.',
      ]);
      expect((await storage.schema.inspect()).tables.map(({ name }) => name)).toEqual(["item"]);
      await storage.close();
    });
  });
});
