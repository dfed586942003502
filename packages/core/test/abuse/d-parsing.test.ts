import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { createHttp } from "@corm/core/http";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { parcel } from "../http/support/parcels.js";
import type { Json, TestApi } from "../http/support/start.js";
import { stored } from "./support/written.js";

/** What has ended strings, statements, lines and scripts before. */
const CORPUS = [
  "'",
  '"',
  "`",
  "\\",
  "\\'",
  "--",
  "; drop table parcel; --",
  "' or '1'='1",
  "%",
  "_",
  "100%",
  "a_b",
  "$1",
  "?",
  ":name",
  "{{7*7}}",
  "$\u007b7*7}",
  "<script>alert(1)</script>",
  "=1+1",
  "\u2028\u2029",
  "\u202Eevil",
  "😀🏳️‍🌈",
  "e\u0301",
  "İıſK",
  "\r\nX-Evil: 1",
  "\t",
  "\u0001\u001f\u007f",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "[object Object]",
] as const;
/** No text that a database keeps. */
const REFUSED = ["\u0000", "a\u0000b", "\ud83d", "\udc00x"] as const;

onEngines((started) => {
  let api: TestApi;
  beforeAll(() => {
    api = started();
  });

  const untouched = async (work: () => Promise<unknown>) => {
    const before = await stored(api.crm);
    await work();
    expect(await stored(api.crm)).toBe(before);
    expect(api.errors).toEqual([]);
  };
  const ask = (body: Json) => api.call("POST", "/api/parcels/query", { body });
  let made = 0;
  const code = () => `D${++made}`;

  describe("D41 text of any kind", () => {
    it("comes back as it was sent, and is found by itself alone", async () => {
      for (const text of CORPUS) {
        const note = `<${text}>`;
        const created = await api.call("POST", "/api/parcels", { body: { code: code(), note } });
        expect([created.status, created.body["note"]], JSON.stringify(text)).toEqual([201, note]);
        for (const condition of [{ note }, { note: { startsWith: note } }, { note: { in: [note] } }]) {
          const { body } = await ask({ where: condition as Json, fields: ["note"] });
          expect(body["data"], JSON.stringify(condition)).toEqual([{ note }]);
        }
        const url = `/api/parcels?fields=note&filter[note]=${encodeURIComponent(note)}`;
        expect((await api.call("GET", url)).body["data"], url).toEqual([{ note }]);
        const grouped = await api.call("POST", "/api/parcels/aggregate", {
          body: { where: { note }, groupBy: ["state"], measures: { n: { count: true } } },
        });
        expect(grouped.body["data"]).toEqual([{ state: "open", n: 1 }]);
        const searched = await api.call("GET", `/api/parcels?search=${encodeURIComponent(note)}`);
        expect(searched.status).toBe(200);
      }
      expect(api.errors).toEqual([]);
    });

    it("that no database keeps is refused wherever it stands", async () => {
      const { id } = await api.me.repo(parcel).create({ code: code() });
      await untouched(async () => {
        for (const text of REFUSED) {
          const asked: [string, string, Json][] = [
            ["POST", "/api/parcels", { code: "OK", note: text }],
            ["PATCH", `/api/parcels/${id}`, { note: text }],
            ["POST", "/api/parcels/query", { where: { note: text } }],
            ["POST", "/api/parcels/query", { search: text }],
            [
              "POST",
              "/api/parcels/aggregate",
              { where: { note: { contains: text } }, measures: { n: { count: true } } },
            ],
            [
              "POST",
              "/api/parcels/batch",
              { operations: [{ op: "create", data: { code: "OK", note: text } }] },
            ],
            ["POST", `/api/parcels/${id}/send`, { at: "2026-01-01T00:00:00Z", carrier: text }],
          ];
          for (const [method, path, body] of asked)
            expect((await api.call(method, path, { body })).status, `${method} ${path}`).toBe(400);
        }
      });
    });

    it("in places of names, words and cursors changes nothing and breaks nothing", async () => {
      const { id } = await api.me.repo(parcel).create({ code: code() });
      await untouched(async () => {
        for (const text of [...CORPUS, ...REFUSED]) {
          const bodies: [string, Json][] = [
            ["/api/parcels/query", { where: { [text]: "x" } }],
            ["/api/parcels/query", { where: { note: { [text]: "x" } } }],
            ["/api/parcels/query", { sort: [text] }],
            ["/api/parcels/query", { sort: [`-${text}`] }],
            ["/api/parcels/query", { fields: [text] }],
            ["/api/parcels/query", { include: [text] }],
            ["/api/parcels/query", { after: text }],
            ["/api/parcels/aggregate", { groupBy: [text], measures: { n: { count: true } } }],
            ["/api/parcels/aggregate", { measures: { n: { sum: text } } }],
            ["/api/parcels/aggregate", { measures: { n: { [text]: "weight" } } }],
            ["/api/parcels/batch", { operations: [{ op: text, id }] }],
            ["/api/parcels", { [text]: "x" }],
          ];
          for (const [path, body] of bodies) {
            const { status } = await api.call("POST", path, { body });
            expect(status, `${path} ${JSON.stringify(body)}`).toBe(400);
          }
          const encoded = encodeURIComponent(Buffer.from(text).toString());
          for (const url of [
            `/api/parcels?sort=${encoded}`,
            `/api/parcels?fields=${encoded}`,
            `/api/parcels?limit=${encoded}`,
            `/api/parcels?filter[${encoded}]=x`,
            `/api/parcels?filter[note][${encoded}]=x`,
            `/api/parcels?${encoded}=x`,
            `/api/parcels/export?format=${encoded}`,
            `/api/changes?after=${encoded}`,
          ])
            expect((await api.call("GET", url)).status, url).toBe(400);
          const { status } = await api.call("GET", `/api/parcels/${encoded}`);
          expect([400, 404], `id ${JSON.stringify(text)}`).toContain(status);
        }
      });
    });
  });

  it("D42 words, numbers and units that there are not are refused", async () => {
    const wrong: Record<string, Json[]> = {
      "/api/parcels/query": [
        ...["asc", "+code", "code desc", "code;", "-", "", "code,", "code asc nulls first"].map((sort) => ({
          sort: [sort],
        })),
        ...[-1, 0, 501, 1e9, 1.5, "50", "1; drop", null, Number.MAX_SAFE_INTEGER].map((limit) => ({ limit })),
        ...["like", "ilike", "regex", "$gt", "GT", "=", "is", "exists"].map((op) => ({
          where: { note: { [op]: "x" } },
        })),
        ...["seconds", "fortnight", "day'", "", "DAY"].map((unit) => ({
          where: { sentAt: { within: { last: 1, unit } } },
        })),
        ...[-1, 0.5, "1", 1e12].map((last) => ({ where: { sentAt: { within: { last, unit: "day" } } } })),
        { offset: 10 },
        { page: 2 },
        { where: { price: { amount: "1", currency: "EURO" } } },
        { where: { price: "1 eur; --" } },
      ],
      "/api/parcels/aggregate": [
        ...["Mars/Phobos", "UTC'", "+25:00", "", "../../etc/passwd"].map((timeZone) => ({
          groupBy: [{ field: "sentAt", bucket: "day", timeZone }],
          measures: { n: { count: true } },
        })),
        ...["minute", "decade", "day'", ""].map((bucket) => ({
          groupBy: [{ field: "sentAt", bucket }],
          measures: { n: { count: true } },
        })),
        ...["median", "sum(weight)", ""].map((fn) => ({ measures: { n: { [fn]: "weight" } } })),
        { measures: { "n; drop": { count: true } }, orderBy: ["n"] },
        { measures: { n: { count: true } }, limit: 1e9 },
      ],
    };
    await untouched(async () => {
      for (const [path, bodies] of Object.entries(wrong))
        for (const body of bodies) {
          const { status, text } = await api.call("POST", path, { body });
          expect(status, `${JSON.stringify(body)} ${text}`).toBe(400);
        }
      for (const query of [
        "sort=code%20desc",
        "limit=1e3",
        "limit=-1",
        "limit=%2B5",
        "offset=5",
        "count=yes",
        "asOf=yesterday",
      ])
        expect((await api.call("GET", `/api/parcels?${query}`)).status, query).toBe(400);
    });
  });

  it("D43 percent signs and underscores are letters", async () => {
    const [percent, underscore, plain] = [code(), code(), code()];
    await api.me.repo(parcel).createMany([
      { code: percent, note: "D43 50% off" },
      { code: underscore, note: "D43 50_off" },
      { code: plain, note: "D43 50 x off" },
    ]);
    const found = async (op: string, text: string) => {
      const { body } = await ask({ where: { note: { [op]: text } }, fields: ["code"], sort: ["code"] });
      return (body["data"] as { code: string }[]).map((row) => row.code);
    };
    expect(await found("contains", "D43 50%")).toEqual([percent]);
    expect(await found("contains", "0_o")).toEqual([underscore]);
    expect(await found("startsWith", "D43 50_")).toEqual([underscore]);
    expect(await found("startsWith", "%")).toEqual([]);
    expect(await found("endsWith", "_")).toEqual([]);
    expect(await found("contains", "D43 50\\")).toEqual([]);
    const { body } = await api.call("GET", "/api/parcels?fields=code&search=50%25");
    expect(body["data"]).toEqual([{ code: percent }]);
  });

  it("D44 nothing that is no text is taken for one", async () => {
    const { id } = await api.me.repo(parcel).create({ code: "00", note: "0" });
    await untouched(async () => {
      for (const wrong of [0, 1, true, false, [], ["0"], {}, { id: 1 }, { $ne: null }, 1e300]) {
        const created = await api.call("POST", "/api/parcels", { body: { code: wrong } });
        expect([400, 422], JSON.stringify(wrong)).toContain(created.status);
        const patched = await api.call("PATCH", `/api/parcels/${id}`, { body: { code: wrong } });
        expect([400, 422], JSON.stringify(wrong)).toContain(patched.status);
        // Objects of one key might be operators, of which there is none of that name.
        expect((await ask({ where: { code: wrong } })).status, JSON.stringify(wrong)).toBe(400);
        expect((await ask({ where: { id: wrong } })).status, JSON.stringify(wrong)).toBe(400);
      }
    });
  });

  it("D47 what is given twice is refused, not chosen from", async () => {
    await untouched(async () => {
      await api.fails(400, "invalid-body", "POST", "/api/parcels", { body: '{"code":"D47","code":"D48"}' });
      await api.fails(400, "invalid-body", "POST", "/api/parcels", {
        body: '{"code":"D47","price":{"amount":"1","amount":"2","currency":"EUR"}}',
      });
      for (const query of [
        "limit=1&limit=2",
        "sort=code&sort=-code",
        "filter[code]=a&filter[code]=b",
        "fields=id&fields=code",
      ])
        expect((await api.call("GET", `/api/parcels?${query}`)).status, query).toBe(400);
    });
  });

  it("D50 an error tells nothing of SQL, tables, files, stacks or secrets", async () => {
    const { id } = await api.me.repo(parcel).create({ code: "TAKEN", note: "mine" });
    const leaks =
      /\bselect\b|\binsert\b|\bupdate "|\bwhere\b|tenant_?id|\blive\b|deleted_at|corm_journal|parcel_item|node_modules|packages\/|\.ts\b|\.js\b| at \w+ \(|sqlite|postgres|maria|mysql|knex|12345|errno/i;
    const asked: [string, string, unknown, number][] = [
      ["POST", "/api/parcels", { code: "TAKEN" }, 409],
      ["POST", "/api/parcels", { code: "CRASH" }, 500],
      ["POST", "/api/parcels", { code: "OK", accountId: id }, 422],
      ["POST", "/api/actions/parcels.lie", {}, 500],
      ["GET", `/api/parcels/${id.replace(/^./, "f")}`, undefined, 404],
      ["GET", "/api/parcels?after=x", undefined, 400],
      ["POST", "/api/parcels/query", { where: { and: "x" } }, 400],
    ];
    for (const [method, path, body, expected] of asked) {
      const answer = await api.call(method, path, body === undefined ? {} : { body });
      expect(answer.status, answer.text).toBe(expected);
      expect(answer.text, `${method} ${path}`).not.toMatch(leaks);
      expect(answer.body["instance"]).toMatch(/^[\w.-]{8,64}$/);
    }
    expect(api.errors).toHaveLength(2);
    api.errors.length = 0;
  });
});

