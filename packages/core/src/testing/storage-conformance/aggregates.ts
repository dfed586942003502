import assert from "node:assert/strict";
import type { AggregateSpec, StorageAdapter, StoredRow } from "../../storage/adapter.js";
import { always, type Filter } from "../../storage/filter.js";
import { account, id, item, items } from "./fixtures.js";
import { errorOf, group, plain, type StorageConformanceOptions } from "./suite.js";

export async function aggregate(adapter: StorageAdapter, spec: Partial<AggregateSpec>): Promise<StoredRow[]> {
  const rest = { table: "item", where: always, groupBy: [], measures: [], orderBy: [], limit: 1_000 };
  return plain(await adapter.aggregate({ ...rest, ...spec }));
}

const count = { as: "n", fn: "count" } as const;

export function aggregateTests(options: StorageConformanceOptions): void {
  group(options, "aggregates", (check) => {
    check("measure nothing: zero and null", async ({ adapter }) => {
      const measures = [
        count,
        { as: "distinct", fn: "countDistinct", column: "label" },
        { as: "sum", fn: "sum", column: "amount" },
        { as: "avg", fn: "avg", column: "amount" },
        { as: "min", fn: "min", column: "at" },
        { as: "max", fn: "max", column: "rate" },
      ] as const;
      const none = { n: 0, distinct: 0, sum: null, avg: null, min: null, max: null };
      assert.deepEqual(await aggregate(adapter, { measures }), [none]);
      assert.deepEqual(await aggregate(adapter, { measures, groupBy: [{ as: "k", column: "flag" }] }), []);
    });

    check("ignore NULL in measures, as SQL does", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, null, 4, 4]));
      const measures = [
        count,
        { as: "values", fn: "count", column: "amount" },
        { as: "distinct", fn: "countDistinct", column: "amount" },
        { as: "sum", fn: "sum", column: "amount" },
        { as: "avg", fn: "avg", column: "amount" },
      ] as const;
      assert.deepEqual(await aggregate(adapter, { measures }), [
        { n: 4, values: 3, distinct: 2, sum: "9", avg: 3 },
      ]);
    });

    check("average integers without rounding", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 1, 2]));
      const [row] = await aggregate(adapter, { measures: [{ as: "avg", fn: "avg", column: "amount" }] });
      assert.ok(Math.abs((row?.["avg"] as number) - 4 / 3) < 1e-12);
    });

    check("sum floats as numbers", async ({ adapter }) => {
      await adapter.insertMany("item", items("rate", [0.5, 0.25, null]));
      const measures = [
        { as: "sum", fn: "sum", column: "rate" },
        { as: "avg", fn: "avg", column: "rate" },
      ] as const;
      assert.deepEqual(await aggregate(adapter, { measures }), [{ sum: 0.75, avg: 0.375 }]);
    });

    check("sum integers exactly beyond 2^53 and beyond 2^63", async ({ adapter }) => {
      const largest = Number.MAX_SAFE_INTEGER;
      const sum = { as: "sum", fn: "sum", column: "amount" } as const;
      await adapter.insertMany("item", items("amount", [largest, largest, 3]));
      assert.deepEqual(await aggregate(adapter, { measures: [sum] }), [
        { sum: String(2n * BigInt(largest) + 3n) },
      ]);
      await adapter.deleteWhere("item", always);
      await adapter.insertMany(
        "item",
        items(
          "amount",
          Array.from({ length: 1_500 }, () => largest),
        ),
      );
      await adapter.insertMany("item", [item(2_000, { amount: -7, flag: true })]);
      const exact = String(1_500n * BigInt(largest) - 7n);
      assert.deepEqual(await aggregate(adapter, { measures: [sum] }), [{ sum: exact }]);
      const grouped = await aggregate(adapter, {
        groupBy: [{ as: "flag", column: "flag" }],
        measures: [sum, { ...sum, as: "few", where: { op: "eq", column: "flag", value: true } }],
        having: { op: "lt", column: "sum", value: "0" },
        orderBy: [{ column: "sum", direction: "asc" }],
      });
      assert.deepEqual(grouped, [{ flag: true, sum: "-7", few: "-7" }]);
    });

    check("find least and greatest of every type", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1), account(2)]);
      const extremes: Readonly<Record<string, readonly [unknown, unknown]>> = {
        amount: [-1, 5],
        rate: [-0.5, 1.5],
        note: ["B", "a"],
        flag: [false, true],
        day: ["1999-12-31", "2024-01-01"],
        at: ["1999-12-31T23:59:59.999Z", "2024-01-01T00:00:00.001Z"],
        account_id: [id(1), id(2)],
      };
      const row = (index: 0 | 1): StoredRow =>
        Object.fromEntries(Object.entries(extremes).map(([column, pair]) => [column, pair[index]]));
      await adapter.insertMany("item", [item(1, row(1)), item(2), item(3, row(0))]);
      for (const [column, [least, greatest]] of Object.entries(extremes)) {
        const measures = [
          { as: "min", fn: "min", column },
          { as: "max", fn: "max", column },
        ] as const;
        assert.deepEqual(await aggregate(adapter, { measures }), [{ min: least, max: greatest }], column);
      }
    });

    check("group by every type; NULL is a group, and sorts first", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1), account(2)]);
      const keys: Readonly<Record<string, readonly unknown[]>> = {
        amount: [null, 1, 2],
        note: [null, "A", "a", "a "],
        flag: [null, false, true],
        day: [null, "2024-01-01", "2024-01-02"],
        at: [null, "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.001Z"],
        account_id: [null, id(1), id(2)],
      };
      for (const [column, list] of Object.entries(keys)) {
        await adapter.deleteWhere("item", always);
        await adapter.insertMany("item", items(column, [...list, ...list]));
        const groupBy = [{ as: "key", column }];
        const orderBy = [{ column: "key", direction: "asc" }] as const;
        assert.deepEqual(
          await aggregate(adapter, { groupBy, measures: [count], orderBy }),
          list.map((key) => ({ key, n: 2 })),
          column,
        );
      }
    });

    check("give a measure rows of its own, and keep the groups", async ({ adapter }) => {
      await adapter.insertMany("item", [
        item(1, { note: "a", amount: 1, flag: true }),
        item(2, { note: "a", amount: 2, flag: null }),
        item(3, { note: "b", amount: 4, flag: false }),
      ]);
      const where: Filter = { op: "not", of: { op: "eq", column: "flag", value: true } };
      const rows = await aggregate(adapter, {
        groupBy: [{ as: "note", column: "note" }],
        measures: [
          count,
          { as: "others", fn: "count", where },
          { as: "sum", fn: "sum", column: "amount", where },
          { as: "distinct", fn: "countDistinct", column: "amount", where: { op: "const", value: false } },
          {
            as: "listed",
            fn: "max",
            column: "amount",
            where: { op: "in", column: "rank", values: [1, 2, 3] },
          },
        ],
        orderBy: [{ column: "note", direction: "desc" }],
      });
      assert.deepEqual(rows, [
        { note: "b", n: 1, others: 1, sum: "4", distinct: 0, listed: 4 },
        { note: "a", n: 2, others: 1, sum: "2", distinct: 0, listed: 2 },
      ]);
    });

    check("filter, sort and limit groups", async ({ adapter }) => {
      await adapter.insertMany("item", items("note", ["a", "a", "b", "b", "b", "c", null]));
      const spec: Partial<AggregateSpec> = {
        where: { op: "lt", column: "rank", value: 7 },
        groupBy: [{ as: "note", column: "note" }],
        measures: [count, { as: "last", fn: "max", column: "rank" }],
        orderBy: [{ column: "n", direction: "desc" }],
      };
      const having: Filter = {
        op: "or",
        of: [
          { op: "gt", column: "n", value: 1 },
          { op: "eq", column: "note", value: "c" },
        ],
      };
      const all = [
        { note: "b", n: 3, last: 5 },
        { note: "a", n: 2, last: 2 },
        { note: "c", n: 1, last: 6 },
      ];
      assert.deepEqual(await aggregate(adapter, { ...spec, having }), all);
      assert.deepEqual(await aggregate(adapter, { ...spec, limit: 2 }), all.slice(0, 2));
      const few: Filter = { op: "and", of: [having, { op: "lte", column: "last", value: 2 }] };
      assert.deepEqual(await aggregate(adapter, { ...spec, having: few }), [all[1]]);
    });

    check("group without measures, and measure by related rows", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1)]);
      await adapter.insertMany("item", [item(1, { account_id: id(1), amount: 5 }), item(2, { amount: 7 })]);
      const groups = await aggregate(adapter, { groupBy: [{ as: "owner", column: "account_id" }] });
      assert.equal(groups.length, 2);
      const where: Filter = {
        op: "exists",
        table: "account",
        local: "account_id",
        foreign: "id",
        where: { op: "eq", column: "tenant", value: "t1" },
      };
      const measures = [{ as: "owned", fn: "sum", column: "amount", where }] as const;
      assert.deepEqual(await aggregate(adapter, { measures }), [{ owned: "5" }]);
      assert.deepEqual(await aggregate(adapter, { where, measures: [count] }), [{ n: 1 }]);
    });

    check("answer by any name", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2]));
      const names = ["~low~", 'a"b`c', "a b", "SELECT", "重庆", "x".repeat(100), "a.b", "__proto"];
      const rows = await aggregate(adapter, {
        measures: names.map((as) => ({ as, fn: "sum", column: "amount" }) as const),
        having: { op: "eq", column: "a b", value: "3" },
        orderBy: [{ column: 'a"b`c', direction: "desc" }],
      });
      assert.deepEqual(rows, [Object.fromEntries(names.map((name) => [name, "3"]))]);
    });

    check("refuse what has no meaning", async ({ adapter }) => {
      const refused: readonly Partial<AggregateSpec>[] = [
        { measures: [{ as: "x", fn: "sum", column: "note" }] },
        { measures: [{ as: "x", fn: "sum" }] },
        { groupBy: [{ as: "x", column: "note", bucket: "day" }] },
        { groupBy: [{ as: "x", column: "day", bucket: "hour" }] },
        { groupBy: [{ as: "x", column: "at", bucket: "day", timeZone: "Mars/Olympus" }] },
        { groupBy: [{ as: "x", column: "at", bucket: "day", timeZone: "' or 1=1 --" }] },
        { groupBy: [{ as: "n", column: "note" }], measures: [count] },
      ];
      for (const spec of refused) await errorOf(() => aggregate(adapter, spec));
    });
  });
}
