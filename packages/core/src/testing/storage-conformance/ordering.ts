import assert from "node:assert/strict";
import type { Order, StorageAdapter, StoredRow } from "../../storage/adapter.js";
import type { Scalar } from "../../storage/filter.js";
import { id, item, items } from "./fixtures.js";
import { find, group, type StorageConformanceOptions, values } from "./suite.js";

const asc = (column: string): Order => ({ column, direction: "asc" });
const desc = (column: string): Order => ({ column, direction: "desc" });

export function orderingTests(options: StorageConformanceOptions): void {
  group(options, "ordering", (check) => {
    check("sorts text by code point", async ({ adapter }) => {
      const labels = [
        "b",
        "a",
        "B",
        "A",
        "_",
        "é",
        "z",
        "Z",
        "a b",
        "a-b",
        "ab",
        "𝒳",
        "\uff21",
        "中",
        " ",
        "",
      ];
      await adapter.insertMany("item", items("label", labels));
      const sorted = [
        "",
        " ",
        "A",
        "B",
        "Z",
        "_",
        "a",
        "a b",
        "a-b",
        "ab",
        "b",
        "z",
        "é",
        "中",
        "\uff21",
        "𝒳",
      ];
      assert.deepEqual(
        await values(adapter, "item", "label", undefined, { orderBy: [asc("label")] }),
        sorted,
      );
      assert.deepEqual(
        await values(adapter, "item", "label", undefined, { orderBy: [desc("label")] }),
        sorted.toReversed(),
      );
    });

    check("puts NULL first ascending and last descending", async ({ adapter }) => {
      const sorted = {
        amount: [null, -5, 0, 7],
        rate: [null, -0.5, 0, 2.25],
        flag: [null, false, true],
        day: [null, "1999-12-31", "2024-01-01"],
        at: [null, "1999-12-31T23:59:59.999Z", "2024-01-01T00:00:00.000Z"],
        note: [null, "", "a", "b"],
      };
      for (const [column, list] of Object.entries(sorted)) {
        await adapter.deleteWhere("item", { op: "const", value: true });
        await adapter.insertMany("item", items(column, [...list.slice(2), ...list.slice(0, 2)]));
        assert.deepEqual(await values(adapter, "item", column, undefined, { orderBy: [asc(column)] }), list);
        assert.deepEqual(
          await values(adapter, "item", column, undefined, { orderBy: [desc(column)] }),
          list.toReversed(),
        );
      }
    });

    check("sorts by several columns, and limits", async ({ adapter }) => {
      const rows = [1, 2, 3, 4].map((n) => item(n, { amount: n % 2, rate: n }));
      await adapter.insertMany("item", rows);
      const orderBy = [asc("amount"), desc("rate")];
      assert.deepEqual(await values(adapter, "item", "rank", undefined, { orderBy }), [4, 2, 3, 1]);
      assert.deepEqual(await values(adapter, "item", "rank", undefined, { orderBy, limit: 2 }), [4, 2]);
      assert.deepEqual(await values(adapter, "item", "rank", undefined, { orderBy, limit: 0 }), []);
    });

    check("pages through nullable and mixed columns without gap or repetition", async ({ adapter }) => {
      const rows: StoredRow[] = [];
      let number = 0;
      for (const amount of [null, 1, 2]) {
        for (const note of [null, "a", "B"]) {
          for (const flag of [null, true, false]) {
            number += 1;
            // Ids that do not sort as they were inserted.
            rows.push(item((number * 37) % 101, { amount, note, flag, rank: (number * 7) % 3 }));
          }
        }
      }
      await adapter.insertMany("item", rows);
      for (const orderBy of orders()) {
        const whole = await find(adapter, "item", ["id", "amount", "note", "flag", "rank"], undefined, {
          orderBy,
        });
        assert.equal(whole.length, rows.length);
        const title = orderBy.map(({ column, direction }) => `${column} ${direction}`).join(", ");
        for (const limit of [1, 4]) {
          assert.deepEqual(
            (await pages(adapter, orderBy, limit)).map((row) => row["id"]),
            whole.map((row) => row["id"]),
            `${title} by ${limit}`,
          );
        }
      }
    });

    check("keeps the place of a row that was deleted between pages", async ({ adapter }) => {
      await adapter.insertMany("item", items("amount", [5, 5, 5, 6]));
      const orderBy = [asc("amount"), asc("id")];
      await adapter.deleteWhere("item", { op: "eq", column: "id", value: id(2) });
      const rest = await values(adapter, "item", "rank", undefined, { orderBy, after: [5, id(2)] });
      assert.deepEqual(rest, [3, 4]);
    });
  });
}

/** Every direction of every column, ended by the id. */
function orders(): Order[][] {
  const found: Order[][] = [];
  for (const last of [asc("id"), desc("id")]) {
    found.push([last]);
    for (const first of [asc("amount"), desc("amount"), asc("rank"), desc("rank")]) {
      found.push([first, last]);
      for (const second of [asc("note"), desc("note")]) found.push([first, second, last]);
    }
    found.push([desc("flag"), asc("note"), desc("amount"), last]);
  }
  return found;
}

async function pages(
  adapter: StorageAdapter,
  orderBy: readonly Order[],
  limit: number,
): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  let after: Scalar[] | undefined;
  for (;;) {
    const page = await find(adapter, "item", ["id", "amount", "note", "flag", "rank"], undefined, {
      orderBy,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    rows.push(...page);
    const last = page.at(-1);
    if (last === undefined || rows.length > 1_000) return rows;
    after = orderBy.map(({ column }) => last[column] as Scalar);
  }
}
