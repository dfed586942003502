import type { Where } from "@corm/core";
import { beforeAll, describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { type Thing, type ThingRelated, toys } from "../support/toys.js";

const eur = (amount: string) => ({ amount, currency: "EUR" });

onDatabases({ plugins: [toys()], now: "2026-01-31T12:00:00Z" }, (app) => {
  let me: ReturnType<ReturnType<typeof app>["fresh"]>;
  let big = "";

  beforeAll(async () => {
    me = app().fresh();
    const boxes = await me.entities.box.createMany([{ label: "Big" }, { label: "Small" }, { label: "Gone" }]);
    big = boxes[0]!.id;
    await me.entities.box.update(boxes[1]!.id, { parentId: big });
    await me.entities.thing.createMany([
      {
        title: "a",
        count: 1,
        stage: "new",
        code: "x%",
        price: eur("10.00"),
        boxId: big,
        dueOn: "2026-01-01",
      },
      {
        title: "B",
        count: 2,
        stage: "open",
        code: "x_",
        price: eur("20.00"),
        boxId: big,
        done: true,
        note: "Straße",
      },
      {
        title: "c",
        count: null,
        stage: "open",
        price: { amount: "15", currency: "JPY" },
        boxId: boxes[1]!.id,
      },
      {
        title: "d",
        count: 4,
        stage: "won",
        code: "xy",
        ratio: 0.5,
        seenAt: "2026-01-31T11:30:00Z",
        dueOn: "2026-01-31",
      },
      { title: "e", boxId: boxes[2]!.id, seenAt: "2025-12-31T12:00:00Z", note: "50% \\ off_" },
    ]);
    await me.entities.lid.createMany([
      { name: "red", boxId: big },
      { name: "blue", boxId: big },
      { name: "red", boxId: boxes[1]!.id },
    ]);
    await me.entities.box.delete(boxes[2]!.id);
  });

  const titles = async (where: Where<Thing, ThingRelated>) => {
    const { items } = await me.entities.thing.find({ where, orderBy: ["id"] });
    const found = items.map(({ title }) => title).join("");
    expect(await me.entities.thing.count(where)).toBe(found.length);
    return found;
  };

  it.each<[string, Where<Thing, ThingRelated>, string]>([
    ["everything", {}, "aBcde"],
    ["a bare value", { title: "B" }, "B"],
    ["case matters in a bare value", { title: "b" }, ""],
    ["eq and ne", { count: { eq: 1 } }, "a"],
    ["ne includes what has no value", { count: { ne: 1 } }, "Bcde"],
    ["nin includes what has no value", { count: { nin: [1, 2] } }, "cde"],
    ["not includes what has no value", { not: { count: { gt: 1 } } }, "ace"],
    ["null", { count: null }, "ce"],
    ["eq null", { count: { eq: null } }, "ce"],
    ["ne null", { count: { ne: null } }, "aBd"],
    ["isNull", { count: { isNull: true } }, "ce"],
    ["isNull: false", { count: { isNull: false } }, "aBd"],
    ["in", { count: { in: [1, 4, 9] } }, "ad"],
    ["in nothing", { count: { in: [] } }, ""],
    ["not in nothing", { count: { nin: [] } }, "aBcde"],
    ["not (in nothing)", { not: { count: { in: [] } } }, "aBcde"],
    ["ranges", { count: { gt: 1, lte: 4 } }, "Bd"],
    ["between, both ends", { count: { between: [1, 2] } }, "aB"],
    ["fractions of whole numbers", { count: { gt: 1.5 } }, "Bd"],
    ["a fraction that none is", { count: { in: [1.5, 2] } }, "B"],
    ["numbers beyond any", { count: { lt: 2 ** 60 } }, "aBd"],
    ["dates", { dueOn: { gte: "2026-01-01", lt: "2026-01-31" } }, "a"],
    ["instants of any offset", { seenAt: { gte: "2026-01-31T12:30:00+01:00" } }, "d"],
    ["within the last hour", { seenAt: { within: { last: 1, unit: "hour" } } }, "d"],
    ["within the last month, of the calendar", { seenAt: { within: { last: 1, unit: "month" } } }, "de"],
    ["within days, for dates", { dueOn: { within: { last: 30, unit: "day" } } }, "ad"],
    ["within the next", { dueOn: { within: { next: 1, unit: "day" } } }, "d"],
    ["contains, whatever the case", { title: { contains: "b" } }, "B"],
    ["contains other letters, whatever the case", { note: { contains: "STRASSE" } }, ""],
    ["contains, case of letters beyond ASCII", { note: { contains: "SSE" } }, ""],
    ["per cent is per cent", { code: { contains: "%" } }, "a"],
    ["underscore is underscore", { code: { startsWith: "x_" } }, "B"],
    ["backslash is backslash", { note: { contains: "% \\ o" } }, "e"],
    ["endsWith", { note: { endsWith: "OFF_" } }, "e"],
    ["startsWith nothing: all that have a value", { code: { startsWith: "" } }, "aBd"],
    ["booleans", { done: false }, "acde"],
    ["money, as an object", { price: eur("10.00") }, "a"],
    ["money, as a bare amount", { price: { gte: "10" } } as never, ""],
    [
      "money of one currency is neither more nor less than of another",
      { price: { gte: eur("0.01") } } as never,
      "aB",
    ],
    ["money ne", { price: { ne: eur("10") } } as never, "Bcde"],
    ["money in", { price: { in: [eur("10"), { amount: "15", currency: "JPY" }] } } as never, "ac"],
    ["money between", { price: { between: [eur("10"), eur("15")] } } as never, "a"],
    ["a currency", { "price.currency": "JPY" } as never, "c"],
    ["no currency", { "price.currency": null } as never, "de"],
    ["and", { and: [{ stage: "open" }, { done: true }] }, "B"],
    ["or", { or: [{ title: "a" }, { count: 4 }] }, "ad"],
    ["and of nothing", { and: [] }, "aBcde"],
    ["or of nothing", { or: [] }, ""],
    ["or beside a field", { stage: "open", or: [{ title: "a" }, { done: true }] }, "B"],
    [
      "deep nesting",
      { not: { or: [{ not: { stage: "open" } }, { and: [{ done: true }, { count: 2 }] }] } },
      "c",
    ],
    ["a related record", { box: { label: "Big" } }, "aB"],
    ["any related record that is there", { box: {} }, "aBc"],
    ["no related record: what is in the bin is not there", { box: null }, "de"],
    ["not a related record", { not: { box: { label: "Big" } } }, "cde"],
    ["a relation of a relation", { box: { parent: { label: "Big" } } } as never, "c"],
    ["through a relation, to many", { box: { lids: { some: { name: "blue" } } } } as never, "aB"],
  ])("%s", async (_, where, expected) => {
    expect(await titles(where)).toBe(expected);
  });

  const labels = async (where: object) => {
    const { items } = await me.entities.box.find({ where: where as never, orderBy: ["label"] });
    return items.map(({ label }) => label).join();
  };

  it.each([
    ["some", { lids: { some: { name: "blue" } } }, "Big"],
    ["none", { lids: { none: { name: "blue" } } }, "Small"],
    ["every", { lids: { every: { name: "red" } } }, "Small"],
    ["every of none", { things: { every: { title: "c" } } }, "Small"],
    ["some at all", { things: { some: {} } }, "Big,Small"],
    ["several at once", { lids: { some: { name: "red" }, none: { name: "blue" } } }, "Small"],
    ["across three entities", { things: { some: { box: { lids: { some: { name: "blue" } } } } } }, "Big"],
  ])("to many: %s", async (_, where, expected) => {
    expect(await labels(where)).toBe(expected);
  });

  describe("are refused, with words that help:", () => {
    it.each<[string, unknown, RegExp]>([
      ["a misspelt field", { titel: "a" }, /no field "titel"\. Did you mean "title"/],
      ["a field of another table", { "box.label": "x" }, /no field "box\.label"/],
      ["SQL", { "1=1; drop table thing --": 1 }, /no field/],
      ["a misspelt operator", { title: { contain: "a" } }, /"contain".*did you mean "contains"/],
      ["an operator of another tongue", { title: { $like: "a" } }, /"\$like".*not an operator/],
      ["a number for text", { title: 7 }, /"thing\.title" is compared with 7, but needs text/],
      ["an object for text", { title: { eq: { a: 1 } } }, /but needs text/],
      ["text for a number", { count: "1" }, /but needs a number/],
      ["NaN", { count: Number.NaN }, /but needs a number/],
      ["text for a boolean", { done: "true" }, /but needs true or false/],
      ["an impossible date", { dueOn: "2026-02-30" }, /"thing\.dueOn".*not a date/],
      ["a date for an instant", { seenAt: "2026-02-03" }, /"thing\.seenAt".*not an instant/],
      ["wrong money", { price: { gt: "1,5" } }, /"thing\.price"/],
      ["an id that is none", { id: "7" }, /needs an id/],
      ["NUL", { title: "a\0" }, /needs text/],
      ["JSON", { extra: { eq: 1 } }, /holds JSON, which cannot be filtered/],
      ["order of booleans", { done: { gt: false } }, /makes no sense/],
      ["contains of numbers", { count: { contains: "1" } }, /needs a text field/],
      ["an empty condition", { count: {} }, /is empty/],
      ["an undefined condition", { count: undefined }, /is undefined/],
      ["an undefined operand", { count: { gte: undefined } }, /is undefined/],
      ["an undefined alternative", { or: [undefined] }, /must be an object/],
      ["no list for in", { count: { in: 3 } }, /takes a list/],
      ["three ends", { count: { between: [1, 2, 3] } }, /takes \[low, high\]/],
      ["to many without quantifier", { box: { lids: { name: "red" } } }, /use \{ some \| none \| every/],
      ["a list as condition", [], /must be an object/],
      ["null as condition", null, /must be an object/],
      ["depth", JSON.parse(`${'{"not":'.repeat(40)}{}${"}".repeat(40)}`), /nests deeper/],
      ["breadth", { or: Array.from({ length: 2000 }, (_, i) => ({ count: i })) }, /more than \d+ parts/],
      [
        "too many values",
        { count: { in: Array.from({ length: 20_001 }, (_, i) => i) } },
        /at most|more than/,
      ],
    ])("%s", async (_, where, message) => {
      const asked = me.entities.thing.find({ where: where as never });
      await expect(asked).rejects.toThrowError(message);
      await expect(asked).rejects.toMatchObject({ status: 400 });
    });
  });

  it("take long lists", async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i + 2);
    expect(await titles({ count: { in: many }, id: { nin: [big] } })).toBe("Bd");
    const money = Array.from({ length: 500 }, (_, i) => eur(`${i + 10}`));
    expect(await titles({ price: { in: money } } as never)).toBe("aB");
  });
});
