import { crmCore, exportRecords, importFile, readCsv } from "@corm/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { onDatabases } from "../support/apps.js";
import { spawnScript } from "../support/spawn.js";
import { toys } from "../support/toys.js";

const RISKY = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"];

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  // Cut anywhere, also inside of characters.
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

describe("F56 what a spreadsheet would run", () => {
  const hostile = fc
    .array(fc.constantFrom(...RISKY, "'", '"', ",", ";", "cmd()", "ä", "😀", " ", "x"), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => parts.join(""))
    .filter((text) => text !== "");
  const row = fc.record({
    title: hostile,
    note: fc.option(hostile),
    count: fc.option(fc.integer({ min: -1_000_000, max: 1_000_000 })),
    // A file has no negative zero.
    ratio: fc.option(
      fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e6, min: -1e6 }).map((ratio) => ratio + 0),
    ),
    done: fc.boolean(),
    dueOn: fc.option(fc.constantFrom("2026-01-01", "1999-12-31")),
    seenAt: fc.option(fc.constant("2026-01-01T00:00:00.000Z")),
    price: fc.option(
      fc.constantFrom({ amount: "-12.50", currency: "EUR" }, { amount: "1250", currency: "JPY" }),
    ),
    extra: fc.option(fc.constantFrom<unknown>(-5, "=1", { a: ["+"] }, [true])),
  });
  const fields = ["title", "note", "count", "ratio", "done", "dueOn", "seenAt", "price", "extra"];

  onDatabases({ plugins: [crmCore(), toys()] }, (app, database) => {
    it("is neutralised and quoted, and comes back through the import as it was", async () => {
      const numRuns = database === "SQLite in memory" ? 40 : 8;
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 8 }),
          fc.constantFrom(",", ";", "\t"),
          async (rows, delimiter) => {
            const [from, to] = [app().fresh(), app().fresh()];
            const made = await from.entities.thing.createMany(rows as never);
            let text = "";
            for await (const chunk of exportRecords(
              from,
              { name: "thing" },
              { select: fields },
              { format: "csv", delimiter },
            ))
              text += chunk;
            for await (const record of readCsv([text], { delimiter }))
              for (const cell of record.cells)
                expect(/^([=@+＝＋－＠\t\r\n]|-(?![\d.]+(e[-+]?\d+)?$))/.test(cell), cell).toBe(false);
            const status = await importFile(to, { name: "thing" }, bytesOf(text), {
              format: "csv",
              encoding: "utf-8",
            });
            expect(status).toMatchObject({ accepted: rows.length, rejected: 0 });
            const { items } = await to.entities.thing.find({ orderBy: ["id"], limit: 500 });
            const only = (record: object) =>
              Object.fromEntries(fields.map((name) => [name, Reflect.get(record, name)]));
            expect(items.map(only)).toEqual(made.map(only));
          },
        ),
        { numRuns, seed: 56 },
      );
    });
  });
});

describe("F57 files that are made to hurt", () => {
  it.each([
    ["a row of 50 MB", "long-row", 413, "row-too-large"],
    ["a cell of 50 MB of lines", "long-cell", 413, "row-too-large"],
    ["10,000 columns", "columns", 400, "invalid-import"],
    ["a quote that is never closed", "open-quote", 400, "invalid-import"],
    ["1 GB packed into 1 MB", "bomb", 415, "unsupported-media-type"],
    ["100,000 rows", "rows", 202, "finished"],
  ])(
    "%s: answered with bounded memory",
    async (_, attack, status, code) => {
      const script = spawnScript(new URL("./hostile-import.ts", import.meta.url), attack);
      const answer = JSON.parse((await script.line()) ?? "{}");
      expect(await script.ended()).toMatchObject({ code: 0 });
      expect(answer).toMatchObject({ status, code });
      expect(answer.written).toBe(attack === "rows" ? 100_000 : 0);
      // Many batches leave garbage that is collected later; one that is refused leaves next to nothing.
      expect(answer.grown).toBeLessThan((attack === "rows" ? 160 : 96) * 1024 * 1024);
    },
    240_000,
  );
});

describe("F58 a file with what is not the caller's", () => {
  onEngines((api) => {
    it("is refused row by row, and no row leaves a part behind", async () => {
      const headers = { "content-type": "text/csv" };
      const { id: foreign } = await api().inTenant("other").entities.account.create({ name: "Not yours" });
      await api().me.entities.parcel.create({ code: "TAKEN" });
      const file = `code,accountId,note\nF1,${foreign},x\nTAKEN,,x\nF2,,x\nF2,,y\nF3,nonsense,x\n`;
      const { body } = await api().call("POST", "/api/parcels/import", { body: file, headers });
      expect(body).toMatchObject({ state: "finished", accepted: 1, rejected: 4 });
      const { text } = await api().call("GET", `/api/imports/${body["id"]}/errors`);
      expect(text).toContain(`there is no account ${foreign}`);
      expect(text).toMatch(/TAKEN.*already/);
      const { items } = await api().me.entities.parcel.find({ select: ["code", "note"], orderBy: ["code"] });
      expect(items).toEqual([
        { code: "F2", note: "x" },
        { code: "TAKEN", note: null },
      ]);
      for (const column of ["ssn", "tenantId", "deletedAt", "passwordHash"])
        await api().fails(400, "unknown-field", "POST", "/api/parcels/import", {
          body: `code,${column}\nF9,x\n`,
          headers,
        });
      expect(await api().me.entities.parcel.count()).toBe(2);
    });
  });
});
