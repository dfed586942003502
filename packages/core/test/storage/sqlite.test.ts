import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StorageAdapter } from "../../src/storage/adapter.js";
import { always } from "../../src/storage/filter.js";
import { LogFile } from "../../src/storage/knex/drivers/log-file.js";
import { loadSqliteDriver } from "../../src/storage/knex/drivers/sqlite-driver.js";
import { type KnexStorageOptions, knexStorage, sqlite } from "../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../src/testing/storage-conformance/fixtures.js";
import { migrate, values } from "../../src/testing/storage-conformance/suite.js";

const counter = (number: number) => ({ id: id(number), n: number, version: 1 });

describe("SQLite", () => {
  let folder: string;
  let path: string;
  const opened: StorageAdapter[] = [];

  const open = async (options: Partial<KnexStorageOptions> = {}): Promise<StorageAdapter> => {
    const storage = knexStorage({ url: `sqlite:${path}`, ...options });
    await migrate(storage);
    await storage.open(fixtureSchema);
    opened.push(storage);
    return storage;
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "corm-sqlite-"));
    path = join(folder, "made", "on", "demand.db");
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    for (const storage of opened.splice(0)) await storage.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("tells of no commit that is not on the disk", () => {
    test.each(["full", "normal"] as const)("with synchronous %s", async (synchronous) => {
      let flushed = 0;
      const storage = await open({ synchronous });
      vi.spyOn(LogFile.prototype, "flush").mockImplementation(async () => {
        await sleep(30);
        flushed += 1;
      });
      const expected = synchronous === "full" ? 1 : 0;
      await storage.transaction((tx) => tx.insertMany("counter", [counter(1)]));
      expect(flushed).toBe(expected);
      await storage.updateWhere("counter", always, { n: 2 });
      expect(flushed).toBe(2 * expected);
      await storage.insertMany("counter", [counter(2)]);
      expect(flushed).toBe(3 * expected);
    });

    test("nor of what one wrote", async () => {
      const storage = await open();
      let flushed = false;
      vi.spyOn(LogFile.prototype, "flush").mockImplementation(async () => {
        await sleep(30);
        flushed = true;
      });
      const writing = storage.insertMany("counter", [counter(1)]);
      await sleep(5);
      expect(await values(storage, "counter", "n")).toEqual([1]);
      expect(flushed).toBe(true);
      await writing;
    });

    test("and writes no more when the disk has failed", async () => {
      const storage = await open();
      vi.spyOn(LogFile.prototype, "flush").mockRejectedValueOnce(new Error("input/output error"));
      const broken = { code: "storage-unavailable" };
      await expect(storage.insertMany("counter", [counter(1)])).rejects.toMatchObject(broken);
      await expect(storage.insertMany("counter", [counter(2)])).rejects.toMatchObject(broken);
      await expect(values(storage, "counter", "n")).rejects.toMatchObject(broken);
    });

    test("but flushes once for many", async () => {
      const storage = await open();
      const flush = vi.spyOn(LogFile.prototype, "flush");
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          storage.transaction((tx) => tx.insertMany("counter", [counter(index)])),
        ),
      );
      expect(flush.mock.calls.length).toBeLessThan(50);
      expect(await values(storage, "counter", "n")).toHaveLength(100);
    });
  });

  test("reads past a long writing transaction, without its rows", async () => {
    const storage = await open({ acquireTimeout: 500 });
    await storage.transaction(async (tx) => {
      await tx.insertMany("counter", [counter(1)]);
      expect(await values(storage, "counter", "n")).toEqual([]);
      const snapshot = await storage.transaction((other) => values(other, "counter", "n"), {
        readOnly: true,
      });
      expect(snapshot).toEqual([]);
    });
    expect(await values(storage, "counter", "n")).toEqual([1]);
  });

  test("says what is wrong when a transaction waits for itself", async () => {
    const storage = sqlite(":memory:", { acquireTimeout: 50 });
    opened.push(storage);
    await migrate(storage);
    await storage.open(fixtureSchema);
    const work = storage.transaction(() => storage.insertMany("counter", [counter(1)]));
    await expect(work).rejects.toMatchObject({
      code: "storage-unavailable",
      message: expect.stringContaining("used the storage instead of the transaction"),
    });
    await storage.insertMany("counter", [counter(1)]);
    expect(await values(storage, "counter", "n")).toEqual([1]);
  });

  test("lets waiting operations through in the order in which they came", async () => {
    const storage = await open();
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map((number) =>
        storage.transaction(async (tx) => {
          await sleep(5 - number);
          await tx.insertMany("counter", [counter(number)]);
          order.push(number);
        }),
      ),
    );
    expect(order).toEqual([1, 2, 3, 4]);
  });

  test("waits for another process's transaction without stopping the event loop", async () => {
    const storage = await open();
    const driver = await loadSqliteDriver("auto");
    const other = driver.open(path, { readOnly: false });
    other.exec("begin immediate");
    let longest = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    const writing = storage.insertMany("counter", [counter(1)]);
    await sleep(300);
    other.exec("commit");
    other.close();
    await writing;
    clearInterval(watch);
    expect(longest).toBeLessThan(150);
  });

  test("gives up on a file that another process keeps locked", async () => {
    const storage = await open({ acquireTimeout: 100 });
    const driver = await loadSqliteDriver("auto");
    const other = driver.open(path, { readOnly: false });
    other.exec("begin immediate");
    const begun = storage.transaction(async () => {});
    await expect(begun).rejects.toMatchObject({ code: "transaction-conflict" });
    other.close();
    await storage.insertMany("counter", [counter(1)]);
  });

  test("says how a driver is installed", async () => {
    const driver = "no-such-driver" as "better-sqlite3";
    const storage = knexStorage({ url: "sqlite::memory:", driver });
    await expect(storage.open(fixtureSchema)).rejects.toMatchObject({
      code: "driver-missing",
      message: expect.stringContaining("npm install no-such-driver"),
    });
  });

  test("says that a file is no database", async () => {
    const storage = knexStorage({ url: `sqlite:${folder}` });
    await expect(storage.ping()).rejects.toMatchObject({ code: "storage-unavailable" });
  });
});

describe("the URL", () => {
  test.each(["oracle://host/db", "corm.db", "", "sqlite:"])("%j is refused with an example", (url) => {
    expect(() => knexStorage({ url })).toThrow(/sqlite:\.\/corm\.db/);
  });
});
