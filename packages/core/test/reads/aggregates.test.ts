import { beforeAll, describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

const eur = (amount: string) => ({ amount, currency: "EUR" });

onDatabases({ plugins: [toys()], currency: "EUR" }, (app) => {
  let me: ReturnType<ReturnType<typeof app>["fresh"]>;

  beforeAll(async () => {
    me = app().fresh();
    const { id } = await me.entities.box.create({ label: "B" });
    await me.entities.thing.createMany([
      {
        title: "a",
        stage: "won",
        count: 1,
        ratio: 0.5,
        price: eur("0.10"),
        dueOn: "2026-01-01",
        seenAt: "2026-03-29T00:30:00Z",
      },
      {
        title: "b",
        stage: "won",
        count: 2,
        ratio: 1.5,
        price: eur("0.20"),
        dueOn: "2026-03-31",
        seenAt: "2026-03-29T22:30:00Z",
        boxId: id,
      },
      { title: "c", stage: "lost", count: null, price: eur("0.31"), dueOn: "2026-04-01", done: true },
      { title: "d", stage: "new", count: -4, price: null, dueOn: null },
    ]);
    const gone = await me.entities.thing.create({ title: "gone", stage: "won", count: 99, price: eur("99") });
    await me.entities.thing.delete(gone.id);
  });

  it("measure what a list would show, and money exactly", async () => {
    const [row] = await me.entities.thing.aggregate({
      measures: {
        n: { count: true },
        withCount: { countDistinct: "count" },
        total: { sum: "price" },
        mean: { avg: "price" },
        low: { min: "price" },
        high: { max: "price" },
        counts: { sum: "count" },
        ratios: { sum: "ratio" },
        average: { avg: "count" },
        first: { min: "dueOn" },
        last: { max: "seenAt" },
        title: { max: "title" },
        won: { count: true, where: { stage: "won" } },
        wonTotal: { sum: "price", where: { stage: "won" } },
        none: { sum: "price", where: { title: "nobody" } },
        boxed: { count: true, where: { box: { label: "B" } } },
      },
    });
    expect(row).toEqual({
      n: 4,
      withCount: 3,
      total: eur("0.61"),
      mean: eur("0.20"),
      low: eur("0.10"),
      high: eur("0.31"),
      counts: -1,
      ratios: 2,
      average: -1 / 3,
      first: "2026-01-01",
      last: "2026-03-29T22:30:00.000Z",
      title: "d",
      won: 2,
      wonTotal: eur("0.30"),
      none: null,
      boxed: 1,
    });
  });

  it("group by fields, with what has no value as a group of its own", async () => {
    const rows = await me.entities.thing.aggregate({
      groupBy: ["stage", "done"],
      measures: { n: { count: true } },
      orderBy: ["-n"],
    });
    expect(rows).toEqual([
      { stage: "won", done: false, n: 2 },
      { stage: "lost", done: true, n: 1 },
      { stage: "new", done: false, n: 1 },
    ]);
    const byCurrency = await me.entities.thing.aggregate({
      groupBy: ["price.currency"],
      measures: { n: { count: true } },
    });
    expect(byCurrency).toEqual([
      { "price.currency": null, n: 1 },
      { "price.currency": "EUR", n: 3 },
    ]);
  });

  it("group by time, in the zone of the reader", async () => {
    const quarters = await me.entities.thing.aggregate({
      groupBy: [{ field: "dueOn", bucket: "quarter", as: "quarter" }],
      measures: { n: { count: true }, total: { sum: "price" } },
    });
    expect(quarters).toEqual([
      { quarter: null, n: 1, total: null },
      { quarter: "2026-Q1", n: 2, total: eur("0.30") },
      { quarter: "2026-Q2", n: 1, total: eur("0.31") },
    ]);
    const days = (timeZone: string) =>
      me.entities.thing.aggregate({
        where: { seenAt: { isNull: false } },
        groupBy: [{ field: "seenAt", bucket: "day", timeZone }],
        measures: { n: { count: true } },
      });
    expect(await days("UTC")).toEqual([{ seenAt: "2026-03-29", n: 2 }]);
    // The night of the change to summer time.
    expect(await days("Europe/Berlin")).toEqual([
      { seenAt: "2026-03-29", n: 1 },
      { seenAt: "2026-03-30", n: 1 },
    ]);
    const keys = async (bucket: "hour" | "week" | "month" | "year") => {
      const rows = await me.entities.thing.aggregate({
        groupBy: [{ field: "seenAt", bucket }],
        measures: { n: { count: true } },
      });
      return rows.map(({ seenAt }) => seenAt);
    };
    expect(await keys("hour")).toEqual([null, "2026-03-29T00", "2026-03-29T22"]);
    expect(await keys("week")).toEqual([null, "2026-W13"]);
    expect(await keys("month")).toEqual([null, "2026-03"]);
    expect(await keys("year")).toEqual([null, "2026"]);
  });

  it("keep groups by their measures, and order by them", async () => {
    const rows = await me.entities.thing.aggregate({
      groupBy: ["stage"],
      measures: { n: { count: true }, total: { sum: "price" } },
      having: { total: { gt: "0.30" } },
      orderBy: ["-total"],
    });
    expect(rows).toEqual([{ stage: "lost", n: 1, total: eur("0.31") }]);
    const some = await me.entities.thing.aggregate({
      groupBy: ["stage"],
      measures: { n: { count: true } },
      having: { n: { gte: 1, lt: 2 } },
      limit: 1,
    });
    expect(some).toEqual([{ stage: "lost", n: 1 }]);
  });

  it("compare money in `having` with money of the same currency only", async () => {
    const own = app().fresh();
    const yen = (amount: string) => ({ amount, currency: "JPY" });
    await own.entities.thing.createMany([
      { title: "a", price: yen("5000") },
      { title: "b", price: eur("60") },
      { title: "c", price: eur("40") },
    ]);
    const rows = await own.entities.thing.aggregate({
      groupBy: ["title"],
      measures: { total: { sum: "price" } },
      having: { total: { gte: "50" } },
    });
    expect(rows).toEqual([{ title: "b", total: eur("60.00") }]);
  });

  it.each([
    [{ max: "title" }, { gt: "b" }, ["lost", "new"]],
    [{ min: "title" }, "a", ["won"]],
    [{ max: "stage" }, { ne: "won" }, ["lost", "new"]],
    [{ max: "seenAt" }, { gte: "2026-03-30T00:30:00+02:00" }, ["won"]],
    [{ max: "seenAt" }, { lt: "2026-03-29T22:30:00Z" }, []],
    [{ min: "dueOn" }, { lte: "2026-03-31" }, ["won"]],
    [{ min: "dueOn" }, { ne: "2026-01-01" }, ["lost", "new"]],
    [{ max: "count" }, { gt: 1.5 }, ["won"]],
    [{ max: "count" }, { lt: 1e30, gt: -1e30 }, ["new", "won"]],
    [{ sum: "count" }, 3, ["won"]],
    [{ sum: "count" }, { lt: 1e30 }, ["new", "won"]],
    [{ avg: "count" }, 1.5, ["won"]],
    [{ count: true }, 2, ["won"]],
    [{ count: true }, { gt: 1.5 }, ["won"]],
    [{ countDistinct: "title" }, { gte: 2 }, ["won"]],
    [{ sum: "price" }, "0.30", ["won"]],
    [{ sum: "price" }, eur("0.31"), ["lost"]],
    [{ max: "price" }, { ne: eur("0.31") }, ["new", "won"]],
    [{ sum: "price" }, { gt: { amount: "0", currency: "JPY" } }, []],
  ])("keep groups by what a measure holds: %j %j", async (measure, condition, stages) => {
    const rows = await me.entities.thing.aggregate({
      groupBy: ["stage"],
      measures: { m: measure as { count: true } },
      having: { m: condition },
    });
    expect(rows.map(({ stage }) => stage)).toEqual(stages);
  });

  it("do not add apples and pears", async () => {
    const own = app().fresh();
    await own.entities.thing.createMany([
      { title: "a", price: eur("1") },
      { title: "b", price: { amount: "1", currency: "JPY" } },
    ]);
    for (const fn of ["sum", "avg", "min", "max"]) {
      const measures = { m: { [fn]: "price" } } as never;
      await expect(own.entities.thing.aggregate({ measures })).rejects.toMatchObject({
        code: "mixed-currencies",
        message: expect.stringMatching(/"price" holds EUR and JPY.*Add "price\.currency" to groupBy/),
      });
    }
    const rows = await own.entities.thing.aggregate({
      groupBy: ["price.currency"],
      measures: { total: { sum: "price" } },
    });
    expect(rows.map(({ total }) => total)).toEqual([eur("1.00"), { amount: "1", currency: "JPY" }]);
    expect(
      await own.entities.thing.aggregate({
        where: { "price.currency": "EUR" } as never,
        measures: { t: { sum: "price" } },
      }),
    ).toEqual([{ t: eur("1.00") }]);
  });

  it("are exact, or refused", async () => {
    const own = app().fresh();
    const top = "90071992547409.91";
    await own.entities.thing.createMany(
      Array.from({ length: 3 }, () => ({ title: "x", count: Number.MAX_SAFE_INTEGER, price: eur(top) })),
    );
    expect(await own.entities.thing.aggregate({ measures: { t: { sum: "price" } } })).toEqual([
      { t: eur("270215977642229.73") },
    ]);
    await expect(own.entities.thing.aggregate({ measures: { t: { sum: "count" } } })).rejects.toThrowError(
      /The sum of "count" is 27021597764222973, which a number cannot hold exactly/,
    );
    expect(
      await own.entities.thing.aggregate({ measures: { t: { max: "count" }, p: { max: "price" } } }),
    ).toEqual([{ t: Number.MAX_SAFE_INTEGER, p: eur(top) }]);
    expect(await own.entities.thing.aggregate({ measures: { t: { avg: "price" } } })).toEqual([
      { t: eur(top) },
    ]);
  });

  it("tell when there are more groups than were asked for", async () => {
    const own = app().fresh();
    await own.entities.thing.createMany(Array.from({ length: 1_001 }, (_, i) => ({ title: `T${i}` })));
    const query = { groupBy: ["title"] as const, measures: { n: { count: true } } as const };
    await expect(own.entities.thing.aggregate(query)).rejects.toThrowError(/more than 1000 groups/);
    expect(await own.entities.thing.aggregate({ ...query, limit: 1001 })).toHaveLength(1001);
    expect(await own.entities.thing.aggregate({ ...query, limit: 5 })).toHaveLength(5);
  });

  describe("are refused, with words that help:", () => {
    const measures = { n: { count: true } };
    it.each<[string, unknown, RegExp]>([
      ["no measures", {}, /"measures" takes/],
      ["empty measures", { measures: {} }, /1 to 50 measures/],
      ["an unknown field", { measures: { n: { sum: "cuont" } } }, /no field "cuont"\. Did you mean "count"/],
      ["an unknown function", { measures: { n: { median: "count" } } }, /takes one of count/],
      ["two functions", { measures: { n: { sum: "count", avg: "count" } } }, /takes one of/],
      ["a sum of text", { measures: { n: { sum: "title" } } }, /cannot sum "title", which holds string/],
      ["count of something", { measures: { n: { count: "id" } } }, /write \{ count: true \}/],
      ["a name that is SQL", { measures: { "n; drop": { count: true } } }, /not a name for a measure/],
      ["a name twice", { groupBy: ["stage"], measures: { stage: { count: true } } }, /different names/],
      [
        "groups of JSON",
        { groupBy: ["extra"], measures },
        /Cannot group by "thing\.extra", which holds json/,
      ],
      ["groups of money", { groupBy: ["price"], measures }, /Cannot group by "thing\.price"/],
      [
        "buckets of text",
        { groupBy: [{ field: "title", bucket: "day" }], measures },
        /needs a date or instant/,
      ],
      [
        "an unknown bucket",
        { groupBy: [{ field: "seenAt", bucket: "decade" }], measures },
        /"bucket" is one of/,
      ],
      ["hours of a date", { groupBy: [{ field: "dueOn", bucket: "hour" }], measures }, /has no hours/],
      [
        "an unknown zone",
        { groupBy: [{ field: "seenAt", bucket: "day", timeZone: "Mars" }], measures },
        /not a time zone/,
      ],
      [
        "an offset as zone",
        { groupBy: [{ field: "seenAt", bucket: "day", timeZone: "'; drop" }], measures },
        /not a time zone/,
      ],
      [
        "a zone of dates",
        { groupBy: [{ field: "dueOn", bucket: "day", timeZone: "Asia/Tokyo" }], measures },
        /has no time zone/,
      ],
      ["an order that is neither", { measures, orderBy: ["title"] }, /neither a group nor a measure/],
      ["text as order", { measures, orderBy: "n" }, /takes a list/],
      ["text as groups", { measures, groupBy: "stage" }, /takes a list/],
      ["nothing as group", { measures, groupBy: [null] }, /A group is/],
      ["a limit above 10,000", { measures, limit: 10_001 }, /1 to 10000/],
      ["having of nothing", { measures, having: { m: { gt: 1 } } }, /not a measure/],
      ["having by text", { measures, having: { n: { gt: "1" } } }, /needs a number/],
      ["having of another tongue", { measures, having: { n: { contains: "1" } } }, /takes eq, ne/],
      ["having of text by a number", { measures: { m: { max: "title" } }, having: { m: { gt: 1 } } }, /text/],
      [
        "having of an instant by a number",
        { measures: { m: { min: "seenAt" } }, having: { m: 1 } },
        /instant/,
      ],
      ["having of a date by words", { measures: { m: { min: "dueOn" } }, having: { m: "soon" } }, /m"/],
      [
        "having of a sum by text",
        { measures: { m: { sum: "count" } }, having: { m: "1" } },
        /needs a number/,
      ],
      ["having of money by words", { measures: { m: { sum: "price" } }, having: { m: "much" } }, /m"/],
      ["having of money by everything", { measures: { m: { sum: "price" } }, having: { m: 1e30 } }, /m"/],
      ["having null", { measures, having: { n: null } }, /needs a number/],
      ["having nothing to compare with", { measures, having: { n: { gt: null } } }, /needs a number/],
      ["having an empty condition", { measures, having: { n: {} } }, /is empty/],
      ["having what was forgotten", { measures, having: { n: undefined } }, /is undefined/],
      ["having an operator forgotten", { measures, having: { n: { gt: undefined } } }, /is undefined/],
      ["having a list", { measures, having: { n: [1] } }, /needs a number/],
      ["having in a list", { measures, having: [] }, /"having" takes/],
      ["nothing", null, /An aggregate is an object/],
    ])("%s", async (_, query, message) => {
      const asked = me.entities.thing.aggregate(query as never);
      await expect(asked).rejects.toThrowError(message);
      await expect(asked).rejects.toMatchObject({ status: 400 });
    });
  });
});
