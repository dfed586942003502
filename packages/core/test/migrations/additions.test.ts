import { instant, json, longText, money, oneOf, withDefault } from "@corm/core";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { extras, named, onFreshDatabases, shop } from "./shop.js";

const nothing = { steps: [], problems: [], dormant: [] };

onFreshDatabases((fresh) => {
  it("makes what is missing at the first start, and nothing at the next", async () => {
    const { start, applied } = fresh();
    await start([shop({ fields: named, unique: [["name"]] })], async ({ crm }) => {
      expect(await crm.planMigration()).toEqual(nothing);
    });
    expect(applied).toEqual(expect.arrayContaining(["create corm_meta", "create item"]));
    const before = applied.length;
    await start([shop({ fields: named, unique: [["name"]] })]);
    expect(applied).toHaveLength(before);
  });

  it("keeps the generated secret: what was signed holds after a restart", async () => {
    const { start } = fresh();
    const plugins = [shop({ fields: named })];
    const secret = { secret: undefined } as never;
    const token = await start(plugins, ({ me }) => me.tokens.sign("x", 1), secret);
    expect(await start(plugins, ({ me }) => me.tokens.verify("x", token), secret)).toBe(1);
  });

  it("adds fields, with their defaults in the records that exist, and indexes", async () => {
    const { start, applied } = fresh();
    await start([shop({ fields: named })], ({ items }) => items.create({ name: "old" }));
    applied.length = 0;
    const fields = {
      ...named,
      note: Type.Optional(longText()),
      size: withDefault(Type.Integer(), 3),
      ratio: withDefault(Type.Number(), 0.5),
      state: withDefault(oneOf(["on", "off"]), "on"),
      hot: withDefault(Type.Boolean(), true),
      label: withDefault(Type.String(), 'it\'s 50% \\ "new"'),
      fee: withDefault(money(), { amount: "1.5", currency: "EUR" }),
      since: withDefault(instant(), "2026-01-01T00:00:00.000Z"),
    };
    const next = [shop({ fields, indexes: [["state", "size"]], unique: [["name"]] })];
    await start(next, async ({ items, crm }) => {
      const expected = {
        name: "old",
        note: null,
        size: 3,
        ratio: 0.5,
        state: "on",
        hot: true,
        label: 'it\'s 50% \\ "new"',
        fee: { amount: "1.50", currency: "EUR" },
        since: "2026-01-01T00:00:00.000Z",
        version: 1,
      };
      expect((await items.find()).items).toMatchObject([expected]);
      expect(await items.create({ name: "new" })).toMatchObject({ ...expected, name: "new" });
      await expect(items.create({ name: "new" })).rejects.toMatchObject({ code: "unique-violation" });
      expect(await crm.planMigration()).toEqual(nothing);
    });
    expect(applied.sort()).toEqual([
      "add item.fee",
      "add item.fee_currency",
      "add item.hot",
      "add item.label",
      "add item.note",
      "add item.ratio",
      "add item.since",
      "add item.size",
      "add item.state",
      expect.stringMatching(/^index ix_item__tenant_id_state_size/),
      expect.stringMatching(/^index uq_item__tenant_id_name/),
    ]);
  });

  it("lets fields become longer and optional", async () => {
    const { start } = fresh();
    const before = { name: Type.String({ maxLength: 10 }), code: Type.String() };
    await start([shop({ fields: before, unique: [["name"]] })], ({ items }) =>
      items.create({ name: "short", code: "c" }),
    );
    const after = {
      name: Type.String({ maxLength: 20 }),
      code: Type.Optional(Type.String({ maxLength: 5000 })),
    };
    await start([shop({ fields: after, unique: [["name"]] })], async ({ items, crm }) => {
      await items.create({ name: "x".repeat(20), code: "y".repeat(5000) });
      await items.create({ name: "no code" });
      await expect(items.create({ name: "short" })).rejects.toMatchObject({ code: "unique-violation" });
      expect(await crm.planMigration()).toEqual(nothing);
    });
  });

  it("finds old records by fields that have become searchable", async () => {
    const { start } = fresh();
    const fields = { ...named, note: Type.Optional(longText()) };
    await start([shop({ fields })], async ({ items, me }) => {
      await me.transaction(async (tx) => {
        const many = (tx.entities as unknown as Record<"item", { createMany(i: object[]): Promise<void> }>)
          .item;
        await many.createMany(
          Array.from({ length: 600 }, (_, i) => ({ name: `Ünit ${i}`, note: `Señor ${i}` })),
        );
      });
      await expect(items.find({ search: "unit" })).rejects.toThrowError(/no searchable fields/);
    });
    await start([shop({ fields, searchable: ["name"] })], async ({ items }) => {
      expect((await items.find({ search: "UNIT 599" })).items).toMatchObject([
        { name: "Ünit 599", version: 1 },
      ]);
      expect((await items.find({ search: "senor" })).items).toEqual([]);
    });
    const both = shop({ fields, searchable: ["name", "note"] as never });
    await start([both], async ({ items }) =>
      expect((await items.find({ search: "senor 7 unit" })).items.length).toBeGreaterThan(1),
    );
    await start([both], async ({ items }) =>
      expect((await items.find({ search: "senor 599" })).items).toHaveLength(1),
    );
  });

  it("stops holding what is no longer unique", async () => {
    const { start } = fresh();
    await start([shop({ fields: named, unique: [["name"]] })], ({ items }) => items.create({ name: "x" }));
    await start([shop({ fields: named })], async ({ items, crm }) => {
      await items.create({ name: "x" });
      expect(await crm.planMigration()).toEqual(nothing);
    });
  });

  describe("a plugin that leaves", () => {
    const base = () => shop({ fields: named });
    const added = () =>
      extras(
        {
          score: Type.Optional(Type.Integer()),
          grade: withDefault(Type.String(), "C"),
          fee: withDefault(money(), { amount: "2", currency: "EUR" }),
          since: withDefault(instant(), "2026-01-01T00:00:00.000Z"),
        },
        [["score"]],
      );

    it.each(["from the first start", "later"])(
      "and came %s leaves its data, harms nobody, and finds it again",
      async (when) => {
        const { start } = fresh();
        if (when === "later") await start([base()], ({ items }) => items.create({ name: "first" }));
        await start([base(), added()], async ({ items }) => {
          if (when !== "later") await items.create({ name: "first" });
          await items.create({ name: "second", score: 7, grade: "A", fee: { amount: "9", currency: "JPY" } });
        });
        await start([base()], async ({ items, crm }) => {
          const plan = await crm.planMigration();
          expect([plan.steps, plan.problems]).toEqual([[], []]);
          expect([...plan.dormant].sort()).toEqual([
            "item.fee",
            "item.fee_currency",
            "item.grade",
            "item.score",
            "item.since",
          ]);
          const third = await items.create({ name: "third" });
          expect(third).not.toHaveProperty("grade");
        });
        // The shop's own field changes meanwhile; on SQLite that makes the table anew.
        const wider = shop({ fields: { name: Type.Optional(Type.String({ maxLength: 400 })) } });
        await start([wider], ({ items }) => items.create({ name: "fourth" }));
        await start([wider, added()], async ({ items, crm }) => {
          expect(await crm.planMigration()).toEqual(nothing);
          const rows = (
            await items.find({ orderBy: ["name"], select: ["name", "score", "grade", "fee", "since"] })
          ).items;
          const own = {
            score: null,
            grade: "C",
            fee: { amount: "2.00", currency: "EUR" },
            since: "2026-01-01T00:00:00.000Z",
          };
          expect(rows).toEqual([
            { name: "first", ...own },
            { name: "fourth", ...own },
            { name: "second", ...own, score: 7, grade: "A", fee: { amount: "9", currency: "JPY" } },
            { name: "third", ...own },
          ]);
        });
      },
    );

    it("leaves its tables as well", async () => {
      const { start } = fresh();
      const { plugin } = await import("../composition/refused.js");
      const other = () => plugin("other", { entities: {} });
      await start([base(), other()], ({ items }) => items.create({ name: "kept" }));
      await start([other()], async ({ crm }) => {
        expect((await crm.planMigration()).dormant).toEqual(["item"]);
      });
      await start([base()], async ({ items }) => expect(await items.count()).toBe(1));
    });
  });

  it("keeps JSON and long text with a default out of its own way", async () => {
    const { start } = fresh();
    const fields = {
      ...named,
      tags: withDefault(json(Type.Array(Type.String())), ["x"]),
      body: withDefault(longText(), "…"),
    };
    await start([shop({ fields })], async ({ items }) => {
      expect(await items.create({ name: "a" })).toMatchObject({ tags: ["x"], body: "…" });
    });
  });
});
