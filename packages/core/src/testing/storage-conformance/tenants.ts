import assert from "node:assert/strict";
import { TenantCrossed, TenantUnbound } from "../../errors/storage-errors.js";
import type { AggregateSpec, BoundStorage, Operations, StoredRow } from "../../storage/adapter.js";
import { always, type Filter, never } from "../../storage/filter.js";
import { account, id } from "./fixtures.js";
import { type Bench, errorOf, find, group, type StorageConformanceOptions, values } from "./suite.js";

const note = (number: number, tenant: string, rest: StoredRow = {}): StoredRow => ({
  id: id(number),
  tenant_id: tenant,
  label: `Note ${number}`,
  account_id: null,
  ...rest,
});

const of = (tenant: string): Filter => ({ op: "eq", column: "tenant_id", value: tenant });
const own = of("t1");
const and = (...parts: readonly Filter[]): Filter => ({ op: "and", of: parts });
const labelled = (value: string): Filter => ({ op: "eq", column: "label", value });

/** Accounts that have a note which satisfies `where`. */
const noted = (where: Filter): Filter => ({
  op: "exists",
  table: "note",
  local: "id",
  foreign: "account_id",
  where,
});

const counted = (where: Filter, measured?: Filter): AggregateSpec => ({
  table: "note",
  where,
  groupBy: [],
  measures: [{ as: "n", fn: "count", ...(measured === undefined ? {} : { where: measured }) }],
  orderBy: [],
  limit: 1,
});

/** Conditions that do not hold every row to the tenant, whatever else they say. */
const loose: Readonly<Record<string, Filter>> = {
  nothing: always,
  "another column": labelled("Note 1"),
  "one side of an or": { op: "or", of: [own, labelled("Note 2")] },
  "the only part of an or": { op: "or", of: [own] },
  "what it is not": { op: "not", of: own },
  "what it is not, twice": { op: "not", of: { op: "not", of: own } },
  "being unequal": { op: "ne", column: "tenant_id", value: "t1" },
  "an order": { op: "gte", column: "tenant_id", value: "t1" },
  "a list": { op: "in", column: "tenant_id", values: ["t1"] },
};

const foreign: Readonly<Record<string, Filter>> = {
  "another tenant": of("t2"),
  "another tenant, deep": and(labelled("Note 1"), and(and(of("t2")))),
};

async function fill({ adapter }: Bench): Promise<BoundStorage> {
  await adapter.insertMany("account", [account(1), account(2)]);
  const everywhere = adapter.acrossTenants("fill the fixture");
  await everywhere.insertMany("note", [
    note(1, "t1", { account_id: id(1) }),
    note(2, "t1"),
    note(3, "t2", { account_id: id(2) }),
  ]);
  return adapter.forTenant("t1");
}

/** Each way in which a statement may name the rows of a table, with a condition on them. */
const statements: Readonly<Record<string, (storage: Operations, where: Filter) => Promise<unknown>>> = {
  find: (storage, where) => find(storage, "note", ["label"], where),
  aggregate: (storage, where) => storage.aggregate(counted(where)),
  update: (storage, where) => storage.updateWhere("note", where, { label: "changed" }),
  "update of many": (storage, where) =>
    storage.updateEach("note", [
      { where: and(own, labelled("none")), patch: { label: "changed" } },
      { where, patch: { label: "changed" } },
    ]),
  delete: (storage, where) => storage.deleteWhere("note", where),
  exists: (storage, where) => find(storage, "account", ["id"], noted(where)),
  "not exists": (storage, where) => find(storage, "account", ["id"], { op: "not", of: noted(where) }),
  among: (storage, where) =>
    find(storage, "account", ["id"], {
      op: "among",
      column: "id",
      of: [{ table: "note", select: "account_id", where }],
    }),
  "among, in a set": (storage, where) =>
    find(storage, "note", ["id"], {
      ...and(own, {
        op: "among",
        column: "account_id",
        of: [
          { table: "account", select: "id", where: always },
          { table: "account", select: "id", where: noted(where) },
        ],
      }),
    }),
  measure: (storage, where) =>
    storage.aggregate({
      ...counted(always, noted(where)),
      table: "account",
    }),
  "delete by another table": (storage, where) => storage.deleteWhere("account", noted(where)),
};

const all = (storage: Operations): Promise<unknown[]> => values(storage, "note", "label", always);
const everything = ["Note 1", "Note 2", "Note 3"];

