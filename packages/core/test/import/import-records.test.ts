import {
  HookFailed,
  type ImportProgress,
  type ImportRow,
  importRecords,
  type Rejection,
  StorageUnavailable,
  TransactionConflict,
} from "@corm/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import type { ThingInput } from "../support/toys.js";

const { program, plugin } = programmable();
type Rows = ImportRow<ThingInput>[];
const row = (n: number, input: object): ImportRow<ThingInput> => ({ row: n, input: input as ThingInput });
const good = (n: number): ImportRow<ThingInput> => row(n, { title: `T${n}`, code: `c${n}` });

onDatabases({ plugins: [plugin] }, (app, database) => {
  const run = async (
    me: ReturnType<ReturnType<typeof app>["fresh"]>,
    rows: Iterable<ImportRow<ThingInput>>,
    batch = 10,
  ) => {
    const rejections: Rejection[] = [];
    const steps: ImportProgress[] = [];
    const result = await importRecords(me.entities.thing, rows, {
      key: ["code"],
      batch,
      onReject: (rejection) => rejections.push(rejection),
      onProgress: (progress) => steps.push(progress),
    });
    return { result, rejections, steps };
  };

  it("takes the good rows and tells of every bad one: its number, its field, the reason", async () => {
    const me = app().fresh();
    const rows: Rows = [
      good(1),
      row(2, { title: "", code: "c2" }),
      row(3, { title: "T3", code: "c3", dueOn: "2026-02-30" }),
      { row: 4, field: "price", reason: "no such number" },
      { row: 5, reason: "the line is cut" },
      row(6, { title: "T6", code: "c6", price: { amount: "1.005", currency: "EUR" } }),
      row(7, { title: "T7" }),
      row(8, { title: "T8" }),
      row(9, { title: "T9", code: "c1" }),
      row(10, { title: "T10", code: "c10", colour: "red" }),
      row(11, { title: "T11", code: "c11", boxId: "00000000-0000-7000-8000-00000000dead" }),
      row(12, { title: "x".repeat(101), code: "c12", stage: "odd" }),
      good(13),
    ];
    const { result, rejections } = await run(me, rows);
    expect(result).toEqual({ done: 13, accepted: 2, rejected: 11 });
    const told = new Map(rejections.map((rejection) => [rejection.row, rejection]));
    expect(told.size).toBe(11);
    const expected: [number, string | null, RegExp][] = [
      [2, "title", /title: /],
      [3, "dueOn", /2026-02-30.*not a date/],
      [4, "price", /no such number/],
      [5, null, /the line is cut/],
      [6, "price", /decimal/],
      [7, "code", /required/],
      [8, "code", /required/],
      [9, "code", /has the same code as row 1$/],
      [10, "colour", /unknown field/],
      [11, "boxId", /no box/],
      [12, "title", /title: .*stage: /],
    ];
    for (const [number, field, reason] of expected) {
      expect(told.get(number)).toMatchObject({ field, reason: expect.stringMatching(reason) });
    }
    expect((await me.entities.thing.find({ orderBy: ["id"] })).items.map(({ code }) => code)).toEqual([
      "c1",
      "c13",
    ]);
  });

  it("lets no row keep another out, wherever the bad ones stand", async () => {
    const runs = database === "SQLite in memory" ? 30 : 8;
    const bad = fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(bad, fc.integer({ min: 1, max: 25 }), async (places, batch) => {
        const me = app().fresh();
        const rows = Array.from({ length: 60 }, (_, n) =>
          places.includes(n) ? row(n, { title: "x", code: `c${n}`, count: 1.5 }) : good(n),
        );
        const { result, rejections, steps } = await run(me, rows, batch);
        expect(result).toEqual({ done: 60, accepted: 60 - places.length, rejected: places.length });
        expect(rejections.map((rejection) => rejection.row).sort((a, b) => a - b)).toEqual(
          [...places].sort((a, b) => a - b),
        );
        expect(await me.entities.thing.count()).toBe(60 - places.length);
        for (const step of steps) expect(step.accepted + step.rejected).toBe(step.done);
        expect(steps.at(-1)).toEqual(result);
      }),
      { numRuns: runs, seed: 3 },
    );
  });

  it("doubles nothing when it is started again, and brings records up to date", async () => {
    const me = app().fresh();
    const rows = Array.from({ length: 25 }, (_, n) => good(n));
    function* broken() {
      yield* rows.slice(0, 15);
      throw new Error("the disk is gone");
    }
    await expect(run(me, broken())).rejects.toThrow("the disk is gone");
    expect(await me.entities.thing.count()).toBe(10);
    expect((await run(me, rows)).result).toEqual({ done: 25, accepted: 25, rejected: 0 });
    expect(await me.entities.thing.count({ version: 1 })).toBe(25);
    await run(me, [row(1, { title: "new", code: "c3" })]);
    expect(await me.entities.thing.first({ where: { code: "c3" } })).toMatchObject({
      title: "new",
      version: 2,
    });
    expect(await me.entities.thing.count()).toBe(25);
  });

  it("reads no further than the batch it writes, and runs hooks over batches", async () => {
    const me = app().fresh();
    const sizes: number[] = [];
    let read = 0;
    program.afterCreate = async (batch, ctx) => {
      sizes.push(batch.length);
      expect(read).toBe(sizes.length * 10);
      await ctx.repo((await import("../support/toys.js")).box).count();
    };
    async function* source() {
      for (let n = 0; n < 30; n++) {
        read += 1;
        yield good(n);
      }
    }
    await importRecords(me.entities.thing, source(), { key: ["code"], batch: 10 });
    expect(sizes).toEqual([10, 10, 10]);
  });

  describe("stops, and blames no row, when", () => {
    it.each([
      ["the database is gone", () => StorageUnavailable({ reason: "gone" }), StorageUnavailable.code],
      ["a collision does not end", () => TransactionConflict({ reason: "busy" }), TransactionConflict.code],
      ["a hook is broken", () => new TypeError("bug"), HookFailed.code],
    ])("%s", async (_, error, code) => {
      const me = app().fresh();
      program.beforeCreate = (batch) => {
        if (batch.some(({ input }) => input.title === "T12")) throw error();
      };
      const rejections: Rejection[] = [];
      const importing = importRecords(
        me.entities.thing,
        Array.from({ length: 20 }, (_, n) => good(n)),
        {
          key: ["code"],
          batch: 10,
          onReject: (rejection) => rejections.push(rejection),
        },
      );
      await expect(importing).rejects.toMatchObject({ code });
      expect(rejections).toEqual([]);
      expect(await me.entities.thing.count()).toBe(10);
    });
  });
});
