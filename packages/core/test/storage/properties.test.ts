import assert from "node:assert/strict";
import fc from "fast-check";
import { afterAll, beforeAll, describe, test } from "vitest";
import type { StorageAdapter, StoredRow } from "../../src/storage/adapter.js";
import { always, type Filter, type Scalar } from "../../src/storage/filter.js";
import { fixtureSchema } from "../../src/testing/storage-conformance/fixtures.js";
import { find, migrate } from "../../src/testing/storage-conformance/suite.js";
import { securedToo, storageAt, suiteName, type TestDatabase } from "../support/databases.js";
import { accounts, filters, groupColumns, itemRows, orders } from "./support/arbitraries.js";
import { compare, inOrder, satisfies } from "./support/evaluate.js";

const runs = Number(process.env["CORM_TEST_RUNS"] ?? 60);
const columns =
  fixtureSchema.tables.find(({ name }) => name === "item")?.columns.map(({ name }) => name) ?? [];
const byId = [{ column: "id", direction: "asc" }] as const;

for (const server of securedToo) {
  describe.skipIf(!server.available)(`${suiteName(server)} agrees with a naive evaluation of`, () => {
    let database: TestDatabase;
    let storage: StorageAdapter;

    beforeAll(async () => {
      database = await server.create();
      storage = storageAt(database.url);
      await migrate(storage);
      await storage.open(fixtureSchema);
      await storage.insertMany("account", accounts);
    });

    afterAll(async () => {
      await storage?.close();
      await database?.drop();
    });

    const property = (
      name: string,
      arbitrary: fc.Arbitrary<[StoredRow[], Filter[], ...unknown[]]>,
      body: (rows: StoredRow[], filters: Filter[], ...rest: never[]) => Promise<void>,
    ): void =>
      test(name, async () => {
        await fc.assert(
          fc.asyncProperty(arbitrary, async ([rows, list, ...rest]) => {
            await storage.deleteWhere("item", always);
            await storage.insertMany("item", rows);
            await body(rows, list, ...(rest as never[]));
          }),
          { numRuns: runs },
        );
      }, 120_000);

    const some = fc.array(filters, { minLength: 1, maxLength: 6 });
    const satisfying = (rows: readonly StoredRow[], where: Filter): StoredRow[] =>
      rows.filter((row) => satisfies(row, where, { account: accounts, item: rows }));

    property("filters", fc.tuple(itemRows, some), async (rows, list) => {
      for (const where of list) {
        assert.deepEqual(await find(storage, "item", columns, where), satisfying(rows, where));
        const negated: Filter = { op: "not", of: where };
        assert.deepEqual(await find(storage, "item", columns, negated), satisfying(rows, negated));
      }
    });

    property(
      "order and pages",
      fc.tuple(itemRows, some, orders, fc.integer({ min: 1, max: 5 })) as never,
      async (rows, [where = always], orderBy: Parameters<typeof inOrder>[1], limit: number) => {
        const expected = inOrder(satisfying(rows, where), orderBy);
        const found: StoredRow[] = [];
        for (;;) {
          const last = found.at(-1);
          const after =
            last === undefined ? {} : { after: orderBy.map(({ column }) => last[column] as Scalar) };
          const page = await find(storage, "item", columns, where, { orderBy, limit, ...after });
          found.push(...page);
          if (page.length < limit) break;
        }
        assert.deepEqual(found, expected);
      },
    );

    property(
      "groups",
      fc.tuple(itemRows, some, groupColumns) as never,
      async (rows, list, keys: string[]) => {
        const [where = always, measured = always] = list;
        const groupBy = keys.map((column) => ({ as: `by_${column}`, column }));
        const answer = await storage.aggregate({
          table: "item",
          where,
          groupBy,
          measures: [
            { as: "n", fn: "count" },
            { as: "some", fn: "count", where: measured },
            { as: "sum", fn: "sum", column: "amount", where: measured },
            { as: "least", fn: "min", column: "label" },
            { as: "labels", fn: "countDistinct", column: "label", where: measured },
          ],
          orderBy: groupBy.map(({ as }) => ({ column: as, direction: "asc" })),
          limit: 1_000,
        });
        assert.deepEqual(
          answer.map((row) => ({ ...row })),
          grouped(satisfying(rows, where), keys, (row) =>
            satisfies(row, measured, { account: accounts, item: rows }),
          ),
        );
      },
    );

    property("updates and deletes", fc.tuple(itemRows, some), async (rows, list) => {
      const [first = always, second = always] = list;
      const { count } = await storage.updateWhere("item", first, { code: null, rank: { add: 10 } });
      const updated = rows.map((row) =>
        satisfying(rows, first).includes(row) ? { ...row, rank: (row["rank"] as number) + 10 } : row,
      );
      assert.equal(count, satisfying(rows, first).length);
      const deleted = await storage.deleteWhere("item", second);
      const gone = satisfying(updated, second);
      assert.equal(deleted.count, gone.length);
      const rest = inOrder(
        updated.filter((row) => !gone.includes(row)),
        byId,
      );
      assert.deepEqual(await find(storage, "item", columns), rest);
    });
  });
}

function grouped(
  rows: readonly StoredRow[],
  keys: readonly string[],
  measured: (row: StoredRow) => boolean,
): StoredRow[] {
  const groups = new Map<string, StoredRow[]>();
  if (keys.length === 0) groups.set("", []);
  for (const row of inOrder(
    rows,
    keys.map((column) => ({ column, direction: "asc" })),
  )) {
    const key = keys.length === 0 ? "" : JSON.stringify(keys.map((name) => row[name]));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((members) => {
    const amounts = members
      .filter(measured)
      .map((row) => row["amount"])
      .filter((amount) => amount !== null);
    const labels = members.map((row) => row["label"] as string).sort(compare);
    return {
      ...Object.fromEntries(keys.map((name) => [`by_${name}`, members[0]?.[name]])),
      n: members.length,
      some: members.filter(measured).length,
      sum:
        amounts.length === 0
          ? null
          : String(amounts.reduce((sum: bigint, amount) => sum + BigInt(amount as number), 0n)),
      least: labels[0] ?? null,
      labels: new Set(members.filter(measured).map((row) => row["label"])).size,
    };
  });
}