export function tenantTests(options: StorageConformanceOptions): void {
  group(options, "tenants", (check) => {
    for (const [statement, run] of Object.entries(statements)) {
      check(`refuse to ${statement} without a tenant, or beyond it`, async (bench) => {
        const { adapter } = bench;
        const storage = await fill(bench);
        const everywhere = adapter.acrossTenants("look at what is left");
        const refused = async (work: () => Promise<unknown>, what: string): Promise<void> => {
          assert.ok(TenantCrossed.is(await errorOf(work)), what);
        };
        assert.ok(TenantUnbound.is(await errorOf(() => run(adapter, own))));
        assert.ok(TenantUnbound.is(await errorOf(() => adapter.transaction((tx) => run(tx, own)))));
        for (const [what, where] of Object.entries({ ...loose, ...foreign })) {
          await refused(() => run(storage, where), what);
          await refused(() => storage.transaction((tx) => run(tx, where)), `${what}, in a transaction`);
          await refused(
            () => storage.transaction((tx) => tx.savepoint((inner) => run(inner, where))),
            `${what}, in a savepoint`,
          );
        }
        // A refusal of the value does not depend on whether the statement has run before.
        await run(storage, and(own, labelled("none")));
        await refused(() => run(storage, and(of("t2"), labelled("none"))), "again");
        assert.deepEqual(await all(everywhere), everything);
        assert.deepEqual(await values(adapter, "account", "id"), [id(1), id(2)]);
      });
    }

    check("read and change the rows of the bound tenant only", async (bench) => {
      const storage = await fill(bench);
      assert.deepEqual(await values(storage, "note", "label", own), ["Note 1", "Note 2"]);
      assert.deepEqual(await values(storage, "account", "id", noted(own)), [id(1)]);
      assert.deepEqual(await values(storage, "note", "label", never), []);
      const { count } = await storage.updateWhere("note", and(own, labelled("Note 2")), { label: "Other" });
      assert.equal(count, 1);
      assert.deepEqual(await storage.deleteWhere("note", own), { count: 2 });
      const everywhere = bench.adapter.acrossTenants("look at what is left");
      assert.deepEqual(await all(everywhere), ["Note 3"]);
      assert.deepEqual(
        await everywhere.aggregate(counted(always)),
        [{ n: 1 }].map((row) => ({ ...row })),
      );
    });

    check("find nothing where the own tenant and another one are asked for", async (bench) => {
      const storage = await fill(bench);
      for (const where of [and(own, of("t2")), and(of("t2"), own), and(of("t2"), and(own))]) {
        assert.deepEqual(await values(storage, "note", "label", where), []);
        assert.deepEqual(await values(storage, "account", "id", noted(where)), []);
        assert.deepEqual(await storage.deleteWhere("note", where), { count: 0 });
      }
    });

    check("write rows of the bound tenant only", async (bench) => {
      const storage = await fill(bench);
      const { adapter } = bench;
      const everywhere = adapter.acrossTenants("look at what is left");
      const { tenant_id: _, ...nobodys } = note(9, "t1");
      const on = ["tenant_id", "label"];
      const crossing: Readonly<Record<string, (tx: Operations) => Promise<unknown>>> = {
        "insert of another tenant": (tx) => tx.insertMany("note", [note(8, "t1"), note(9, "t2")]),
        "insert of nobody's": (tx) => tx.insertMany("note", [nobodys]),
        "upsert of another tenant": (tx) => tx.upsert("note", [note(3, "t2")], on, ["account_id"]),
        "upsert by a key of all tenants": (tx) => tx.upsert("note", [note(3, "t1")], ["id"], ["label"]),
        "update that gives a row away": (tx) => tx.updateWhere("note", own, { tenant_id: "t2" }),
        "updates that give rows away": (tx) =>
          tx.updateEach("note", [{ where: own, patch: { tenant_id: "t2" } }]),
      };
      for (const [what, work] of Object.entries(crossing)) {
        assert.ok(TenantCrossed.is(await errorOf(() => work(storage))), what);
        assert.ok(TenantCrossed.is(await errorOf(() => storage.transaction(work))), what);
      }
      assert.ok(TenantUnbound.is(await errorOf(() => adapter.insertMany("note", [note(9, "t1")]))));
      assert.deepEqual(await all(everywhere), everything);
      await storage.transaction(async (tx) => {
        await tx.insertMany("note", [note(4, "t1"), note(5, "t1")]);
        await tx.savepoint((inner) => inner.upsert("note", [note(6, "t1", { label: "Note 1" })], on, []));
      });
      assert.deepEqual(await values(storage, "note", "label", own), ["Note 1", "Note 2", "Note 4", "Note 5"]);
    });

    check("keep transactions of several tenants apart", async (bench) => {
      const storage = await fill(bench);
      const other = bench.adapter.forTenant("t2");
      const read = (tx: Operations, tenant: string) => values(tx, "note", "label", of(tenant));
      const readOnly = { readOnly: true };
      assert.deepEqual(await storage.transaction((tx) => read(tx, "t1"), readOnly), ["Note 1", "Note 2"]);
      assert.deepEqual(await other.transaction((tx) => read(tx, "t2"), readOnly), ["Note 3"]);
      const lists = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          index % 2 === 0 ? read(storage, "t1") : other.transaction((tx) => read(tx, "t2")),
        ),
      );
      for (const [index, list] of lists.entries())
        assert.deepEqual(list, index % 2 === 0 ? ["Note 1", "Note 2"] : ["Note 3"]);
    });

    check("want a name for the tenant, and a reason for all of them", async ({ adapter }) => {
      assert.throws(() => adapter.forTenant(""), TypeError);
      assert.throws(() => adapter.acrossTenants(""), TypeError);
    });
  });
}
