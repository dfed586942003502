import assert from "node:assert/strict";
import { ReferenceViolation } from "../../errors/storage-errors.js";
import type { StorageAdapter } from "../../storage/adapter.js";
import { always } from "../../storage/filter.js";
import type { PhysicalColumn, PhysicalSchema, PhysicalTable } from "../../storage/physical-schema.js";
import { account, fixtureSchema, id, item } from "./fixtures.js";
import { errorOf, find, patience, type StorageConformanceOptions, values } from "./suite.js";

const nothing = { steps: [], conflicts: [], unknown: [] };

/** The fixture schema with one table changed. */
function changed(name: string, change: (table: PhysicalTable) => PhysicalTable): PhysicalSchema {
  return { tables: fixtureSchema.tables.map((table) => (table.name === name ? change(table) : table)) };
}

const withColumn = (table: string, column: PhysicalColumn): PhysicalSchema =>
  changed(table, (present) => ({
    ...present,
    columns: [...present.columns.filter(({ name }) => name !== column.name), column],
  }));

async function apply(adapter: StorageAdapter, wanted: PhysicalSchema): Promise<void> {
  const { steps, conflicts } = adapter.schema.plan(await adapter.schema.inspect(), wanted);
  assert.deepEqual(conflicts, []);
  await adapter.schema.apply(steps);
  const after = adapter.schema.plan(await adapter.schema.inspect(), wanted);
  assert.deepEqual({ steps: after.steps, conflicts: after.conflicts }, { steps: [], conflicts: [] });
}

async function planned(adapter: StorageAdapter, wanted: PhysicalSchema) {
  return adapter.schema.plan(await adapter.schema.inspect(), wanted);
}

