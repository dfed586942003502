import type { AddressInfo, Socket } from "node:net";
import { connect } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createHttp } from "@corm/core/http";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onEngines } from "../http/support/on-engines.js";
import { type Json, startApi, type TestApi } from "../http/support/start.js";
import { stored } from "./support/written.js";

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

describe("N105 bodies", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.crm.stop());

  const huge = (megabytes: number) =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (megabytes-- > 0) controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
        else controller.close();
      },
    });

  it.each<[string, () => unknown, number]>([
    ["10 MB", () => " ".repeat(10 * 1024 * 1024), 413],
    ["10 MB in chunks", () => huge(10), 413],
    ["10,000 levels", () => nested(10_000), 400],
    ["10,000 lists", () => "[".repeat(10_000) + "]".repeat(10_000), 400],
    [
      "100,000 keys",
      () => JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [n, 1]))),
      400,
    ],
    ["a megabyte in a short field", () => JSON.stringify({ code: "x".repeat(1_000_000) }), 422],
    ["a megabyte of a number", () => `{"weight":${"9".repeat(1_000_000)}}`, 422],
    ["a megabyte of backslashes", () => `{"code":"${"\\\\".repeat(500_000)}"}`, 422],
    ["a megabyte of quotes that do not end", () => `{"code":"${'\\"'.repeat(500_000)}`, 400],
  ])("N105 of %s are refused, while the others are served", async (_, body, status) => {
    const before = await stored(api.crm);
    await api.call("GET", "/api/parcels");
    const content = body();
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const answer = await api.call("POST", "/api/parcels", { body: content });
    delay.disable();
    expect([400, status]).toContain(answer.status);
    expect(answer.status).toBe(status);
    expect(answer.text.length).toBeLessThan(20_000);
    // Some 30 of a quiet machine; tests share theirs.
    expect(delay.max / 1e6).toBeLessThan(1000);
    expect(await stored(api.crm)).toBe(before);
  });
});

onEngines((started) => {
  it("N106 what would cost the database too much is refused before it is asked", async () => {
    const api = started();
    const or = (n: number) => ({ or: Array.from({ length: n }, (_, i) => ({ weight: i })) });
    const deep = (n: number): Json => (n === 0 ? { weight: 1 } : { not: deep(n - 1) });
    const measures = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}`, { sum: "weight" }]));
    const asked: [string, Json][] = [
      ["/api/parcels/query", { where: or(1001) }],
      ["/api/parcels/query", { where: { and: [or(600), or(600)] } }],
      ["/api/parcels/query", { where: deep(50) }],
      ["/api/parcels/query", { where: { weight: { in: Array.from({ length: 100_000 }, (_, n) => n) } } }],
      ["/api/parcels/query", { limit: 1e9 }],
      ["/api/parcels/query", { offset: 1e9 }],
      ["/api/parcels/query", { include: Array.from({ length: 500 }, () => "account") }],
      [
        "/api/parcels/query",
        { include: ["items.parcel.items.parcel.items.parcel.items.parcel.items.parcel"] },
      ],
      ["/api/parcels/query", { sort: Array.from({ length: 500 }, () => "code") }],
      ["/api/parcels/query", { fields: Array.from({ length: 100_000 }, () => "qqq") }],
      ["/api/parcels/aggregate", { measures }],
      [
        "/api/parcels/aggregate",
        { groupBy: Array.from({ length: 500 }, () => "state"), measures: { n: { count: true } } },
      ],
      ["/api/parcels/aggregate", { measures: { n: { count: true } }, limit: 1e9 }],
      [
        "/api/parcels/batch",
        { operations: Array.from({ length: 1001 }, () => ({ op: "create", data: { code: "XX" } })) },
      ],
    ];
    const before = await stored(api.crm);
    for (const [path, body] of asked) {
      const began = performance.now();
      const { status, text } = await api.call("POST", path, { body });
      expect(status, `${path} ${JSON.stringify(body).slice(0, 80)} ${text.slice(0, 200)}`).toBe(400);
      expect(performance.now() - began).toBeLessThan(1000);
    }
    for (const query of ["limit=1000000000", `sort=${"code,".repeat(400)}code`])
      expect((await api.call("GET", `/api/parcels?${query}`)).status, query.slice(0, 40)).toBe(400);
    expect(await stored(api.crm)).toBe(before);
  });
});

describe("N107 text that is slow to judge", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({ tenants: ["test"], maxBody: 1024 * 1024 });
  });
  afterAll(() => api.crm.stop());

  const LONG = 100_000;
  const evil: readonly string[] = [
    "a".repeat(LONG),
    `${"a".repeat(LONG)}!`,
    `${"a@".repeat(LONG / 2)}`,
    `${"a.".repeat(LONG / 2)}@${"b.".repeat(100)}`,
    `a@${"b-".repeat(LONG / 2)}`,
    `"${"\\ ".repeat(LONG / 2)}`,
    `${"1".repeat(LONG)}-01-01`,
    `2026-01-01T00:00:00.${"0".repeat(LONG)}Z`,
    `+${"1 ".repeat(LONG / 2)}`,
    `http://${"a/".repeat(LONG / 2)}`,
    `${"0".repeat(LONG)}.00`,
    `-${"9".repeat(LONG)}`,
    `${" ".repeat(LONG)}x`,
    "\t".repeat(LONG),
    "\u0130".repeat(LONG / 2),
    "((((".repeat(LONG / 4),
  ];

  it("N107 costs no more than its length in any field and parameter", async () => {
    const before = await stored(api.crm);
    const fields = ["code", "note", "accountId", "dueOn", "sentAt", "price", "weight", "state", "box"];
    for (const text of evil) {
      const bodies: [string, Json][] = [
        ...fields.map((field): [string, Json] => ["/api/parcels", { code: "OK", [field]: text, extra: 1 }]),
        ["/api/parcels", { code: "OK", price: { amount: text, currency: text } }],
        ["/api/contacts", { lastName: "A", email: text, phone: text, extra: 1 }],
        ["/api/parcels/query", { after: text }],
        ["/api/parcels/query", { where: { dueOn: text } }],
        ["/api/parcels/query", { where: { price: text } }],
        [
          "/api/parcels/aggregate",
          { groupBy: [{ field: "sentAt", bucket: "day", timeZone: text }], measures: { n: { count: true } } },
        ],
      ];
      for (const [path, body] of bodies) {
        const began = performance.now();
        const { status } = await api.call("POST", path, { body });
        expect(status, `${path} ${Object.keys(body)}`).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
        // Some 5 of a quiet machine, whole seconds where time grows with the square of the length.
        expect(performance.now() - began, `${path} ${JSON.stringify(body).slice(0, 60)}`).toBeLessThan(1000);
      }
    }
    expect(await stored(api.crm)).toBe(before);
  }, 60_000);
});

