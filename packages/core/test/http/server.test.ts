import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { type ServerType, serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { afterAll, beforeAll, expect, it } from "vitest";
import { plugins } from "./support/parcels.js";

let app: TestCrm<typeof plugins>;
let server: ServerType;
let port: number;
let authorization: string;

beforeAll(async () => {
  app = await createTestCrm({ plugins });
  authorization = `Bearer ${(await issueApiKey(app.me, { name: "tests", roles: ["admin"] })).key}`;
  const http = createHttp(app.crm, { clientAddress: (c) => getConnInfo(c).remote.address });
  port = await new Promise((resolve) => {
    server = serve({ fetch: http.fetch, port: 0, hostname: "127.0.0.1" }, (info: AddressInfo) =>
      resolve(info.port),
    );
  });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await app.crm.stop();
});

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Written one after another, without a length. */
  readonly chunks?: readonly string[];
}

/** By hand, since clients mend paths and lengths before they send them. */
function send(path: string, { method = "GET", headers = {}, chunks = [] }: Sent = {}) {
  return new Promise<{ status: number; type: string | undefined; text: string }>((resolve, reject) => {
    const sending = request(
      { host: "127.0.0.1", port, path, method, headers: { authorization, ...headers }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"], text }),
        );
        response.on("error", reject);
      },
    );
    // The server may answer, and hang up, before it has read everything.
    sending.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ECONNRESET") reject(error);
    });
    for (const chunk of chunks) sending.write(chunk);
    sending.end();
  });
}

const json = { "content-type": "application/json" };

it("creates and reads over a socket, with a length and without one", async () => {
  const body = '{"code": "S1", "note": "Grüße"}';
  const length = { ...json, "content-length": String(Buffer.byteLength(body)) };
  expect((await send("/api/parcels", { method: "POST", headers: length, chunks: [body] })).status).toBe(201);
  const chunks = ['{"code": ', '"S2"}'];
  expect((await send("/api/parcels", { method: "POST", headers: json, chunks })).status).toBe(201);
  const { text } = await send("/api/parcels?sort=code&fields=code,note");
  expect(JSON.parse(text).data).toEqual([
    { code: "S1", note: "Grüße" },
    { code: "S2", note: null },
  ]);
});

it("stops reading a body that is too long", async () => {
  const chunks = Array.from({ length: 64 }, () => " ".repeat(65_536));
  const { status, text } = await send("/api/parcels", { method: "POST", headers: json, chunks });
  expect([status, JSON.parse(text).code]).toEqual([413, "body-too-large"]);
  expect((await send("/healthz")).status).toBe(200);
});

it.each([
  ["/api/../../etc/passwd", 404],
  ["/api/parcels/../../public/nothing", 404],
  ["/public/../api/parcels", 401],
  ["/public/./../api/parcels", 401],
  ["/public/%2e%2e/api/parcels", 401],
  ["/public/..%2fapi/parcels", 404],
  ["//api/parcels", 404],
  ["/api//parcels", 401],
  ["/api/parcels/\\..\\x", 400],
])("lets nobody in through %s", async (path, status) => {
  expect((await send(path, { headers: { authorization: "" } })).status).toBe(status);
});

it("knows the caller's address, where the host tells it", async () => {
  expect((await send("/public/track/S1")).text).toBe("S1: open, public from 127.0.0.1");
});

it("answers 401 also to those who send a body", async () => {
  const chunks = Array.from({ length: 64 }, () => " ".repeat(65_536));
  const headers = { ...json, authorization: "Bearer nonsense" };
  expect((await send("/api/parcels", { method: "POST", headers, chunks })).status).toBe(401);
});
