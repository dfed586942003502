import { defineEntity, definePlugin, exportRecords, secret } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { startApi } from "../http/support/start.js";
import { counting } from "../support/counting.js";

onEngines((api) => {
  const me = () => api().me.entities.parcel;

  it("answers all records of a query as CSV, money in two columns", async () => {
    const { id: accountId } = await api().me.entities.account.create({ name: "Ada, Ltd" });
    await me().createMany([
      {
        code: "A1",
        note: '=cmd|" /C calc"!A0',
        weight: 3,
        rating: -0.5,
        fragile: true,
        dueOn: "2026-02-01",
        sentAt: "2026-02-01T10:00:00+01:00",
        price: { amount: "-12.5", currency: "EUR" },
        accountId,
        box: { width: 2 },
      },
      { code: "A2", note: "two\nlines, and ümlaut" },
      { code: "B1", state: "sent" },
    ]);
    const fields = "code,note,weight,rating,fragile,dueOn,sentAt,price,accountId,box";
    const { text, headers } = await api().call(
      "GET",
      `/api/parcels/export?filter[code][startsWith]=A&sort=-code&fields=${fields}`,
    );
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(headers.get("content-disposition")).toBe('attachment; filename="parcels-2026-01-05.csv"');
    expect(text).toBe(
      [
        "code,note,weight,rating,fragile,dueOn,sentAt,price,price.currency,accountId,box",
        'A2,"two\nlines, and ümlaut",,,false,,,,,,',
        `A1,"'=cmd|"" /C calc""!A0",3,-0.5,true,2026-02-01,2026-02-01T09:00:00.000Z,-12.50,EUR,${accountId},"{""width"":2}"`,
        "",
      ].join("\r\n"),
    );
  });

  it("answers lines of JSON, and CSV for Excel", async () => {
    const ndjson = await api().call("GET", "/api/parcels/export?format=ndjson&sort=code&fields=code,price");
    expect(
      ndjson.text
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { code: "A1", price: { amount: "-12.50", currency: "EUR" } },
      { code: "A2", price: null },
    ]);
    const { text } = await api().call(
      "GET",
      "/api/parcels/export?fields=code,state&delimiter=%3B&bom=true&search=B1",
    );
    // `text()` drops the mark.
    expect(text).toBe("code;state\r\nB1;sent\r\n");
    const { value } = await exportRecords(
      api().me,
      { name: "parcel" },
      {},
      { format: "csv", bom: true },
    ).next();
    expect(value?.startsWith("\uFEFFid,")).toBe(true);
  });

  it("goes through every page, and shows nothing of others", async () => {
    const codes = Array.from({ length: 1203 }, (_, n) => `P${1000 + n}`);
    await me().createMany(codes.map((code) => ({ code })));
    const { text } = await api().call(
      "GET",
      "/api/parcels/export?fields=code&sort=code&filter[code][startsWith]=P",
    );
    expect(text.trim().split("\r\n").slice(1)).toEqual(codes);
    const foreign = await api().call("GET", "/api/parcels/export?fields=code", { key: api().foreignKey });
    expect(foreign.text).toBe("code\r\n");
  });

  it("refuses what a list refuses, before anything is sent", async () => {
    const of = (query: string) => ["GET", `/api/parcels/export?${query}`] as const;
    await api().fails(400, "unknown-field", ...of("fields=code,colour"));
    await api().fails(400, "unknown-field", ...of("filter[colour]=red"));
    await api().fails(400, "unknown-field", ...of("sort=colour"));
    await api().fails(400, "unknown-parameter", ...of("limit=5"));
    await api().fails(400, "unknown-parameter", ...of("include=account"));
    await api().fails(400, "duplicate-parameter", ...of("format=csv&format=csv"));
    await api().fails(400, "invalid-parameter", ...of("format=pdf"));
    await api().fails(400, "invalid-parameter", ...of("delimiter=x"));
    await api().fails(401, "unauthenticated", ...of(""), { key: null });
  });
});

describe("a stream", () => {
  const opened = async (count: number) => {
    const { storage, log } = counting(sqlite(":memory:"));
    const api = await startApi(undefined, storage);
    await api.me.entities.parcel.createMany(
      Array.from({ length: count }, (_, n) => ({ code: `P${n}`, note: "x".repeat(2000) })),
    );
    const http = createHttp(api.crm, { tenants: ["test"] });
    log.clear();
    const response = await http.request("/api/parcels/export", {
      headers: { authorization: `Bearer ${api.key}` },
    });
    expect(response.status).toBe(200);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    return { api, reader, pages: () => log.of("findMany", "parcel").length };
  };
  const aWhile = () => new Promise((resolve) => setTimeout(resolve, 50));

  it("makes no more than is asked for, and ends when the caller goes", async () => {
    const { api, reader, pages } = await opened(600);
    await reader.read();
    await aWhile();
    expect(pages()).toBeGreaterThan(0);
    expect(pages()).toBeLessThan(6);
    await reader.cancel();
    const before = pages();
    await aWhile();
    expect(pages()).toBe(before);
    await api.crm.stop();
  });

  it("breaks off and tells the log where it cannot go on", async () => {
    const { api, reader } = await opened(300);
    await reader.read();
    await api.crm.stop();
    const rest = async () => {
      while (!(await reader.read()).done);
    };
    await expect(rest()).rejects.toThrow();
    expect(api.errors.length).toBe(1);
  });
});

it("never holds what is secret, whoever asks", async () => {
  const vault = defineEntity("vault", {
    fields: { name: Type.String(), token: Type.Optional(secret(Type.String())) },
  });
  const plugin = definePlugin({
    name: "vaults",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ entities: { vault } }),
  });
  const { crm } = await createTestCrm({ plugins: [plugin()] });
  const system = crm.system({ tenant: "test", reason: "take everything" });
  await system.repo(vault).create({ name: "one", token: "canary-4711" });
  for (const format of ["csv", "ndjson"] as const) {
    let text = "";
    for await (const chunk of exportRecords(system, vault, {}, { format })) text += chunk;
    expect(text).toContain("one");
    expect(text).not.toMatch(/canary|token/);
  }
  const named = exportRecords(system, vault, { select: ["token"] }, { format: "csv" });
  await expect(named.next()).rejects.toThrow(/no field "token"/);
  await crm.stop();
});
