import assert from "node:assert/strict";
import { isCormError } from "../../errors/corm-error.js";
import { ReferenceViolation, StorageUnavailable, UniqueViolation } from "../../errors/storage-errors.js";
import { always } from "../../storage/filter.js";
import { account, fixtureSchema, id, item } from "./fixtures.js";
import { errorOf, find, group, migrate, patience, type StorageConformanceOptions } from "./suite.js";

export function errorTests(options: StorageConformanceOptions): void {
  group(options, "errors", (check) => {
    check("name table, index and columns of a unique violation", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1), account(2)]);
      await adapter.insertMany("item", [item(1, { code: "a" })]);
      const violations = [
        () => adapter.insertMany("account", [account(3, { name: "Account 1" })]),
        () => adapter.updateWhere("account", { op: "eq", column: "id", value: id(2) }, { name: "Account 1" }),
      ];
      for (const violate of violations) {
        const error = await errorOf(violate);
        assert.ok(UniqueViolation.is(error), String(error));
        const { table, index, columns } = error.meta;
        assert.deepEqual(
          { table, index, columns },
          {
            table: "account",
            index: "account_tenant_name",
            columns: ["tenant", "name"],
          },
        );
        assert.ok(error.cause instanceof Error);
      }
      const one = await errorOf(() => adapter.insertMany("item", [item(2, { code: "a" })]));
      assert.ok(UniqueViolation.is(one));
      assert.deepEqual(one.meta, { table: "item", index: "item_code", columns: ["code"] });
    });

    check("name the columns of a taken primary key", async ({ adapter }) => {
      await adapter.insertMany("account", [account(1)]);
      const error = await errorOf(() => adapter.insertMany("account", [account(1, { name: "Other" })]));
      assert.ok(UniqueViolation.is(error));
      assert.deepEqual(error.meta, { table: "account", columns: ["id"] });
    });

    check("let NULLs be distinct, and case and blanks make a difference", async ({ adapter }) => {
      const codes = [null, null, "a", "A", "a ", "á", ""];
      await adapter.insertMany(
        "item",
        codes.map((code, index) => item(index + 1, { code })),
      );
      assert.equal((await find(adapter, "item", ["id"])).length, codes.length);
    });

    check("tell a reference to nothing, and one that would be left behind", async ({ adapter }) => {
      const dangling = await errorOf(() => adapter.insertMany("item", [item(1, { account_id: id(1) })]));
      assert.ok(ReferenceViolation.is(dangling), String(dangling));
      assert.equal(dangling.meta["table"], "item");
      await adapter.insertMany("account", [account(1)]);
      await adapter.insertMany("item", [item(1, { account_id: id(1) })]);
      const kept = await errorOf(() => adapter.deleteWhere("account", always));
      assert.ok(ReferenceViolation.is(kept), String(kept));
      assert.equal(kept.meta["table"], "account");
      const moved = await errorOf(() => adapter.updateWhere("item", always, { account_id: id(9) }));
      assert.ok(ReferenceViolation.is(moved));
      assert.equal((await find(adapter, "account", ["id"])).length, 1);
    });

    check("be a Corm error with a cause for anything else", async ({ adapter }) => {
      const error = await errorOf(() => adapter.insertMany("item", [item(1, { label: null })]));
      assert.ok(isCormError(error), String(error));
      assert.equal(error.code, "storage-failure");
      assert.equal(error.meta["table"], "item");
      assert.ok(error.cause instanceof Error);
    });
  });

  options.runner.describe("opening and closing", () => {
    const check = (name: string, body: Parameters<typeof withStorage>[1]): void =>
      options.runner.test(name, () => withStorage(options, body), patience);

    check("answers a ping, and no longer when closed", async (adapter) => {
      await adapter.ping();
      await adapter.close();
      const operations = [
        async () =>
          adapter.findMany({ table: "item", columns: ["id"], where: always, orderBy: [], limit: 1 }),
        () => adapter.insertMany("item", [item(1)]),
        () => adapter.transaction(async () => {}),
      ];
      for (const operation of operations) {
        const error = await errorOf(operation);
        assert.ok(StorageUnavailable.is(error), String(error));
      }
    });

    check("lets a transaction end before it closes", async (adapter) => {
      let closing: Promise<void> | undefined;
      await adapter.transaction(async (tx) => {
        await tx.insertMany("item", [item(1)]);
        closing = adapter.close();
        await new Promise((resolve) => setTimeout(resolve, 50));
        await tx.insertMany("item", [item(2)]);
      });
      await closing;
    });
  });
}

async function withStorage(
  { open }: StorageConformanceOptions,
  body: (adapter: Awaited<ReturnType<StorageConformanceOptions["open"]>>["adapter"]) => Promise<void>,
): Promise<void> {
  const { adapter, dispose } = await open();
  try {
    await migrate(adapter);
    await adapter.open(fixtureSchema);
    await body(adapter);
  } finally {
    await adapter.close();
    await dispose();
  }
}