describe("N108 connections", () => {
  let api: TestApi;
  let server: ServerType;
  let port: number;
  /** The server of the guide, a hundred times as fast. */
  const serverOptions = {
    headersTimeout: 300,
    requestTimeout: 600,
    keepAliveTimeout: 100,
    maxHeaderSize: 16_384,
    connectionsCheckingInterval: 50,
  };
  beforeAll(async () => {
    api = await startApi();
    const { fetch } = createHttp(api.crm, { tenants: ["test"] });
    port = await new Promise((resolve) => {
      server = serve({ fetch, port: 0, hostname: "127.0.0.1", serverOptions }, (info: AddressInfo) =>
        resolve(info.port),
      );
    });
  });
  afterAll(async () => {
    await new Promise((resolve) => server.close(resolve));
    await api.crm.stop();
  });

  /** Connects, says something, and resolves with what came back once the server has hung up. */
  const hangUp = (say: (socket: Socket) => void) =>
    new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(port, "127.0.0.1", () => say(socket));
      socket.setEncoding("latin1").on("data", (more) => {
        text += more;
      });
      socket.on("close", () => resolve(text)).on("error", () => undefined);
    });

  it("N108 slow, silent and half-sent requests are ended, and others are served meanwhile", async () => {
    const before = await stored(api.crm);
    const began = performance.now();
    const trickling = Array.from({ length: 20 }, () =>
      hangUp((socket) => {
        socket.write("GET /api/parcels HTTP/1.1\r\n");
        const timer = setInterval(() => socket.write("X: y\r\n"), 50);
        socket.on("close", () => clearInterval(timer));
      }),
    );
    const silent = Array.from({ length: 200 }, () => hangUp(() => undefined));
    const half = Array.from({ length: 20 }, () =>
      hangUp((socket) =>
        socket.write(
          `POST /api/parcels HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.key}\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"co`,
        ),
      ),
    );
    const long = hangUp((socket) =>
      socket.write(`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`),
    );
    const times: number[] = [];
    for (let n = 0; n < 40; n++) {
      const start = performance.now();
      const answer = await fetch(`http://127.0.0.1:${port}/api/parcels`, {
        headers: { authorization: `Bearer ${api.key}` },
      });
      expect(answer.status).toBe(200);
      await answer.text();
      times.push(performance.now() - start);
    }
    expect(times.sort((a, b) => a - b)[38]).toBeLessThan(1000);
    for (const text of await Promise.all(trickling)) expect(text).toMatch(/^HTTP\/1\.1 408/);
    for (const text of await Promise.all(half))
      expect(text === "" || /^HTTP\/1\.1 (408|4\d\d)/.test(text), text).toBe(true);
    await Promise.all(silent);
    expect(await long).toMatch(/^HTTP\/1\.1 431/);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await stored(api.crm)).toBe(before);
    expect(api.errors).toEqual([]);
  }, 30_000);
});