export function schemaTests({ runner, open }: StorageConformanceOptions): void {
  const check = (
    name: string,
    body: (adapter: StorageAdapter, another: (() => StorageAdapter) | undefined) => Promise<void>,
  ): void =>
    runner.test(
      name,
      async () => {
        const { adapter, another, dispose } = await open();
        try {
          await body(adapter, another);
        } finally {
          await adapter.close();
          await dispose();
        }
      },
      patience,
    );

  runner.describe("schema", () => {
    check("is read back as it was made", async (adapter) => {
      assert.deepEqual(await adapter.schema.inspect(), { tables: [] });
      await apply(adapter, fixtureSchema);
      assert.deepEqual(await planned(adapter, fixtureSchema), nothing);
      const found = await adapter.schema.inspect();
      const tables = [...fixtureSchema.tables].sort((a, b) => (a.name < b.name ? -1 : 1));
      assert.deepEqual(
        found.tables.map(({ name, columns, primaryKey }) => ({
          name,
          primaryKey,
          columns: columns.map((column) => [column.name, column.type, column.nullable, column.references]),
        })),
        tables.map(({ name, columns, primaryKey }) => ({
          name,
          primaryKey,
          columns: columns.map((column) => [column.name, column.type, column.nullable, column.references]),
        })),
      );
    });

    check("makes tables that refer to one another in a circle", async (adapter) => {
      const table = (name: string, other: string): PhysicalTable => ({
        name,
        columns: [
          { name: "id", type: "id", nullable: false },
          {
            name: "other_id",
            type: "id",
            nullable: true,
            references: { table: other, column: "id", onDelete: "set null" },
          },
        ],
        primaryKey: ["id"],
        indexes: [],
      });
      const circle = { tables: [table("a", "c"), table("b", "a"), table("c", "b")] };
      await apply(adapter, circle);
      await adapter.open(circle);
      await adapter.insertMany("a", [{ id: id(1), other_id: null }]);
      await adapter.insertMany("b", [{ id: id(1), other_id: id(1) }]);
      await errorOf(() => adapter.insertMany("c", [{ id: id(1), other_id: id(9) }]));
    });

    check("adds columns with defaults, references and indexes to filled tables", async (adapter) => {
      await apply(adapter, fixtureSchema);
      await adapter.open(fixtureSchema);
      await adapter.insertMany("account", [account(1)]);
      await adapter.insertMany("node", [{ id: id(1), parent_id: null, name: "n" }]);
      const added: readonly PhysicalColumn[] = [
        { name: "label", type: "string", nullable: false, length: 20, default: "it's" },
        { name: "count", type: "integer", nullable: false, default: 7 },
        { name: "rate", type: "float", nullable: false, default: 1.5 },
        { name: "open", type: "boolean", nullable: false, default: true },
        { name: "shut", type: "boolean", nullable: true, default: false },
        { name: "day", type: "date", nullable: true, default: "2024-01-02" },
        { name: "at", type: "instant", nullable: false, default: "2024-01-02T03:04:05.678Z" },
        { name: "plain", type: "text", nullable: true },
        { name: "data", type: "json", nullable: true },
        {
          name: "account_id",
          type: "id",
          nullable: true,
          references: { table: "account", column: "id", onDelete: "cascade" },
        },
      ];
      const wanted = changed("node", (table) => ({
        ...table,
        columns: [...table.columns, ...added],
        indexes: [...table.indexes, { name: "node_label", columns: ["label", "count"], unique: true }],
      }));
      await apply(adapter, wanted);
      await adapter.open(wanted);
      const [row] = await find(
        adapter,
        "node",
        added.map(({ name }) => name),
      );
      assert.deepEqual(row, {
        label: "it's",
        count: 7,
        rate: 1.5,
        open: true,
        shut: false,
        day: "2024-01-02",
        at: "2024-01-02T03:04:05.678Z",
        plain: null,
        data: null,
        account_id: null,
      });
      await adapter.updateWhere("node", always, { account_id: id(1) });
      await adapter.deleteWhere("account", always);
      assert.deepEqual(await find(adapter, "node", ["id"]), []);
    });

    check("refuses a required column without default, unless no row is there", async (adapter) => {
      await apply(adapter, fixtureSchema);
      const required: PhysicalColumn = { name: "must", type: "string", nullable: false };
      const wanted = withColumn("node", required);
      await adapter.open(fixtureSchema);
      await adapter.insertMany("node", [{ id: id(1), parent_id: null, name: "n" }]);
      const refused = await planned(adapter, wanted);
      assert.deepEqual(refused.steps, []);
      assert.deepEqual(
        refused.conflicts.map(({ table, column }) => ({ table, column })),
        [{ table: "node", column: "must" }],
      );
      await adapter.deleteWhere("node", always);
      await apply(adapter, wanted);
    });

    check("widens: required to optional, longer strings, string to text", async (adapter) => {
      await apply(adapter, fixtureSchema);
      await adapter.open(fixtureSchema);
      await adapter.insertMany("account", [account(1), account(2)]);
      await adapter.insertMany("item", [item(1, { account_id: id(1), code: "x", note: "keep", amount: 5 })]);
      const wanted: PhysicalSchema = {
        tables: fixtureSchema.tables.map((table) => ({
          ...table,
          columns: table.columns.map((column): PhysicalColumn => {
            if (table.name === "account" && column.name === "name")
              return { ...column, length: 400, nullable: true };
            if (table.name === "item" && column.name === "label") return { ...column, type: "text" };
            if (table.name === "item" && column.name === "rank") return { ...column, nullable: true };
            return column;
          }),
        })),
      };
      await apply(adapter, wanted);
      await adapter.open(wanted);
      const long = "é".repeat(400);
      await adapter.updateWhere("account", { op: "eq", column: "id", value: id(1) }, { name: long });
      await adapter.updateWhere("account", { op: "eq", column: "id", value: id(2) }, { name: null });
      await adapter.updateWhere("item", always, { label: long.repeat(3), rank: null });
      assert.deepEqual(await values(adapter, "account", "name"), [long, null]);
      assert.deepEqual(
        await find(adapter, "item", ["label", "rank", "code", "note", "amount", "account_id"]),
        [{ label: long.repeat(3), rank: null, code: "x", note: "keep", amount: 5, account_id: id(1) }],
      );
      // What else the tables promised still holds.
      await errorOf(() => adapter.insertMany("item", [item(2, { code: "x" })]));
      await errorOf(() => adapter.deleteWhere("account", { op: "eq", column: "id", value: id(1) }));
      await adapter.insertMany("part", [{ id: id(1), item_id: id(1), account_id: null, size: 1 }]);
      await adapter.deleteWhere("item", always);
      assert.deepEqual(await find(adapter, "part", ["id"]), []);
    });

    check("refuses changes that would lose or refuse data", async (adapter) => {
      await apply(adapter, fixtureSchema);
      const changes: readonly (readonly [string, PhysicalColumn])[] = [
        ["item", { name: "rate", type: "boolean", nullable: true }],
        ["item", { name: "note", type: "string", nullable: true }],
        ["item", { name: "amount", type: "integer", nullable: false }],
        ["item", { name: "code", type: "string", nullable: true, length: 10 }],
        ["item", { name: "day", type: "instant", nullable: true }],
      ];
      for (const [table, column] of changes) {
        const { conflicts, steps } = await planned(adapter, withColumn(table, column));
        assert.equal(conflicts.length, 1, column.name);
        assert.equal(conflicts[0]?.column, column.name);
        assert.ok(conflicts[0]?.reason.includes(`"${column.name}"`));
        assert.deepEqual(steps, []);
      }
      const { conflicts } = await planned(
        adapter,
        changed("node", (t) => ({ ...t, primaryKey: ["id", "name"] })),
      );
      assert.equal(conflicts.length, 1);
    });

    check("changes references and indexes", async (adapter) => {
      await apply(adapter, fixtureSchema);
      const part = (reference: PhysicalColumn["references"]): PhysicalSchema =>
        withColumn("part", {
          name: "item_id",
          type: "id",
          nullable: false,
          ...(reference === undefined ? {} : { references: reference }),
        });
      await apply(adapter, part({ table: "item", column: "id", onDelete: "restrict" }));
      await adapter.open(fixtureSchema);
      await adapter.insertMany("item", [item(1)]);
      await adapter.insertMany("part", [{ id: id(1), item_id: id(1), account_id: null, size: 1 }]);
      await errorOf(() => adapter.deleteWhere("item", always));
      await apply(adapter, part(undefined));
      await adapter.deleteWhere("item", always);
      assert.equal((await find(adapter, "part", ["id"])).length, 1);
      const { steps } = await planned(adapter, fixtureSchema);
      const orphans = await errorOf(() => adapter.schema.apply(steps));
      assert.ok(ReferenceViolation.is(orphans), String(orphans));
      await adapter.deleteWhere("part", always);
      const reordered = changed("item", (table) => ({
        ...table,
        indexes: [
          { name: "item_code", columns: ["code"], unique: false },
          { name: "item_rank_amount", columns: ["amount", "rank"], unique: false },
          { name: "item_note", columns: ["note"], unique: false },
          { name: "item_account", columns: ["account_id"], unique: false },
        ],
      }));
      await apply(adapter, reordered);
      await adapter.insertMany(
        "item",
        [1, 2].map((n) => item(n, { code: "same" })),
      );
    });

    check("leaves what it does not know, and drops it when told to", async (adapter) => {
      await apply(adapter, fixtureSchema);
      await adapter.open(fixtureSchema);
      await adapter.insertMany("account", [account(1)]);
      await adapter.insertMany("item", [item(1, { account_id: id(1), code: "x" })]);
      const smaller: PhysicalSchema = {
        tables: fixtureSchema.tables
          .filter(({ name }) => name !== "part")
          .map((table) =>
            table.name === "item"
              ? {
                  ...table,
                  columns: table.columns.filter(({ name }) => name !== "account_id" && name !== "amount"),
                  indexes: table.indexes.filter(({ name }) => name === "item_code"),
                }
              : table,
          ),
      };
      const { steps, conflicts, unknown } = await planned(adapter, smaller);
      assert.deepEqual({ steps, conflicts }, { steps: [], conflicts: [] });
      assert.deepEqual([...unknown].map(({ table, column }) => `${table}.${column ?? ""}`).sort(), [
        "item.account_id",
        "item.amount",
        "part.",
      ]);
      await adapter.schema.apply([
        { kind: "dropColumn", table: "item", column: "account_id" },
        { kind: "dropColumn", table: "item", column: "amount" },
        { kind: "dropTable", table: "part" },
      ]);
      assert.deepEqual(await planned(adapter, smaller), nothing);
      await adapter.open(smaller);
      assert.deepEqual(await find(adapter, "item", ["rank", "code"]), [{ rank: 1, code: "x" }]);
      await adapter.deleteWhere("account", always);
    });

    check("drops tables that refer to one another", async (adapter) => {
      await apply(adapter, fixtureSchema);
      const refused = await errorOf(() => adapter.schema.apply([{ kind: "dropTable", table: "account" }]));
      assert.ok(ReferenceViolation.is(refused), String(refused));
      const names = fixtureSchema.tables.map(({ name }) => name);
      await adapter.schema.apply(names.map((table) => ({ kind: "dropTable", table }) as const));
      assert.deepEqual(await adapter.schema.inspect(), { tables: [] });
    });

    check("takes up again where a change broke off", async (adapter) => {
      const { steps } = await planned(adapter, fixtureSchema);
      const broken = [
        ...steps.slice(0, 2),
        { kind: "dropTable", table: "nowhere" } as const,
        ...steps.slice(2),
      ];
      await errorOf(() => adapter.schema.apply(broken));
      await apply(adapter, fixtureSchema);
    });

    check("is changed by one at a time", async (adapter, another) => {
      const others = another === undefined ? [adapter] : [adapter, another(), another()];
      let inside = 0;
      let done = 0;
      const work = async (): Promise<void> => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inside -= 1;
        done += 1;
      };
      const migrate = (storage: StorageAdapter) =>
        storage.schema.withLock(async () => {
          await work();
          const { steps } = storage.schema.plan(await storage.schema.inspect(), fixtureSchema);
          await storage.schema.apply(steps);
        });
      await Promise.all([...others, ...others].map(migrate));
      assert.equal(done, others.length * 2);
      const thrown = new Error("no");
      assert.equal(await errorOf(() => adapter.schema.withLock(() => Promise.reject(thrown))), thrown);
      await adapter.schema.withLock(async () => {});
      for (const storage of others.slice(1)) await storage.close();
    });
  });
}
