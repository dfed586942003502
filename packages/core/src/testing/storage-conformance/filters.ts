import assert from "node:assert/strict";
import type { StorageAdapter } from "../../storage/adapter.js";
import { always, type Filter, type Selection } from "../../storage/filter.js";
import { account, id, item, items } from "./fixtures.js";
import { errorOf, find, group, type StorageConformanceOptions } from "./suite.js";

/** The numbers of the items that satisfy a filter. */
async function numbers(adapter: StorageAdapter, where: Filter): Promise<number[]> {
  return (await find(adapter, "item", ["rank"], where)).map((row) => row["rank"] as number);
}

const not = (of: Filter): Filter => ({ op: "not", of });
const eq = (column: string, value: string | number | boolean): Filter => ({ op: "eq", column, value });

export function filterTests(options: StorageConformanceOptions): void {
  group(options, "filters", (check) => {
    check("compare numbers, and never match NULL by an order", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2, 3, null, -1]));
      const expected = {
        eq: [2],
        lt: [1, 5],
        lte: [1, 2, 5],
        gt: [3],
        gte: [2, 3],
        ne: [1, 3, 4, 5],
      } as const;
      for (const [op, found] of Object.entries(expected)) {
        const where = { op, column: "amount", value: 2 } as Filter;
        assert.deepEqual(await numbers(adapter, where), found, op);
      }
    });

    check("include NULL in `ne` and in every `not`", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2, 3, null]));
      const comparisons = { eq: [1, 3, 4], ne: [2], lt: [2, 3, 4], lte: [3, 4], gt: [1, 2, 4], gte: [1, 4] };
      for (const [op, found] of Object.entries(comparisons)) {
        const where = not({ op, column: "amount", value: 2 } as Filter);
        assert.deepEqual(await numbers(adapter, where), found, `not ${op}`);
        assert.deepEqual(
          await numbers(adapter, not(not(not(where)))),
          await numbers(adapter, not(where)),
          op,
        );
      }
      const listed: Filter = { op: "in", column: "amount", values: [1, 2] };
      assert.deepEqual(await numbers(adapter, listed), [1, 2]);
      assert.deepEqual(await numbers(adapter, not(listed)), [3, 4]);
      assert.deepEqual(await numbers(adapter, not({ op: "null", column: "amount", is: true })), [1, 2, 3]);
      assert.deepEqual(await numbers(adapter, not({ op: "null", column: "amount", is: false })), [4]);
    });

    check("negate conjunctions and disjunctions over NULL", async ({ adapter }) => {
      const rows = [
        [1, 1],
        [1, 2],
        [1, null],
        [null, 1],
        [null, null],
      ];
      await adapter.insertMany(
        "item",
        rows.map(([amount, rate], index) => item(index + 1, { amount, rate })),
      );
      const both: Filter = { op: "and", of: [eq("amount", 1), eq("rate", 1)] };
      const either: Filter = { op: "or", of: [eq("amount", 1), eq("rate", 1)] };
      assert.deepEqual(await numbers(adapter, both), [1]);
      assert.deepEqual(await numbers(adapter, not(both)), [2, 3, 4, 5]);
      assert.deepEqual(await numbers(adapter, either), [1, 2, 3, 4]);
      assert.deepEqual(await numbers(adapter, not(either)), [5]);
      const mixed: Filter = { op: "and", of: [either, not({ op: "or", of: [both, eq("rate", 2)] })] };
      assert.deepEqual(await numbers(adapter, mixed), [3, 4]);
    });

    check("know constants, empty lists and empty chains", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, null]));
      const all = [1, 2];
      assert.deepEqual(await numbers(adapter, { op: "const", value: true }), all);
      assert.deepEqual(await numbers(adapter, { op: "const", value: false }), []);
      assert.deepEqual(await numbers(adapter, not({ op: "const", value: false })), all);
      assert.deepEqual(await numbers(adapter, { op: "in", column: "amount", values: [] }), []);
      assert.deepEqual(await numbers(adapter, not({ op: "in", column: "amount", values: [] })), all);
      assert.deepEqual(await numbers(adapter, { op: "and", of: [] }), all);
      assert.deepEqual(await numbers(adapter, { op: "or", of: [] }), []);
    });

    check("compare text by code point: case, blanks and accents matter", async ({ adapter }) => {
      const labels = ["a", "A", "a ", "á", "b", "B", "Z", "ä", "é", "𝒳", "\uff21"];
      await adapter.insertMany("item", items("label", labels));
      for (const [index, label] of labels.entries()) {
        assert.deepEqual(await numbers(adapter, eq("label", label)), [index + 1], label);
      }
      assert.deepEqual(await numbers(adapter, { op: "lt", column: "label", value: "a" }), [2, 6, 7]);
      // U+1D4B3 is greater than U+FF21, although its UTF-16 form is less.
      assert.deepEqual(await numbers(adapter, { op: "gt", column: "label", value: "\uff21" }), [10]);
      assert.deepEqual(
        await numbers(adapter, { op: "in", column: "label", values: ["A", "a ", "x"] }),
        [2, 3],
      );
    });

    check("find ids, booleans, dates and instants", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1), account(2)]);
      const rest = (number: number) => ({
        account_id: id(number),
        flag: number === 1,
        day: `2024-0${number}-01`,
        at: `2024-0${number}-01T00:00:00.000Z`,
      });
      await adapter.insertMany("item", [item(1, rest(1)), item(2, rest(2)), item(3)]);
      assert.deepEqual(await numbers(adapter, eq("account_id", id(2))), [2]);
      assert.deepEqual(await numbers(adapter, { op: "ne", column: "account_id", value: id(2) }), [1, 3]);
      assert.deepEqual(
        await numbers(adapter, { op: "in", column: "account_id", values: [id(1), id(2)] }),
        [1, 2],
      );
      assert.deepEqual(await numbers(adapter, eq("flag", false)), [2]);
      assert.deepEqual(await numbers(adapter, { op: "in", column: "flag", values: [true, false] }), [1, 2]);
      assert.deepEqual(await numbers(adapter, not(eq("flag", true))), [2, 3]);
      assert.deepEqual(await numbers(adapter, { op: "gt", column: "day", value: "2024-01-31" }), [2]);
      const at = { column: "at", value: "2024-02-01T00:00:00.000Z" } as const;
      assert.deepEqual(await numbers(adapter, { op: "gte", ...at }), [2]);
      assert.deepEqual(await numbers(adapter, { op: "lt", ...at }), [1]);
      assert.deepEqual(await numbers(adapter, { op: "in", column: "at", values: [at.value] }), [2]);
    });

    check("compare an integer column with a fraction", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [1, 2]));
      assert.deepEqual(await numbers(adapter, { op: "gt", column: "amount", value: 1.5 }), [2]);
      assert.deepEqual(await numbers(adapter, { op: "lt", column: "amount", value: 1e300 }), [1, 2]);
      assert.deepEqual(await numbers(adapter, eq("amount", 1.5)), []);
    });

    check("find rows of other tables, nested and of the same table", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1), account(2, { name: "Other" })]);
      await adapter.insertMany(
        "item",
        [1, 2, 3].map((n) => item(n, { account_id: n === 3 ? null : id(n) })),
      );
      await adapter.insertMany("part", [
        { id: id(1), item_id: id(1), account_id: id(2), size: 5 },
        { id: id(2), item_id: id(2), account_id: null, size: 7 },
      ]);
      const hasPart = (where: Filter): Filter => ({
        op: "exists",
        table: "part",
        local: "id",
        foreign: "item_id",
        where,
      });
      assert.deepEqual(await numbers(adapter, hasPart({ op: "gt", column: "size", value: 5 })), [2]);
      assert.deepEqual(await numbers(adapter, not(hasPart({ op: "const", value: true }))), [3]);
      const ofOther: Filter = {
        op: "exists",
        table: "account",
        local: "account_id",
        foreign: "id",
        where: eq("name", "Other"),
      };
      assert.deepEqual(await numbers(adapter, ofOther), [2]);
      assert.deepEqual(await numbers(adapter, hasPart(ofOther)), [1]);
      assert.deepEqual(await numbers(adapter, hasPart(not(ofOther))), [2]);
      assert.deepEqual(await numbers(adapter, { op: "or", of: [ofOther, hasPart(ofOther)] }), [1, 2]);
      await sameTable(adapter);
    });

    check("find rows among ids that other tables select", async ({ adapter }) => {
      await adapter.insertMany(
        "account",
        [1, 2, 3].map((n) => account(n)),
      );
      await adapter.insertMany(
        "item",
        [1, 2, 3, null].map((n, index) => item(index + 1, { account_id: n === null ? null : id(n) })),
      );
      await adapter.insertMany("part", [
        { id: id(1), item_id: id(1), account_id: null, size: 5 },
        { id: id(2), item_id: id(2), account_id: id(3), size: 7 },
        { id: id(3), item_id: id(2), account_id: id(3), size: 8 },
      ]);
      const among = (column: string, ...of: readonly Selection[]): Filter => ({ op: "among", column, of });
      const named = (name: string): Selection => ({
        table: "account",
        select: "id",
        where: eq("name", name),
      });
      const parts = (select: string, where: Filter = always): Selection => ({ table: "part", select, where });
      const expectBoth = async (where: Filter, found: readonly number[]): Promise<void> => {
        assert.deepEqual(await numbers(adapter, where), found);
        const rest = [1, 2, 3, 4].filter((number) => !found.includes(number));
        assert.deepEqual(await numbers(adapter, not(where)), rest);
      };
      await expectBoth(among("account_id"), []);
      await expectBoth(among("account_id", named("Account 2")), [2]);
      await expectBoth(among("account_id", named("nobody")), []);
      await expectBoth(among("account_id", named("Account 1"), named("Account 2")), [1, 2]);
      // The sets hold NULL as well, and the same id twice.
      await expectBoth(among("account_id", parts("account_id")), [3]);
      await expectBoth(among("account_id", named("Account 1"), parts("account_id")), [1, 3]);
      await expectBoth(among("id", parts("item_id", { op: "gt", column: "size", value: 5 })), [2]);
      const nested = among(
        "id",
        parts("item_id", among("account_id", named("Account 3"), named("Account 1"))),
      );
      await expectBoth(nested, [2]);
      await expectBoth({ op: "or", of: [nested, among("account_id", named("Account 1"))] }, [1, 2]);
      await expectBoth({ op: "and", of: [nested, eq("rank", 1)] }, []);
    });

    check("change and delete rows among ids that the same table selects", async ({ adapter }) => {
      await adapter.insertMany("node", [
        { id: id(1), parent_id: null, name: "root" },
        { id: id(2), parent_id: id(1), name: "branch" },
        { id: id(3), parent_id: id(2), name: "leaf" },
        { id: id(4), parent_id: id(2), name: "leaf" },
      ]);
      const below = (...names: readonly string[]): Filter => ({
        op: "among",
        column: "parent_id",
        of: names.map((name) => ({ table: "node", select: "id", where: eq("name", name) })),
      });
      const count = { count: 2 };
      assert.deepEqual(await adapter.updateWhere("node", below("branch"), { name: "twig" }), count);
      const leaves: Filter = { op: "and", of: [below("branch", "twig"), eq("name", "twig")] };
      assert.deepEqual(await adapter.deleteWhere("node", leaves), count);
      const left = await find(adapter, "node", ["name"]);
      assert.deepEqual(left, [{ name: "root" }, { name: "branch" }]);
    });

    check("refuse a set of another type than the column", async ({ adapter }) => {
      const of = [{ table: "account", select: "name", where: always }];
      const error = await errorOf(() => numbers(adapter, { op: "among", column: "account_id", of }));
      assert.ok(error instanceof TypeError, String(error));
    });
  });
}

async function sameTable(adapter: StorageAdapter): Promise<void> {
  await adapter.insertMany("node", [
    { id: id(1), parent_id: null, name: "root" },
    { id: id(2), parent_id: id(1), name: "branch" },
    { id: id(3), parent_id: id(2), name: "leaf" },
  ]);
  const parent = (where: Filter): Filter => ({
    op: "exists",
    table: "node",
    local: "parent_id",
    foreign: "id",
    where,
  });
  const names = async (where: Filter) =>
    (await find(adapter, "node", ["name"], where)).map(({ name }) => name);
  assert.deepEqual(await names(parent(eq("name", "root"))), ["branch"]);
  assert.deepEqual(await names(parent(parent({ op: "const", value: true }))), ["leaf"]);
  assert.deepEqual(await names(not(parent({ op: "const", value: true }))), ["root"]);
  const { count } = await adapter.updateWhere("node", parent(eq("name", "root")), { name: "bough" });
  assert.equal(count, 1);
  assert.deepEqual(await adapter.deleteWhere("node", parent(eq("name", "bough"))), { count: 1 });
  assert.deepEqual(await names({ op: "const", value: true }), ["root", "bough"]);
}
