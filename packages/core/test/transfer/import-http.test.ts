import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { createHttp } from "@corm/core/http";
import { createAdaptorServer } from "@hono/node-server";
import { writeXlsx } from "hucre/xlsx";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run.js";
import { startApi, type TestApi } from "../http/support/start.js";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
let api: TestApi;
const folder = mkdtempSync(join(tmpdir(), "corm-cli-"));
beforeAll(async () => {
  api = await startApi();
});
afterAll(async () => {
  await api.crm.stop();
  rmSync(folder, { recursive: true, force: true });
});

const send = (path: string, body: string | Uint8Array, type = "text/csv") =>
  api.call("POST", path, { body, headers: { "content-type": type } });

describe("an import over HTTP", () => {
  it("is previewed, brought in, and taken back", async () => {
    const file = "Nachname;E-Mail;Firma\nLovelace;ada@example.org;Acme\nHopper;grace@example.org;Acme\n";
    await api.call("POST", "/api/accounts", { body: { name: "Acme" } });
    const preview = await send("/api/contacts/import/preview", file);
    const columns = preview.body["columns"] as { column: string; field: string }[];
    const mapping = Object.fromEntries(columns.map(({ column, field }) => [column, field]));
    expect(mapping).toEqual({ Nachname: "lastName", "E-Mail": "email", Firma: "account.name" });
    const query = new URLSearchParams({
      mapping: JSON.stringify(mapping),
      transforms: '{"Nachname":["upper"]}',
    });
    const { body } = await send(`/api/contacts/import?${query}`, file);
    expect(body).toMatchObject({ state: "finished", accepted: 2, rejected: 0 });
    const list = await api.call("GET", "/api/contacts?filter[account.name]=Acme&sort=lastName");
    expect((list.body["data"] as { lastName: string }[]).map(({ lastName }) => lastName)).toEqual([
      "HOPPER",
      "LOVELACE",
    ]);
    const reverted = await api.call("POST", `/api/imports/${body["id"]}/revert`);
    expect(reverted.body).toMatchObject({ state: "reverted", reverted: 2, kept: 0 });
    expect(((await api.call("GET", "/api/contacts")).body["data"] as unknown[]).length).toBe(0);
    await api.fails(404, "not-found", "POST", `/api/imports/${body["id"]}/revert`, { key: api.foreignKey });
    await api.fails(400, "invalid-parameter", "POST", "/api/contacts/import?transforms=x", {
      body: file,
      headers: { "content-type": "text/csv" },
    });
  });

  it("takes a workbook", async () => {
    const rows = [
      ["lastName", "birthday"],
      ["Sheet", new Date(Date.UTC(2000, 1, 29))],
    ];
    const { body } = await send(
      "/api/contacts/import",
      await writeXlsx({ sheets: [{ name: "A", rows }] } as never),
      XLSX,
    );
    expect(body).toMatchObject({ state: "finished", accepted: 1 });
  });
});

/** A ZIP with entries of which the sizes may be lies. */
function zip(entries: readonly { name: string; bytes: Buffer; size?: number; raw?: Buffer }[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, size = bytes.length, raw } of entries) {
    const packed = raw ?? deflateRawSync(bytes);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt16LE(8, 8);
    head.writeUInt32LE(packed.length, 18);
    head.writeUInt32LE(size, 22);
    head.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(offset, 42);
    parts.push(head, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    offset += head.length + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

describe("F57 a hostile workbook", () => {
  const book = '<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>';
  const links =
    '<Relationships><Relationship Id="r1" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>';
  const base = (sheet: string) => [
    { name: "xl/workbook.xml", bytes: Buffer.from(book) },
    { name: "xl/_rels/workbook.xml.rels", bytes: Buffer.from(links) },
    { name: "xl/worksheets/sheet1.xml", bytes: Buffer.from(sheet) },
  ];
  const row = (n: number, text: string) =>
    `<row r="${n}"><c r="A${n}" t="inlineStr"><is><t>${text}</t></is></c></row>`;
  const sheet = `<worksheet><sheetData>${row(1, "lastName")}${row(2, "Good")}</sheetData></worksheet>`;
  const fails = (status: number, code: string, body: Buffer) =>
    api.fails(status, code, "POST", "/api/contacts/import", {
      body: new Uint8Array(body),
      headers: { "content-type": XLSX },
    });

  it("is refused, and no other is", async () => {
    expect((await send("/api/contacts/import", new Uint8Array(zip(base(sheet))), XLSX)).body).toMatchObject({
      accepted: 1,
    });
    const bomb = Buffer.alloc(300 * 1024 * 1024, " ");
    await fails(
      413,
      "workbook-too-large",
      zip([...base(sheet), { name: "xl/sharedStrings.xml", bytes: bomb }]),
    );
    // Its size is a lie: nothing beyond what it claims is unpacked.
    await fails(
      400,
      "invalid-import",
      zip([...base(sheet), { name: "xl/sharedStrings.xml", bytes: bomb, size: 1_000 }]),
    );
    const sheets = base(sheet).filter(({ name }) => !name.includes("sheet1"));
    await fails(
      413,
      "workbook-too-large",
      zip([...sheets, { name: "xl/worksheets/sheet1.xml", bytes: bomb }]),
    );
    const laughs = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>${sheet.replace("Good", "&b;")}`;
    await fails(400, "invalid-import", zip(base(laughs)));
    await fails(
      400,
      "invalid-import",
      zip(
        base(`<worksheet><sheetData>${row(1, "lastName").replaceAll("A1", "ZZZ1")}</sheetData></worksheet>`),
      ),
    );
    await fails(400, "invalid-import", zip(base(`${"<a>".repeat(5_000)}`)));
    await fails(400, "invalid-import", zip(base("<worksheet><sheetData><row")));
  });
});

describe("corm import", () => {
  it("brings a file in, keeps what is refused, and says so by its exit code", async () => {
    const server = createAdaptorServer({ fetch: createHttp(api.crm, { tenants: ["test"] }).fetch });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const path = join(folder, "people.csv");
    writeFileSync(path, "lastName,birthday\nA,2000-01-01\nB,never\n");
    const said: string[] = [];
    const output = {
      out: (line: string) => said.push(line),
      error: (line: string) => said.push(`! ${line}`),
    };
    const run = (...args: string[]) => runCli(["import", ...args], { CORM_API_KEY: api.key }, output);
    try {
      expect(await run(path, "--into", "contacts", "--url", url)).toBe(1);
      expect(said[0]).toMatch(/^1 accepted, 1 rejected of 2 rows/);
      expect(readFileSync(`${path}.rejected.csv`, "utf8")).toContain("B,never");
      writeFileSync(path, "lastName\nC\n");
      expect(await run(path, "--into", "contacts", "--url", url, "--dryRun", "true")).toBe(0);
      expect(await run(path, "--into", "nothing", "--url", url)).toBe(2);
      expect(await run(path, "--url", url)).toBe(2);
      expect(await run(join(folder, "absent.csv"), "--into", "contacts", "--url", url)).toBe(2);
      expect(said.filter((line) => line.startsWith("!")).length).toBe(3);
    } finally {
      server.close();
    }
  });
});
