import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type Thing, toys } from "../support/toys.js";

const sortable = [
  "title",
  "stage",
  "count",
  "ratio",
  "done",
  "dueOn",
  "seenAt",
  "price",
  "createdAt",
  "version",
  "boxId",
] as const;
type Sortable = (typeof sortable)[number];

/** As the documentation says: without a value first going up, text by code point, money by amount. */
function compare(a: Thing, b: Thing, name: Sortable): number {
  const value = (row: Thing) => {
    const v = row[name];
    return name === "price"
      ? row.price
        ? Number(row.price.amount)
        : null
      : typeof v === "boolean"
        ? Number(v)
        : v;
  };
  const [x, y] = [value(a), value(b)] as [string | number | null, string | number | null];
  if (x === y) return 0;
  if (x === null || y === null) return x === null ? -1 : 1;
  return x < y ? -1 : 1;
}

onDatabases({ plugins: [toys()] }, (app, database) => {
  let me: ReturnType<ReturnType<typeof app>["fresh"]>;
  let all: Thing[] = [];

  beforeAll(async () => {
    me = app().fresh();
    const boxes = await me.entities.box.createMany([{ label: "A" }, { label: "B" }]);
    const pick = <T>(values: readonly T[], i: number) => values[i % values.length] as T;
    await me.entities.thing.createMany(
      Array.from({ length: 61 }, (_, i) => ({
        title: pick(["a", "B", "ä", "a ", "😀", "\uffee", "Z"], i),
        stage: pick(["new", "open"] as const, i),
        count: pick([null, 1, -1, 2 ** 52], i),
        ratio: pick([null, 0.1, -3.5], i),
        done: pick([true, false, false], i),
        dueOn: pick([null, "2026-01-01", "2025-12-31"], i),
        seenAt: pick([null, "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00Z", null], i),
        price: pick([null, { amount: "1.00", currency: "EUR" }, { amount: "-2.00", currency: "EUR" }], i),
        boxId: pick([null, boxes[0]!.id, boxes[1]!.id], i),
      })),
    );
    all = (await me.entities.thing.find({ limit: 500 })).items;
    await me.entities.thing.create({ title: "deleted" }).then(({ id }) => me.entities.thing.delete(id));
  });

  it("walks every record exactly once, in the order asked for", async () => {
    const order = fc.uniqueArray(fc.tuple(fc.constantFrom(...sortable), fc.boolean()), {
      maxLength: 4,
      selector: ([name]) => name,
    });
    const property = fc.asyncProperty(order, fc.integer({ min: 1, max: 40 }), async (sort, limit) => {
      const orderBy = sort.map(([name, down]) => (down ? `-${name}` : name) as keyof Thing & string);
      const walked: Thing[] = [];
      let after: string | null = null;
      do {
        const page: { items: Thing[]; next: string | null } = await me.entities.thing.find({
          orderBy,
          limit,
          after,
        });
        expect(page.items.length).toBeLessThanOrEqual(limit);
        walked.push(...page.items);
        after = page.next;
      } while (after !== null);
      expect(walked).toHaveLength(61);
      const down = sort[0]?.[1] ?? false;
      const sorted = [...all].sort((a, b) => {
        for (const [name, desc] of sort) {
          const order = compare(a, b, name) * (desc ? -1 : 1);
          if (order !== 0) return order;
        }
        return (a.id < b.id ? -1 : 1) * (down ? -1 : 1);
      });
      const byCodePoint = (rows: Thing[]) => rows.map(({ id }) => id);
      if (sort.some(([name]) => name === "title")) expect(new Set(byCodePoint(walked)).size).toBe(61);
      else expect(byCodePoint(walked)).toEqual(byCodePoint(sorted));
    });
    await fc.assert(property, { numRuns: database === "SQLite in memory" ? 100 : 40, seed: 7 });
  });

  it("sorts text by code point, on every database", async () => {
    const { items } = await me.entities.thing.find({ orderBy: ["title"], limit: 500 });
    const seen = [...new Set(items.map(({ title }) => title))];
    expect(seen).toEqual(["B", "Z", "a", "a ", "ä", "\uffee", "😀"]);
  });

  it("streams all of them, a page at a time", async () => {
    app().log.clear();
    const ids: string[] = [];
    for await (const row of me.entities.thing.stream({ select: ["id"], limit: 20 })) ids.push(row.id);
    expect(ids).toEqual(all.map(({ id }) => id));
    expect(app().log.asked).toHaveLength(4);
    app().log.clear();
    for await (const _ of me.entities.thing.stream({ limit: 20 })) break;
    expect(app().log.asked).toHaveLength(1);
  });

  it("goes on where it stood when records come and go", async () => {
    const own = app().fresh();
    const rows = await own.entities.thing.createMany(
      Array.from({ length: 6 }, (_, i) => ({ title: "x", count: i * 10 })),
    );
    const first = await own.entities.thing.find({ orderBy: ["count"], limit: 3 });
    await own.entities.thing.create({ title: "before", count: 5 });
    await own.entities.thing.create({ title: "after", count: 35 });
    await own.entities.thing.delete(rows[2]!.id);
    const second = await own.entities.thing.find({ orderBy: ["count"], limit: 10, after: first.next });
    expect(second.items.map(({ count }) => count)).toEqual([30, 35, 40, 50]);
    expect(second.next).toBeNull();
  });

  describe("cursors", () => {
    it("are refused when they were made by nobody, cut, or changed", async () => {
      const { next } = await me.entities.thing.find({ limit: 2 });
      const cursor = next as string;
      const swapped = cursor.replace(/^./, (c) => (c === "A" ? "B" : "A"));
      for (const after of [
        "",
        "x",
        cursor.slice(1),
        cursor.slice(0, -1),
        `${cursor}A`,
        swapped,
        7,
        {},
        ["x"],
        "a.b",
      ]) {
        await expect(me.entities.thing.find({ limit: 2, after: after as string })).rejects.toMatchObject({
          code: "invalid-cursor",
          status: 400,
        });
      }
    });

    it("hold for the order and the entity they were made for", async () => {
      const { next } = await me.entities.thing.find({ limit: 2, orderBy: ["count"] });
      for (const orderBy of [["-count"], ["stage"], ["count", "stage"], []]) {
        const asked = me.entities.thing.find({ limit: 2, orderBy: orderBy as never, after: next });
        await expect(asked).rejects.toMatchObject({ code: "invalid-cursor" });
      }
      await expect(me.entities.box.find({ orderBy: ["label"], after: next })).rejects.toMatchObject({
        code: "invalid-cursor",
      });
      await me.entities.thing.find({ limit: 5, orderBy: ["count"], after: next });
    });

    it("show another tenant nothing", async () => {
      const { next } = await me.entities.thing.find({ limit: 2 });
      const foreign = app().fresh().entities.thing.find({ after: next });
      await expect(foreign).rejects.toMatchObject({ code: "invalid-cursor" });
    });

    it("reach over long values of any script", async () => {
      const own = app().fresh();
      const long = (c: string) => c.repeat(100);
      await own.entities.thing.createMany([
        { title: long("客"), code: "客".repeat(40), serial: "户".repeat(255) },
        { title: long("客"), code: "客".repeat(39), serial: "户".repeat(255) },
        { title: long("😀"), code: "😀".repeat(40), serial: "😀".repeat(255) },
      ]);
      const seen: string[] = [];
      const query = { orderBy: ["title", "code", "serial"] as const, limit: 1 };
      for await (const row of own.entities.thing.stream(query)) seen.push(row.id);
      expect(new Set(seen).size).toBe(3);
    });
  });

  describe("are refused, with words that help:", () => {
    it.each<[string, object, RegExp]>([
      ["a limit of 0", { limit: 0 }, /"limit" must be 1 to 500; use stream\(\)/],
      ["a limit above 500", { limit: 501 }, /1 to 500/],
      ["a fraction", { limit: 1.5 }, /1 to 500/],
      ["text as limit", { limit: "10" }, /1 to 500/],
      ["an unknown order", { orderBy: ["titel"] }, /no field "titel"\. Did you mean "title"/],
      ["SQL as order", { orderBy: ["title desc; drop table thing"] }, /no field/],
      ["an alias as order", { orderBy: ["title as x"] }, /no field/],
      ["a field twice", { orderBy: ["title", "-title"] }, /names "title" twice/],
      ["order by JSON", { orderBy: ["extra"] }, /holds json, which has no order/i],
      ["order by long text", { orderBy: ["note"] }, /holds text, which has no order/],
      ["nine fields", { orderBy: Array(9).fill("title") }, /at most 8/],
      ["text as order", { orderBy: "title" }, /takes a list/],
      ["numbers as order", { orderBy: [1] }, /takes field names/],
      ["an unknown selection", { select: ["secret"] }, /no field "secret"/],
      ["text as selection", { select: "title" }, /"select" takes a list/],
      ["an unknown include", { include: ["bxo"] }, /no relation "bxo"\. Did you mean "box"/],
      ["text as include", { include: "box" }, /"include" takes a list/],
      ["search by a number", { search: 7 }, /"search" takes text/],
      [
        "too many words",
        { search: Array.from({ length: 21 }, (_, i) => `w${i}`).join(" ") },
        /at most 20 words/,
      ],
      ["text for withDeleted", { withDeleted: "false" }, /"withDeleted" takes true or false/],
      ["an unknown part", { wheer: {} }, /A query has no "wheer"/],
      ["nothing", null as never, /A query is an object/],
    ])("%s", async (_, query, message) => {
      const asked = me.entities.thing.find(query);
      await expect(asked).rejects.toThrowError(message);
      await expect(asked).rejects.toMatchObject({ status: 400 });
    });
  });
});
