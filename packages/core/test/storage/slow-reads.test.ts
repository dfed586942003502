import { type ChildProcess, execSync, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from "vitest";
import type { AggregateSpec, StorageAdapter } from "../../src/storage/adapter.js";
import { SlowReads } from "../../src/storage/knex/drivers/sqlite-slow-reads.js";
import { sqlite } from "../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../src/testing/storage-conformance/fixtures.js";
import { storageConformance } from "../../src/testing/storage-conformance/index.js";
import { migrate } from "../../src/testing/storage-conformance/suite.js";
import { spawnScript } from "../support/spawn.js";

const folder = mkdtempSync(join(tmpdir(), "corm-slow-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.restoreAllMocks());

const open = async (name: string): Promise<StorageAdapter> => {
  const storage = sqlite(join(folder, name));
  await migrate(storage);
  await storage.open(fixtureSchema);
  return storage;
};

/** 150,000 rows, each of which has to be looked at. */
const ROWS = 150_000;
const slow = (text: string): AggregateSpec => ({
  table: "account",
  where: { op: "match", column: "name", how: "contains", text, caseSensitive: false },
  groupBy: [],
  measures: [{ as: "n", fn: "count" }],
  orderBy: [],
  limit: 1,
});

describe("a read of SQLite that takes long", () => {
  let storage: StorageAdapter;
  beforeAll(async () => {
    storage = await open("large.db");
    for (let start = 0; start < ROWS; start += 10_000)
      await storage.insertMany(
        "account",
        Array.from({ length: 10_000 }, (_, at) => ({
          id: id(start + at),
          tenant: "t",
          name: `Account number ${start + at} of many`,
        })),
      );
  }, 60_000);
  afterAll(() => storage.close());

  it("is seen to be slow, and from then on lets the app go on meanwhile", async () => {
    const aside = vi.spyOn(SlowReads.prototype, "rows");
    const first = await storage.aggregate(slow("NUMBER 149999 of"));
    expect([first, aside.mock.calls.length]).toEqual([[{ n: 1 }], 0]);
    let turns = 0;
    let over = false;
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    // Another text is another value of the same shape.
    expect(await storage.aggregate(slow("many"))).toEqual([{ n: ROWS }]);
    over = true;
    expect(aside).toHaveBeenCalledTimes(1);
    expect(turns).toBeGreaterThan(100);
  });

  it("sees what was written before it", async () => {
    const aside = vi.spyOn(SlowReads.prototype, "rows");
    for (let at = 0; at < 5; at += 1) {
      const name = `fresh ${at}`;
      await storage.insertMany("account", [{ id: id(ROWS + at), tenant: "t", name }]);
      expect(await storage.aggregate(slow(name))).toEqual([{ n: 1 }]);
    }
    expect(aside).toHaveBeenCalledTimes(5);
  });

  it("is given up by who does not wait any more, and holds up nobody after him", async () => {
    const gone = new AbortController();
    const bound = storage.forTenant("t", gone.signal);
    const asked = Array.from({ length: 6 }, () => bound.aggregate(slow("number")));
    gone.abort(new Error("hung up"));
    const answers = await Promise.allSettled(asked);
    expect(
      answers.every((answer) => answer.status === "rejected" && /hung up/.test(String(answer.reason))),
    ).toBe(true);
    expect(await storage.aggregate(slow("many"))).toEqual([{ n: ROWS }]);
  });

  it("ends with the storage", async () => {
    const other = sqlite(join(folder, "large.db"));
    await other.open(fixtureSchema);
    await other.aggregate(slow("many"));
    const asked = other.aggregate(slow("number")).catch((error: unknown) => error);
    await other.close();
    // It has its rows, or is told that the storage is closed.
    const answer = await asked;
    if (!Array.isArray(answer)) expect(answer).toMatchObject({ code: "storage-unavailable" });
  });
});

it("takes a read that was slow once for the machine's hiccup, and one that was very slow for what it is", () => {
  const reads = new SlowReads({ driver: "better-sqlite3", path: "x", busyTimeout: 1 });
  const statement = (table: string) => ({ sql: `select ${table}`, operation: "read", table }) as never;
  const [once, twice, huge] = [statement("a"), statement("b"), statement("c")];
  for (const ms of [10, 0.1, 10, 0.1]) reads.took(once, ms);
  for (const ms of [10, 10]) reads.took(twice, ms);
  reads.took(huge, 60);
  expect([once, twice, huge].map((one) => reads.takes(one))).toEqual([false, true, true]);
});

describe("without a process to read in", () => {
  const absent = fileURLToPath(new URL("./absent.js", import.meta.url));
  const ways: [string, () => ChildProcess, RegExp][] = [
    [
      "that may not be started",
      () => {
        throw new Error("Access to this API has been restricted");
      },
      /restricted/,
    ],
    ["that ends before it reads", () => fork(absent, { stdio: "ignore" }), /ended with 1 before/],
    [
      "that is not there",
      () => fork(absent, { execPath: "/no/such/node", stdio: ["ignore", "ignore", "ignore", "ipc"] }),
      /ENOENT/,
    ],
  ];
  for (const [what, start, reason] of ways)
    it(`${what}, reads go on in the app, and a warning says why`, async () => {
      const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
      const reads = new SlowReads({ driver: "better-sqlite3", path: "x", busyTimeout: 1 }, start);
      const statement = { sql: "select 1", operation: "read", table: "t" } as never;
      reads.took(statement, 100);
      expect(reads.takes(statement)).toBe(true);
      const answers = await Promise.all([1, 2, 3, 4].map(() => reads.rows(statement, [], undefined)));
      expect(answers).toEqual([undefined, undefined, undefined, undefined]);
      expect(reads.takes(statement)).toBe(false);
      expect(warned).toHaveBeenCalledTimes(1);
      expect(String(warned.mock.calls[0]?.[0])).toMatch(reason);
      expect(await reads.rows(statement, [], undefined)).toBe(undefined);
      await reads.close();
    });
});

describe("a process that reads", () => {
  it("may be killed at any moment: its read is made in the app, the next one by another", async () => {
    const storage = sqlite(join(folder, "large.db"));
    await storage.open(fixtureSchema);
    await storage.aggregate(slow("many"));
    for (let n = 0; n < 3; n++) {
      const asked = storage.aggregate(slow("many"));
      await new Promise((resolve) => setTimeout(resolve, n * 20));
      execSync("pkill -KILL -f [s]qlite-reader.ts || true");
      expect(await asked).toEqual([{ n: ROWS }]);
    }
    await storage.close();
  });

  it("is ended with the app, however that ends, and ends it with nothing", async () => {
    for (const how of ["idle", "close", "exit", "throw"]) {
      const script = spawnScript(
        new URL("./slow-exit.ts", import.meta.url),
        JSON.stringify({ path: join(folder, "large.db"), how }),
      );
      expect(await script.line()).toBe("reading");
      const { code } = await script.ended();
      expect([how, code]).toEqual([how, how === "throw" ? 1 : 0]);
    }
    // Four processes, one after the other.
  }, 60_000);
});

describe("everything aside, in the same way", () => {
  beforeAll(() => {
    vi.spyOn(SlowReads.prototype, "takes").mockReturnValue(true);
  });
  storageConformance({
    name: "sqlite, read aside",
    runner: {
      describe: (name, body) => void describe(name, body),
      test: (name, body, timeout) =>
        test(
          name,
          () => {
            vi.spyOn(SlowReads.prototype, "takes").mockReturnValue(true);
            return body();
          },
          timeout,
        ),
      beforeAll,
      afterAll,
    },
    open: async () => {
      const path = join(mkdtempSync(join(folder, "aside-")), "corm.db");
      return { adapter: sqlite(path), another: () => sqlite(path), dispose: async () => {} };
    },
  });
});
