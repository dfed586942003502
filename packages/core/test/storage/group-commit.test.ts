import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StorageAdapter, Transaction } from "../../src/storage/adapter.js";
import { LogFile } from "../../src/storage/knex/drivers/log-file.js";
import { type KnexStorageOptions, sqlite } from "../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../src/testing/storage-conformance/fixtures.js";
import { errorOf, migrate, values } from "../../src/testing/storage-conformance/suite.js";

const counter = (number: number) => ({ id: id(number), n: number, version: 1 });
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const all = (storage: StorageAdapter) => values(storage, "counter", "n");

describe("transactions that wait for their turn on a SQLite file", () => {
  let folder: string;
  let path: string;
  const opened: StorageAdapter[] = [];

  const open = async (options: Partial<KnexStorageOptions> = {}): Promise<StorageAdapter> => {
    const storage = sqlite(path, options);
    await migrate(storage);
    await storage.open(fixtureSchema);
    opened.push(storage);
    return storage;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "corm-group-"));
    path = join(folder, "corm.db");
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const storage of opened.splice(0)) await storage.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test("write what they share once, and are flushed together", async () => {
    const storage = await open();
    const log = () => statSync(`${path}-wal`).size;
    const write = (number: number) =>
      storage.transaction((tx) => tx.insertMany("counter", [counter(number)]));
    const before = log();
    for (const number of numbers(1, 20)) await write(number);
    const alone = log() - before;
    const flush = vi.spyOn(LogFile.prototype, "flush");
    await Promise.all(numbers(21, 40).map(write));
    const together = log() - before - alone;
    expect(together).toBeLessThan(alone / 3);
    expect(flush.mock.calls.length).toBeLessThanOrEqual(4);
    // Statements outside transactions as well.
    const start = log();
    await Promise.all(numbers(41, 60).map((number) => storage.insertMany("counter", [counter(number)])));
    expect(log() - start).toBeLessThan(alone / 3);
    expect(await all(storage)).toEqual(numbers(1, 60));
  });

  test("are answered after the flush of their commit, and seen by nobody before", async () => {
    const storage = await open();
    let flushed = 0;
    vi.spyOn(LogFile.prototype, "flush").mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      flushed += 1;
    });
    const seen = await Promise.all(
      numbers(1, 30).map(async (number) => {
        await storage.transaction(async (tx) => {
          await tx.insertMany("counter", [counter(number)]);
          expect(await all(storage)).not.toContain(number);
        });
        return flushed;
      }),
    );
    expect(Math.min(...seen)).toBeGreaterThan(0);
    expect(await all(storage)).toHaveLength(30);
  });

  test("fail alone: the others are kept, whatever savepoints they had", async () => {
    const storage = await open();
    const refused = new Error("refused");
    const one = async (tx: Transaction, number: number): Promise<number> => {
      await tx.insertMany("counter", [counter(number)]);
      const inner = tx.savepoint(async (level) => {
        await level.insertMany("counter", [counter(number + 100)]);
        if (number % 2 === 0) throw refused;
      });
      await inner.catch(() => {});
      if (number % 3 === 0) throw refused;
      if (number % 5 === 0) await tx.insertMany("counter", [counter(number)]);
      return number;
    };
    const outcomes = await Promise.allSettled(
      numbers(1, 40).map((number) => storage.transaction((tx) => one(tx, number))),
    );
    const kept = numbers(1, 40).filter((number) => number % 3 !== 0 && number % 5 !== 0);
    expect(outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []))).toEqual(
      kept,
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") continue;
      if ((index + 1) % 3 === 0) expect(outcome.reason).toBe(refused);
      else expect(outcome.reason).toMatchObject({ code: "unique-violation" });
    }
    const inner = kept.filter((number) => number % 2 !== 0).map((number) => number + 100);
    expect(await all(storage)).toEqual([...kept, ...inner]);
  });

  test("can be tried again when one of them takes the transaction away", async () => {
    const storage = await open();
    const { engine } = (storage as unknown as { handle: { engine: { writer: { exec(sql: string): void } } } })
      .handle;
    const holding = storage.transaction(async (tx) => tx.insertMany("counter", [counter(1)]));
    const losing = storage.transaction(async (tx) => {
      await tx.insertMany("counter", [counter(2)]);
      // As SQLite itself does when the disk fails.
      engine.writer.exec("rollback");
      throw new Error("input/output error");
    });
    const outcomes = await Promise.allSettled([holding, losing]);
    expect(outcomes).toMatchObject([
      { status: "rejected", reason: { code: "transaction-conflict" } },
      { status: "rejected", reason: { message: "input/output error" } },
    ]);
    expect(await all(storage)).toEqual([]);
    await storage.insertMany("counter", [counter(3)]);
    expect(await all(storage)).toEqual([3]);
  });

  test("that wait for one another are told so, and nothing is kept", async () => {
    const storage = await open({ acquireTimeout: 200 });
    const first = storage.transaction(async (tx) => tx.insertMany("counter", [counter(1)]));
    const second = storage.transaction(async (tx) => {
      await tx.insertMany("counter", [counter(2)]);
      await first;
    });
    const unavailable = { code: "storage-unavailable" };
    expect(await errorOf(() => first)).toMatchObject(unavailable);
    expect(await errorOf(() => second)).toMatchObject(unavailable);
    expect(await all(storage)).toEqual([]);
    await storage.insertMany("counter", [counter(3)]);
    expect(await all(storage)).toEqual([3]);
  });

  test("are committed before the storage closes, and before its schema changes", async () => {
    const storage = await open();
    const write = (number: number) =>
      storage.transaction((tx) => tx.insertMany("counter", [counter(number)]));
    const { tables } = (await Promise.all([storage.schema.inspect(), ...numbers(1, 10).map(write)]))[0];
    expect(tables.map(({ name }) => name)).toContain("counter");
    await Promise.all([...numbers(11, 20).map(write), storage.close()]);
    const again = await open();
    expect(await all(again)).toEqual(numbers(1, 20));
  });
});
