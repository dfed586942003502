import assert from "node:assert/strict";
import { isCormError } from "../../errors/corm-error.js";
import { TransactionConflict, UniqueViolation } from "../../errors/storage-errors.js";
import type { StorageAdapter, Transaction } from "../../storage/adapter.js";
import { always, type Filter } from "../../storage/filter.js";
import { fixtureSchema, id, item } from "./fixtures.js";
import { errorOf, find, group, type StorageConformanceOptions, values } from "./suite.js";

const byId = (number: number): Filter => ({ op: "eq", column: "id", value: id(number) });
const allItems = { table: "item", columns: ["id"], where: always, orderBy: [], limit: 10 } as const;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function transactionTests(options: StorageConformanceOptions): void {
  group(options, "transactions", (check) => {
    check("answer what their work answers, and keep it", async ({ adapter }) => {
      const answer = await adapter.transaction(async (tx) => {
        await tx.insertMany("item", [item(1), item(2)]);
        await tx.updateWhere("item", byId(1), { note: "x" });
        await tx.deleteWhere("item", byId(2));
        assert.deepEqual(await values(tx, "item", "note"), ["x"]);
        return "answer";
      });
      assert.equal(answer, "answer");
      assert.deepEqual(await values(adapter, "item", "note"), ["x"]);
    });

    check("begin with a read or with a write, and may do nothing", async ({ adapter }) => {
      await adapter.transaction(async () => {});
      await adapter.transaction(async (tx) => {
        const [first, second] = [tx.findMany(allItems), tx.insertMany("item", [item(1)])];
        assert.deepEqual(await first, []);
        await second;
      });
      const error = await errorOf(() =>
        adapter.transaction(async (tx) => {
          await tx.insertMany("item", [item(2)]);
          await tx.insertMany("item", [item(2)]);
        }),
      );
      assert.ok(UniqueViolation.is(error));
      assert.deepEqual(await find(adapter, "item", ["rank"]), [{ rank: 1 }]);
    });

    check("leave nothing behind when their work throws", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1)]);
      const thrown = new Error("no");
      const error = await errorOf(() =>
        adapter.transaction(async (tx) => {
          await tx.insertMany("item", [item(2)]);
          await tx.updateWhere("item", always, { note: "x" });
          throw thrown;
        }),
      );
      assert.equal(error, thrown);
      assert.deepEqual(await find(adapter, "item", ["rank", "note"]), [{ rank: 1, note: null }]);
    });

    check("roll back a savepoint alone, also a nested one", async ({ adapter }) => {
      await adapter.transaction(async (tx) => {
        await tx.insertMany("item", [item(1)]);
        const error = await errorOf(() =>
          tx.savepoint(async (inner) => {
            await inner.insertMany("item", [item(2)]);
            await inner.savepoint(async (innermost) => innermost.insertMany("item", [item(3)]));
            await inner.insertMany("item", [item(1)]);
          }),
        );
        assert.ok(UniqueViolation.is(error));
        await tx.savepoint(async (inner) => {
          await inner.insertMany("item", [item(4)]);
          await errorOf(() =>
            inner.savepoint(async (innermost) => {
              await innermost.insertMany("item", [item(5)]);
              throw new Error("no");
            }),
          );
        });
        const kept = await tx.savepoint(async (inner) => values(inner, "item", "rank"));
        assert.deepEqual(kept, [1, 4]);
      });
      assert.deepEqual(await values(adapter, "item", "rank"), [1, 4]);
    });

    check("cannot go on after a failed statement outside a savepoint", async ({ adapter }) => {
      await adapter.insertMany("item", [item(1)]);
      const swallowed = await errorOf(() =>
        adapter.transaction(async (tx) => {
          await tx.insertMany("item", [item(2)]);
          await errorOf(() => tx.insertMany("item", [item(1)]));
        }),
      );
      assert.ok(isCormError(swallowed), String(swallowed));
      assert.equal(swallowed.code, "transaction-aborted");
      await errorOf(() =>
        adapter.transaction(async (tx) => {
          await errorOf(() => tx.insertMany("item", [item(1)]));
          const after = await errorOf(() => tx.insertMany("item", [item(3)]));
          assert.equal((after as { code?: string }).code, "transaction-aborted");
        }),
      );
      assert.deepEqual(await values(adapter, "item", "rank"), [1]);
    });

    check("cannot be used when over, nor past an open savepoint", async ({ adapter }) => {
      let late: Transaction | undefined;
      let suspended: unknown;
      await adapter.transaction(async (tx) => {
        late = tx;
        await tx.savepoint(async () => {
          suspended = await errorOf(() => tx.insertMany("item", [item(1)]));
        });
      });
      const over = await errorOf(async () => late?.insertMany("item", [item(2)]));
      for (const error of [suspended, over]) {
        assert.equal((error as { code?: string }).code, "transaction-misuse", String(error));
      }
      assert.deepEqual(await values(adapter, "item", "rank"), []);
    });

    check("refuse writes when read-only, and see one state", async ({ adapter, another }) => {
      await adapter.insertMany("item", [item(1)]);
      await adapter.transaction(
        async (tx) => {
          assert.deepEqual(await values(tx, "item", "rank"), [1]);
          const other = another?.();
          if (other !== undefined) {
            await other.open(fixtureSchema);
            await other.insertMany("item", [item(2)]);
            await other.close();
          }
          assert.deepEqual(await values(tx, "item", "rank"), [1]);
        },
        { readOnly: true },
      );
      const error = await errorOf(() =>
        adapter.transaction(async (tx) => tx.insertMany("item", [item(9)]), { readOnly: true }),
      );
      assert.equal((error as { code?: string }).code, "transaction-misuse");
      assert.deepEqual(await values(adapter, "item", "rank", byId(9)), []);
    });

    check("let a counter end exact under many writers", async ({ adapter }) => {
      await adapter.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      const add = () => adapter.updateWhere("counter", byId(1), { n: { add: 1 } });
      const addInTransaction = () =>
        adapter.transaction((tx) => tx.updateWhere("counter", byId(1), { n: { add: 1 } }));
      await Promise.all(Array.from({ length: 60 }, (_, index) => (index % 2 ? add() : addInTransaction())));
      assert.deepEqual(await values(adapter, "counter", "n"), [60]);
    });

    check("prevent lost updates by a guard on the version", async ({ adapter }) => {
      await adapter.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      await Promise.all(Array.from({ length: 20 }, () => incrementGuarded(adapter)));
      assert.deepEqual(await find(adapter, "counter", ["n", "version"]), [{ n: 20, version: 21 }]);
    });

    check("prevent lost updates by a lock", async ({ adapter }) => {
      await adapter.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      const increment = () =>
        adapter.transaction(async (tx) => {
          const [n] = await values(tx, "counter", "n", byId(1), { lock: "update", limit: 1 });
          await pause(1);
          await tx.updateWhere("counter", byId(1), { n: (n as number) + 1 });
        });
      await Promise.all(Array.from({ length: 20 }, increment));
      assert.deepEqual(await values(adapter, "counter", "n"), [20]);
    });

    check("let many share a lock that keeps out one that is to change", async ({ adapter }) => {
      await adapter.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      const shared = () =>
        adapter.transaction(async (tx) => {
          const [n] = await values(tx, "counter", "n", byId(1), { lock: "share", limit: 1 });
          await pause(20);
          return n;
        });
      const change = adapter.transaction(async (tx) => {
        await values(tx, "counter", "n", byId(1), { lock: "update", limit: 1 });
        await pause(20);
        await tx.updateWhere("counter", byId(1), { n: 1 });
      });
      // Whoever waits for the change sees it.
      const seen = await Promise.all([shared(), shared(), change.then(shared)]);
      assert.equal(seen[2], 1);
      await change;
    });

    check("hide what is not committed", async ({ adapter, another }) => {
      const other = another?.();
      if (other === undefined) return;
      await other.open(fixtureSchema);
      await adapter.transaction(async (tx) => {
        await tx.insertMany("item", [item(1)]);
        assert.deepEqual(await values(other, "item", "rank"), []);
      });
      assert.deepEqual(await values(other, "item", "rank"), [1]);
      await other.close();
    });

    check("tell a collision as one, and lose none of the others", async ({ adapter }) => {
      await adapter.insertMany(
        "counter",
        [1, 2].map((n) => ({ id: id(n), n: 0, version: 1 })),
      );
      const cross = (first: number, second: number) =>
        adapter.transaction(async (tx) => {
          await tx.updateWhere("counter", byId(first), { n: { add: 1 } });
          await pause(100);
          await tx.updateWhere("counter", byId(second), { n: { add: 1 } });
        });
      const outcomes = await Promise.allSettled([cross(1, 2), cross(2, 1)]);
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      for (const { reason } of failed) assert.ok(TransactionConflict.is(reason), String(reason));
      const done = outcomes.length - failed.length;
      assert.ok(done >= 1);
      assert.deepEqual(await values(adapter, "counter", "n"), [done, done]);
    });
  });
}

/** Reads, then writes if nobody else has; otherwise again. */
async function incrementGuarded(adapter: StorageAdapter): Promise<void> {
  for (;;) {
    const done = await adapter.transaction(async (tx) => {
      const [row] = await find(tx, "counter", ["n", "version"], byId(1));
      const { n, version } = row as { n: number; version: number };
      await pause(1);
      const unchanged: Filter = { op: "and", of: [byId(1), { op: "eq", column: "version", value: version }] };
      const { count } = await tx.updateWhere("counter", unchanged, { n: n + 1, version: version + 1 });
      return count === 1;
    });
    if (done) return;
  }
}