describe("D48 on the wire", () => {
  let api: TestApi;
  let server: ServerType;
  let port: number;
  beforeAll(async () => {
    const { startApi } = await import("../http/support/start.js");
    api = await startApi();
    const { fetch } = createHttp(api.crm, { tenants: ["test"] });
    port = await new Promise((resolve) => {
      server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, (info: AddressInfo) => resolve(info.port));
    });
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await api.crm.stop();
  });

  /** Sends bytes, and answers what came back until the server hung up or was silent. */
  const send = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
      socket.setTimeout(2000, () => socket.destroy());
      socket.setEncoding("latin1").on("data", (more) => {
        text += more;
      });
      socket.on("close", () => resolve(text)).on("error", reject);
    });
  const request = (line: string, headers: readonly string[], body = "") =>
    [line, "Host: x", `Authorization: Bearer ${api.key}`, ...headers, "", body].join("\r\n");

  it("D48 two lengths, a length and chunks, and broken chunks are refused", async () => {
    const before = await stored(api.crm);
    const create = "POST /api/parcels HTTP/1.1";
    const json = "Content-Type: application/json";
    const body = '{"code":"D48"}';
    for (const headers of [
      [json, "Content-Length: 14", "Transfer-Encoding: chunked"],
      [json, "Transfer-Encoding: chunked", "Content-Length: 14"],
      [json, "Content-Length: 14", "Content-Length: 15"],
      [json, "Content-Length: +14"],
      [json, "Content-Length: -1"],
      [json, "Content-Length: 0x0e"],
      [json, "Transfer-Encoding: chunked, identity"],
      [json, "Transfer-Encoding: xchunked"],
      [json, "Transfer-Encoding : chunked"],
      [json, " Content-Length: 14"],
      [json, "X: a\rb", "Content-Length: 14"],
      [json, "X: a\u0000b", "Content-Length: 14"],
    ])
      expect(await send(request(create, headers, body)), headers.join(" | ")).toMatch(/^HTTP\/1\.1 400/);
    expect(await stored(api.crm)).toBe(before);
  });

  it("D48 line breaks in a URL come out in no header", async () => {
    for (const path of [
      "/api/parcels/%0d%0aSet-Cookie:%20evil=1",
      "/api/parcels?after=%0d%0aSet-Cookie:%20evil=1",
      "/api/parcels/%0d%0aSet-Cookie:%20evil=1/history",
      "/%0d%0aSet-Cookie:%20evil=1",
    ]) {
      const answer = await send(request(`GET ${path} HTTP/1.1`, ["Connection: close"]));
      expect(answer, path).toMatch(/^HTTP\/1\.1 (400|404)/);
      expect(answer.split("\r\n\r\n")[0], path).not.toMatch(/^set-cookie/im);
    }
    const kept = await send(
      request("GET /healthz HTTP/1.1", ["X-Request-Id: abcdefgh%0d%0aevil", "Connection: close"]),
    );
    expect(kept.split("\r\n\r\n")[0]).not.toContain("evil");
  });
});
