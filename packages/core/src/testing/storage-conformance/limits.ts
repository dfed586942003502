import assert from "node:assert/strict";
import { always, type Filter } from "../../storage/filter.js";
import { aggregate } from "./aggregates.js";
import { account, id, item } from "./fixtures.js";
import { find, group, patience, type StorageConformanceOptions } from "./suite.js";

const many = 70_000;

/** Sizes at which engines stop: parameters of a statement, depth of an expression, size of a message. */
export function limitTests(options: StorageConformanceOptions): void {
  group(options, "limits", (check) => {
    check(
      `insert, list, update and delete ${many} rows`,
      async ({ adapter }) => {
        await adapter.insertMany(
          "account",
          Array.from({ length: many }, (_, index) => account(index)),
        );
        const count = { measures: [{ as: "n", fn: "count" }] } as const;
        assert.deepEqual(await aggregate(adapter, { table: "account", ...count }), [{ n: many }]);
        const ids = Array.from({ length: 40_000 }, (_, index) => id(index * 2));
        const listed: Filter = { op: "in", column: "id", values: ids };
        assert.equal((await find(adapter, "account", ["id"], listed)).length, many / 2);
        const others: Filter = { op: "not", of: listed };
        assert.deepEqual(await adapter.updateWhere("account", others, { tenant: "t2" }), { count: many / 2 });
        const both: Filter = { op: "and", of: [listed, { op: "in", column: "name", values: ids }] };
        assert.deepEqual(await find(adapter, "account", ["id"], both), []);
        const rows = Array.from({ length: 2_000 }, (_, index) => account(index, { tenant: "t3" }));
        await adapter.upsert("account", rows, ["id"], ["tenant"]);
        const third: Filter = { op: "eq", column: "tenant", value: "t3" };
        assert.deepEqual(await adapter.deleteWhere("account", third), { count: 2_000 });
        assert.deepEqual(await adapter.deleteWhere("account", always), { count: many - 2_000 });
      },
      4 * patience,
    );

    check("join 5,000 conditions, and nest 400 deep", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1), item(2)]);
      const rank = (value: number): Filter => ({ op: "eq", column: "rank", value });
      const list = Array.from({ length: 5_000 }, (_, index) => rank(index + 2));
      assert.equal((await find(adapter, "item", ["id"], { op: "or", of: list })).length, 1);
      const others = list.map((_, value): Filter => ({ op: "ne", column: "rate", value }));
      assert.equal((await find(adapter, "item", ["id"], { op: "and", of: others })).length, 2);
      let deep: Filter = rank(1);
      for (let depth = 0; depth < 200; depth += 1) {
        deep = {
          op: "and",
          of: [
            { op: "or", of: [deep, rank(-depth)] },
            { op: "not", of: rank(7) },
          ],
        };
      }
      assert.equal((await find(adapter, "item", ["id"], deep)).length, 1);
    });

    check("insert rows of a megabyte each", async ({ adapter }) => {
      const note = "😀long".repeat(125_000);
      await adapter.insertMany(
        "item",
        Array.from({ length: 24 }, (_, index) => item(index, { note })),
      );
      const notes = await find(adapter, "item", ["note"]);
      assert.equal(notes.length, 24);
      assert.ok(notes.every((row) => row["note"] === note));
    });

    check("keep working when shapes of queries never repeat", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1)]);
      for (let size = 1; size <= 1_500; size += 1) {
        const of = Array.from(
          { length: size % 40 },
          (): Filter => ({ op: "null", column: "note", is: true }),
        );
        const where: Filter = { op: "and", of: [...of, { op: "eq", column: "rank", value: 1 }] };
        const columns = size % 2 ? ["id", "rank"] : ["rank", "id", "label"];
        const row = await find(adapter, "item", columns, where, { limit: 1 });
        assert.equal(row.length, 1);
      }
    });

    check("run many operations at once", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1)]);
      const work = Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0
          ? adapter.transaction((tx) => tx.insertMany("item", [item(index + 10)]))
          : find(adapter, "item", ["id"], { op: "eq", column: "rank", value: 1 }),
      );
      await Promise.all(work);
      assert.deepEqual(await aggregate(adapter, { measures: [{ as: "n", fn: "count" }] }), [{ n: 101 }]);
    });
  });
}
