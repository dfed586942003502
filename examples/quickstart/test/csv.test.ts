import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCsv } from "../src/data/csv.js";
import { temporaryFolder } from "./support.js";

/** The rows of a file with the columns a, b, c, in short: line and values, or line and problem. */
async function read(text: string | Buffer): Promise<unknown[]> {
  await using folder = await temporaryFolder({ "t.csv": text as string });
  const table = await openCsv(join(folder.path, "t.csv"), ["a", "b", "c"]);
  const rows: unknown[] = [];
  for await (const row of table.rows()) {
    rows.push("cells" in row ? [row.line, row.cells.a, row.cells.b, row.cells.c] : [row.line, row.problem]);
  }
  return rows;
}

describe("a CSV file", () => {
  it("may have quotes, a byte order mark, CRLF, blank lines and no last line end", async () => {
    const text = '\uFEFFa,b,c\r\n1,"x, ""y""",3\r\n\r\n,,\r\n4,5,6';
    expect(await read(text)).toEqual([
      [2, "1", 'x, "y"', "3"],
      [4, "", "", ""],
      [5, "4", "5", "6"],
    ]);
  });

  it("may have its columns in another order, and others beside them", async () => {
    expect(await read("C ,note, A,b\n3,n,1,2\n")).toEqual([[2, "1", "2", "3"]]);
  });

  it("may have line breaks inside quotes", async () => {
    expect(await read('a,b,c\n1,"two\nlines",3\n4,5,6\n')).toEqual([
      [2, "1", "two\nlines", "3"],
      [4, "4", "5", "6"],
    ]);
  });

  it("loses only the lines that are broken", async () => {
    const text = 'a,b,c\n1,2\n1,2,3,4\n1,"2,3\n4,5,6\n7,8"9",0\n1,2",3\n5,"6"x,7\n8,9,0\n';
    expect(await read(text)).toEqual([
      [2, "has 2 columns, and the header has 3"],
      [3, "has 4 columns, and the header has 3"],
      [4, "opens a quote that is not closed"],
      [5, "4", "5", "6"],
      [6, "has a quote in the wrong place"],
      [7, "opens a quote that is not closed"],
      [8, "has a quote in the wrong place"],
      [9, "8", "9", "0"],
    ]);
  });

  it("is read to its end behind a quote that is never closed", async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `${i},x,y`);
    rows[500] = '500,"x,y';
    const found = await read(`a,b,c\n${rows.join("\n")}\n`);
    expect(found).toHaveLength(1000);
    expect(found[500]).toEqual([502, "opens a quote that is not closed"]);
    expect(found.filter((row) => (row as unknown[]).length === 4)).toHaveLength(999);
  });

  it("keeps letters whole that lie across two chunks", async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `Zoë 李 ${i}`);
    const found = await read(`a,b,c\n${names.map((name) => `${name},x,y`).join("\n")}\n`);
    expect(found.map((row) => (row as string[])[1])).toEqual(names);
  });

  it("is refused without its columns", async () => {
    await expect(read("a,c\n1,2\n")).rejects.toThrow(/The header of t\.csv lacks "b".*has a,c/);
    await expect(read("a;b;c\n1;2;3\n")).rejects.toThrow(/lacks "a", "b", "c"/);
    await expect(read("\n\n")).rejects.toThrow("t.csv is empty.");
  });
});
