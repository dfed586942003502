import assert from "node:assert/strict";
import { UniqueViolation } from "../../errors/storage-errors.js";
import { always, type Filter } from "../../storage/filter.js";
import { account, id, item, items } from "./fixtures.js";
import { errorOf, find, group, type StorageConformanceOptions, values } from "./suite.js";

const byId = (number: number): Filter => ({ op: "eq", column: "id", value: id(number) });

export function writeTests(options: StorageConformanceOptions): void {
  group(options, "writes", (check) => {
    check("update what the filter says, and count it", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2, null]));
      const where: Filter = { op: "gte", column: "amount", value: 1 };
      assert.deepEqual(await adapter.updateWhere("item", where, { note: "x", flag: true, amount: null }), {
        count: 2,
      });
      assert.deepEqual(await values(adapter, "item", "note"), ["x", "x", null]);
      assert.deepEqual(await values(adapter, "item", "amount"), [null, null, null]);
      assert.deepEqual(await adapter.updateWhere("item", where, { note: "y" }), { count: 0 });
    });

    check("count rows that an update leaves as they were", async ({ adapter }) => {
      await adapter.insertMany("item", items("note", ["x", "x", "y"]));
      const where: Filter = { op: "eq", column: "note", value: "x" };
      assert.deepEqual(await adapter.updateWhere("item", where, { note: "x" }), { count: 2 });
      assert.deepEqual(await adapter.updateWhere("item", byId(3), {}), { count: 1 });
    });

    check("add to integers in the database", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, -5, null, Number.MAX_SAFE_INTEGER - 1]));
      assert.deepEqual(await adapter.updateWhere("item", always, { amount: { add: 1 } }), { count: 4 });
      assert.deepEqual(await values(adapter, "item", "amount"), [2, -4, null, Number.MAX_SAFE_INTEGER]);
      await adapter.updateWhere("item", byId(1), { amount: { add: -10 }, note: "less" });
      assert.deepEqual(await find(adapter, "item", ["amount", "note"], byId(1)), [
        { amount: -8, note: "less" },
      ]);
    });

    check("keep `{ add }` in JSON a value", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1)]);
      await adapter.updateWhere("item", byId(1), { data: { add: 1 } });
      assert.deepEqual(await values(adapter, "item", "data"), [{ add: 1 }]);
    });

    check("write only where a guard holds", async ({ adapter }) => {
      await adapter.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      const guarded = (version: number) =>
        adapter.updateWhere(
          "counter",
          { op: "and", of: [byId(1), { op: "eq", column: "version", value: version }] },
          { n: { add: 10 }, version: version + 1 },
        );
      assert.deepEqual(await guarded(1), { count: 1 });
      assert.deepEqual(await guarded(1), { count: 0 });
      assert.deepEqual(await find(adapter, "counter", ["n", "version"]), [{ n: 10, version: 2 }]);
    });

    check("update each of many with its own guard and patch", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2, 3, 4]));
      const counts = await adapter.updateEach("item", [
        { where: byId(1), patch: { note: "one" } },
        {
          where: { op: "and", of: [byId(2), { op: "eq", column: "amount", value: 99 }] },
          patch: { note: "two" },
        },
        { where: { op: "gte", column: "amount", value: 3 }, patch: { note: "many", amount: { add: 1 } } },
        { where: byId(1), patch: { note: null, flag: false } },
        { where: byId(99), patch: { note: "nobody" } },
      ]);
      assert.deepEqual(counts, [1, 0, 2, 1, 0]);
      assert.deepEqual(await values(adapter, "item", "note"), [null, null, "many", "many"]);
      assert.deepEqual(await values(adapter, "item", "amount"), [1, 2, 4, 5]);
    });

    check("update each of many of one shape, also twice the same row", async ({ adapter }) => {
      await adapter.insertMany(
        "item",
        items(
          "amount",
          Array.from({ length: 300 }, () => 0),
        ),
      );
      const updates = Array.from({ length: 300 }, (_, index) => ({
        where: {
          op: "and",
          of: [byId(index + 1), { op: "eq", column: "amount", value: index % 2 }],
        } as Filter,
        patch: { amount: index, note: `n${index}`, data: [index] },
      }));
      const counts = await adapter.updateEach("item", updates);
      assert.deepEqual(
        counts,
        updates.map((_, index) => 1 - (index % 2)),
      );
      assert.deepEqual(await values(adapter, "item", "note", byId(3)), ["n2"]);
      const twice = [1, 2, 3].map((n) => ({ where: byId(1), patch: { amount: { add: n } } }));
      assert.deepEqual(await adapter.updateEach("item", twice), [1, 1, 1]);
      assert.deepEqual(await values(adapter, "item", "amount", byId(1)), [6]);
      const chain = [
        {
          where: { op: "and", of: [byId(1), { op: "eq", column: "amount", value: 6 }] } as Filter,
          patch: { amount: 7 },
        },
        {
          where: { op: "and", of: [byId(1), { op: "eq", column: "amount", value: 7 }] } as Filter,
          patch: { amount: 8 },
        },
      ];
      assert.deepEqual(await adapter.updateEach("item", chain), [1, 1]);
    });

    check("delete what the filter says, with what hangs on it", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1)]);
      await adapter.insertMany("item", [item(1), item(2)]);
      await adapter.insertMany("part", [
        { id: id(1), item_id: id(1), account_id: null, size: 1 },
        { id: id(2), item_id: id(2), account_id: id(1), size: 2 },
      ]);
      assert.deepEqual(await adapter.deleteWhere("item", byId(1)), { count: 1 });
      assert.deepEqual(await values(adapter, "part", "size"), [2]);
      assert.deepEqual(await adapter.deleteWhere("account", byId(1)), { count: 1 });
      assert.deepEqual(await values(adapter, "part", "account_id"), [null]);
      assert.deepEqual(await adapter.deleteWhere("account", byId(1)), { count: 0 });
    });

    check("insert all rows or none", async ({ adapter }) => {
      const rows = [...items("code", ["a", "b", "c"]), item(4, { code: "a" })];
      await errorOf(() => adapter.insertMany("item", rows));
      assert.deepEqual(await find(adapter, "item", ["id"]), []);
      const updates = [
        { where: byId(1), patch: { code: "x" } },
        { where: byId(2), patch: { code: "x" } },
      ];
      await adapter.insertMany("item", items("code", ["a", "b"]));
      await errorOf(() => adapter.updateEach("item", updates));
      assert.deepEqual(await values(adapter, "item", "code"), ["a", "b"]);
    });

    check("write into several tables in order, and count what each update matched", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2]));
      const counts = await adapter.writeAll([
        { table: "account", rows: [account(1), account(2)] },
        {
          table: "item",
          updates: [
            { where: byId(1), patch: { amount: 7 } },
            { where: byId(99), patch: { amount: 7 } },
          ],
        },
        { table: "item", rows: [item(3, { amount: 3 })] },
        { table: "item", updates: [{ where: byId(3), patch: { amount: { add: 1 } } }] },
      ]);
      assert.deepEqual(counts, [[], [1, 0], [], [1]]);
      assert.deepEqual(await values(adapter, "item", "amount"), [7, 2, 4]);
      assert.equal((await find(adapter, "account", ["id"])).length, 2);
      assert.deepEqual(await adapter.writeAll([]), []);
    });

    check("write into several tables or into none, and tell which refused", async ({ adapter }) => {
      await adapter.insertMany("item", items("code", ["a", "b"]));
      const error = await errorOf(() =>
        adapter.writeAll([
          { table: "account", rows: [account(1)] },
          { table: "item", updates: [{ where: byId(1), patch: { note: "x" } }] },
          { table: "item", rows: [item(3, { code: "a" })] },
          { table: "account", rows: [account(2)] },
        ]),
      );
      assert.ok(UniqueViolation.is(error) && error.meta["table"] === "item");
      assert.deepEqual(await find(adapter, "account", ["id"]), []);
      assert.deepEqual(await values(adapter, "item", "note"), [null, null]);
    });

    check("insert or update by a unique index", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1, { name: "Old" })]);
      const rows = [
        { id: id(2), tenant: "t1", name: "Old" },
        { id: id(3), tenant: "t2", name: "Old" },
      ];
      await adapter.upsert("account", rows, ["tenant", "name"], ["name"]);
      assert.deepEqual(await find(adapter, "account", ["id", "tenant"]), [
        { id: id(1), tenant: "t1" },
        { id: id(3), tenant: "t2" },
      ]);
      const renamed = [account(1, { name: "New" }), account(4, { name: "Fourth" })];
      await adapter.upsert("account", renamed, ["id"], ["name"]);
      assert.deepEqual(await values(adapter, "account", "name"), ["New", "Old", "Fourth"]);
      await adapter.upsert("account", [account(1, { name: "Ignored" })], ["id"], []);
      assert.deepEqual(await values(adapter, "account", "name", byId(1)), ["New"]);
    });

    check("let the last of equal keys win in an upsert", async ({ adapter }) => {
      const row = (name: string, tenant = "t1") => ({ id: id(1), tenant, name });
      await adapter.upsert(
        "account",
        [row("first"), row("second", "t9"), row("third", "t9")],
        ["id"],
        ["name"],
      );
      assert.deepEqual(await find(adapter, "account", ["name", "tenant"]), [{ name: "third", tenant: "t1" }]);
    });

    check("not take another unique index for the one of the upsert", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1, { name: "A" })]);
      const error = await errorOf(() =>
        adapter.upsert("account", [account(2, { name: "A" })], ["id"], ["name"]),
      );
      assert.equal((error as { code?: string }).code, "unique-violation");
      assert.deepEqual(await find(adapter, "account", ["id", "name"]), [{ id: id(1), name: "A" }]);
    });
  });
}
