import { setTimeout as sleep } from "node:timers/promises";
import mysql from "mysql2/promise";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { StorageAdapter } from "../../src/storage/adapter.js";
import { always, type Filter } from "../../src/storage/filter.js";
import { type KnexStorageOptions, knexStorage } from "../../src/storage/knex/index.js";
import type { PhysicalSchema } from "../../src/storage/physical-schema.js";
import { fixtureSchema, id, item } from "../../src/testing/storage-conformance/fixtures.js";
import { find, migrate, values } from "../../src/testing/storage-conformance/suite.js";
import { databases, suiteName, type TestDatabase } from "../support/databases.js";

const byId = (number: number): Filter => ({ op: "eq", column: "id", value: id(number) });
const counter = (number: number) => ({ id: id(number), n: number, version: 1 });

for (const server of databases.filter(({ name }) => !name.startsWith("SQLite"))) {
  const isPostgres = server.name === "PostgreSQL";

  describe.skipIf(!server.available)(suiteName(server), () => {
    let database: TestDatabase;
    const opened: StorageAdapter[] = [];

    const open = async (options: Partial<KnexStorageOptions> = {}): Promise<StorageAdapter> => {
      const storage = knexStorage({ url: database.url, ...options });
      opened.push(storage);
      await migrate(storage);
      await storage.open(fixtureSchema);
      return storage;
    };

    /** Statements that Corm would not make. */
    const raw = async (sql: string): Promise<Record<string, unknown>[]> => {
      if (isPostgres) {
        const client = new pg.Client({ connectionString: database.url });
        await client.connect();
        const { rows } = await client.query(sql);
        await client.end();
        return rows;
      }
      const connection = await mysql.createConnection({ uri: database.url });
      const [rows] = await connection.query(sql);
      await connection.end();
      return rows as Record<string, unknown>[];
    };

    beforeEach(async () => {
      database = await server.create();
    });

    afterEach(async () => {
      for (const storage of opened.splice(0)) await storage.close();
      await database.drop();
    });

    test("says what is wrong when a transaction waits for a connection of its own pool", async () => {
      const storage = await open({ pool: { max: 1 }, acquireTimeout: 200 });
      const work = storage.transaction(() => storage.insertMany("counter", [counter(1)]));
      await expect(work).rejects.toMatchObject({
        code: "storage-unavailable",
        message: expect.stringContaining("used the storage instead of the transaction"),
      });
      await storage.insertMany("counter", [counter(1)]);
    });

    test("ends statements that run too long, and goes on", async () => {
      const storage = await open({ statementTimeout: 300 });
      await storage.insertMany("counter", [counter(1)]);
      const other = await open();
      // Waiting for a row that another transaction has changed takes time, too.
      const work = other.transaction(async (tx) => {
        await tx.updateWhere("counter", always, { n: 2 });
        await storage.updateWhere("counter", always, { n: 3 });
      });
      await expect(work).rejects.toMatchObject({ code: "storage-unavailable" });
      expect(await values(storage, "counter", "n", byId(1))).toEqual([1]);
    });

    test("survives the loss of its connections", async () => {
      const storage = await open();
      await storage.insertMany("counter", [counter(1)]);
      await raw(
        isPostgres
          ? "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
          : "select 1",
      );
      if (!isPostgres) await killOthers(raw);
      await sleep(100);
      expect(await values(storage, "counter", "n")).toEqual([1]);
    });

    test("tells the loss of a connection inside a transaction, and keeps nothing of it", async () => {
      const storage = await open();
      const work = storage.transaction(async (tx) => {
        await tx.insertMany("counter", [counter(1)]);
        await raw(
          isPostgres
            ? "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            : "select 1",
        );
        if (!isPostgres) await killOthers(raw);
        await sleep(50);
        await tx.insertMany("counter", [counter(2)]);
      });
      await expect(work).rejects.toMatchObject({ code: "storage-unavailable" });
      expect(await values(storage, "counter", "n")).toEqual([]);
    });

    test("goes on after another process has changed a column's type", async () => {
      const storage = await open({ pool: { max: 1 } });
      await storage.insertMany("account", [{ id: id(1), tenant: "t", name: "n" }]);
      expect(await values(storage, "account", "name")).toEqual(["n"]);
      const wider: PhysicalSchema = {
        tables: fixtureSchema.tables.map((table) => ({
          ...table,
          columns: table.columns.map((column) =>
            column.name === "label" && table.name === "item" ? { ...column, type: "text" as const } : column,
          ),
        })),
      };
      await values(storage, "item", "label");
      const migration = knexStorage({ url: database.url });
      await migration.schema.apply(migration.schema.plan(await migration.schema.inspect(), wider).steps);
      await migration.close();
      // One statement may be told to try again; the next one works.
      await values(storage, "item", "label").catch((error) =>
        expect(error.code).toBe("transaction-conflict"),
      );
      expect(await values(storage, "item", "label")).toEqual([]);
    });

    test("lets a transaction see what others have committed since it began", async () => {
      const storage = await open();
      await storage.transaction(async (tx) => {
        expect(await values(tx, "counter", "n")).toEqual([]);
        await storage.insertMany("counter", [counter(1)]);
        expect(await values(tx, "counter", "n")).toEqual([1]);
      });
      await storage.transaction(
        async (tx) => {
          expect(await values(tx, "counter", "n")).toEqual([1]);
          await storage.insertMany("counter", [counter(2)]);
          expect(await values(tx, "counter", "n")).toEqual([1]);
        },
        { readOnly: true },
      );
    });

    test("does without prepared statements where a proxy needs that", async () => {
      const storage = await open({ prepare: false });
      await storage.insertMany("item", [
        item(1, { data: { a: 1 }, flag: true, at: "2024-01-01T00:00:00.120Z" }),
      ]);
      const [row] = await find(storage, "item", ["data", "flag", "at", "rate"], byId(1));
      expect(row).toEqual({ data: { a: 1 }, flag: true, at: "2024-01-01T00:00:00.120Z", rate: null });
    });

    test("bounds what it keeps prepared", async () => {
      const storage = await open({ pool: { max: 1 } });
      const names =
        fixtureSchema.tables.find(({ name }) => name === "item")?.columns.map(({ name }) => name) ?? [];
      // Each number's bits choose other columns.
      for (let shape = 1; shape <= 1_200; shape += 1) {
        await find(
          storage,
          "item",
          names.filter((_, index) => shape & (1 << index)),
        );
      }
      expect(await values(storage, "item", "id")).toEqual([]);
    });

    test("tells that no server answers, or no such database", async () => {
      const nowhere = new URL(database.url);
      nowhere.port = "1";
      await expect(knexStorage({ url: nowhere.href }).ping()).rejects.toMatchObject({
        code: "storage-unavailable",
      });
      const missing = new URL(database.url);
      missing.pathname = "/corm_test_not_there";
      await expect(knexStorage({ url: missing.href }).ping()).rejects.toMatchObject({
        code: "storage-unavailable",
      });
    });

    test("leaves the host's own use of the driver alone", async () => {
      await open();
      const [row] = await raw(isPostgres ? "select now() as at" : "select now() as at");
      expect(row?.["at"]).toBeInstanceOf(Date);
    });
  });
}

async function killOthers(raw: (sql: string) => Promise<Record<string, unknown>[]>): Promise<void> {
  const processes = await raw(
    "select id as id from information_schema.processlist where db = database() and id <> connection_id()",
  );
  for (const { id: process_ } of processes) await raw(`kill ${Number(process_)}`);
}
