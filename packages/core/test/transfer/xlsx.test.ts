import { exportRecords } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { streamXlsxRows } from "hucre/xlsx";
import readExcelFile from "read-excel-file/node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startApi } from "../http/support/start.js";
import { counting } from "../support/counting.js";

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async function workbook(query: string): Promise<Buffer> {
  const http = createHttp(api.crm, { tenants: ["test"] });
  const response = await http.request(`/api/parcels/export?format=xlsx&${query}`, {
    headers: { authorization: `Bearer ${api.key}` },
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, TYPE]);
  expect(response.headers.get("content-disposition")).toMatch(/parcels-2026-01-05\.xlsx/);
  return Buffer.from(await response.arrayBuffer());
}

/** By another library than the one that wrote it. */
async function cellsOf(file: Buffer): Promise<unknown[][]> {
  const [sheet] = (await readExcelFile(file)) as unknown as { sheet: string; data: unknown[][] }[];
  return sheet?.data ?? [];
}

describe("a workbook", () => {
  it("holds days, moments, numbers and amounts as what they are, and formulas as text", async () => {
    await api.me.entities.parcel.createMany([
      {
        code: "A1",
        note: '=cmd|" /C calc"!A0',
        weight: 3,
        rating: -0.5,
        fragile: true,
        dueOn: "2026-02-01",
        sentAt: "2026-02-01T10:00:00+01:00",
        price: { amount: "-12.5", currency: "EUR" },
        box: { width: 2 },
      },
      { code: "A2", note: "two\nlines <&> \u0001 ümlaut 漢字 😀 end" },
      { code: "A3", dueOn: "1899-12-31", price: { amount: "90071992547409.91", currency: "USD" } },
      { code: "A4", note: "x".repeat(40_000) },
    ]);
    const fields = "code,note,weight,rating,fragile,dueOn,sentAt,price,box";
    const cells = await cellsOf(await workbook(`fields=${fields}&sort=code`));
    expect(cells).toHaveLength(5);
    const [header, one, two, three, four] = cells as unknown[][];
    expect(header).toEqual([
      ...["code", "note", "weight", "rating", "fragile", "dueOn", "sentAt", "price", "price.currency", "box"],
    ]);
    expect(one).toEqual([
      "A1",
      '\'=cmd|" /C calc"!A0',
      3,
      -0.5,
      true,
      new Date("2026-02-01T00:00:00Z"),
      new Date("2026-02-01T09:00:00Z"),
      -12.5,
      "EUR",
      '{"width":2}',
    ]);
    expect(two?.[1]).toMatch(/^two\nlines <&> .*ümlaut 漢字 😀 end$/s);
    expect(three?.slice(5)).toEqual(["1899-12-31", null, "90071992547409.91", "USD", null]);
    expect(String(four?.[1])).toHaveLength(32_767);
    expect(String(four?.[1])).toMatch(/x … \(cut: 40000 characters\)$/);
  });

  it("goes through every page, and is made while it is read", async () => {
    const { storage, log } = counting(sqlite(":memory:"));
    const many = await startApi(undefined, storage);
    const rows = Array.from({ length: 20_000 }, (_, n) => ({
      code: `P${n}`,
      note: `number ${(n * 7919) % 20_011} of many`,
    }));
    for (let at = 0; at < rows.length; at += 1000)
      await many.me.entities.parcel.createMany(rows.slice(at, at + 1000));
    log.clear();
    const chunks = exportRecords(
      many.me,
      { name: "parcel" },
      { select: ["code", "note"] },
      { format: "xlsx" },
    );
    const first = await chunks.next();
    expect(first.done).toBe(false);
    const pages = () => log.of("findMany", "parcel").length;
    expect(pages()).toBeLessThan(50);
    const parts = [first.value as Uint8Array];
    for await (const chunk of chunks) parts.push(chunk as Uint8Array);
    expect(pages()).toBeGreaterThan(390);
    const codes: unknown[] = [];
    for await (const { values } of streamXlsxRows(Buffer.concat(parts))) codes.push(values[0]);
    expect(codes).toEqual(["code", ...rows.map(({ code }) => code)]);

    log.clear();
    const broken = exportRecords(
      many.me,
      { name: "parcel" },
      { select: ["code", "note"] },
      { format: "xlsx" },
    );
    await broken.next();
    await broken.return(undefined);
    const before = pages();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pages()).toBe(before);
    await many.crm.stop();
  });

  it("needs a package, and says which where it is not there", async () => {
    vi.doMock("hucre/xlsx", () => {
      throw new Error("Cannot find package 'hucre'");
    });
    try {
      const answer = await api.call("GET", "/api/parcels/export?format=xlsx");
      expect([answer.status, answer.body["code"]]).toEqual([406, "xlsx-not-installed"]);
      expect(answer.text).toContain("npm install hucre");
    } finally {
      vi.doUnmock("hucre/xlsx");
    }
  });

  it("is refused before its first byte, as any file is", async () => {
    const of = (query: string) => ["GET", `/api/parcels/export?format=xlsx&${query}`] as const;
    await api.fails(400, "unknown-field", ...of("fields=code,colour"));
    await api.fails(400, "unknown-field", ...of("filter[colour]=red"));
    await api.fails(401, "unauthenticated", ...of(""), { key: null });
    const wrong = exportRecords(api.me, { name: "parcel" }, { where: { colour: 1 } }, { format: "xlsx" });
    await expect(wrong.next()).rejects.toMatchObject({ code: "unknown-field" });
  });
});
