import { crmCore, type Identity, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiKey } from "../../src/crm/entities/api-key.js";
import { parcel } from "./support/parcels.js";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
  await api.me.repo(parcel).create({ code: "OURS" });
});
afterAll(() => api.crm.stop());

const open = ["/healthz", "/readyz", "/openapi.json", "/llms.txt", "/docs", "/public/"];

it("asks for a credential at every route that is not open", async () => {
  const closed = api.contract.operations.filter(
    (operation) => !open.some((path) => operation.split(" ")[1]?.startsWith(path)),
  );
  expect(closed.length).toBeGreaterThan(60);
  const bodies = new Set<string>();
  for (const operation of [...closed, "get /api/nothing", "get /api/", "put /api/parcels", "get /api/%00"]) {
    const [method = "", path = ""] = operation.split(" ");
    const real = path.replace(/\{\w+\}/g, "01941f29-7c00-7000-8000-00000000dead");
    const { text } = await api.fails(401, "unauthenticated", method.toUpperCase(), real, { key: null });
    bodies.add(text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "id"));
  }
  expect(bodies.size).toBe(1);
});

describe("a credential", () => {
  const ask = (authorization: string) =>
    api.call("GET", "/api/parcels", { key: null, headers: { authorization } });

  it("is an API key, whatever the case of its scheme", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER ", "Bearer  "])
      expect((await ask(`${scheme.trim()} ${api.key}`)).status).toBe(200);
  });

  it("is refused in any other form", async () => {
    const wrong = [
      api.key,
      `Basic ${api.key}`,
      `Basic ${Buffer.from(`key:${api.key}`).toString("base64")}`,
      `Token ${api.key}`,
      "Bearer",
      "Bearer ",
      `Bearer ${api.key} more`,
      `Bearer ${api.key}x`,
      `Bearer ${api.key.slice(0, -1)}`,
      `Bearer ${api.key.toUpperCase()}`,
      `Bearer corm_${"A".repeat(43)}`,
      `Bearer ${"A".repeat(100_000)}`,
      `Bearer ${api.key}, Bearer ${api.foreignKey}`,
      "Bearer %00",
      "Bearer null",
      "Bearer undefined",
    ];
    for (const authorization of wrong) expect((await ask(authorization)).status, authorization).toBe(401);
  });

  it("is not taken from the URL or another header, and decides about the tenant alone", async () => {
    await api.fails(401, "unauthenticated", "GET", `/api/parcels?key=${api.key}`, { key: null });
    await api.fails(401, "unauthenticated", "GET", "/api/parcels", {
      key: null,
      headers: { "x-api-key": api.key },
    });
    await api.fails(401, "unauthenticated", "GET", "/api/leads?x=/public/track/1", { key: null });
    const { body } = await api.call("GET", "/api/parcels?count=true", {
      key: api.foreignKey,
      headers: { "x-tenant": "test", "x-corm-tenant": "test" },
    });
    expect(body).toMatchObject({ data: [], page: { total: 0 } });
  });

  it("stops with the request after it was revoked, or has run out", async () => {
    const keys = api.me.repo(apiKey);
    const revoked = await issueApiKey(api.me, { name: "to be revoked", roles: ["admin"] });
    const passing = await issueApiKey(api.me, {
      name: "passing",
      roles: ["admin"],
      expiresAt: "2026-01-05T10:00:00Z",
    });
    expect((await ask(`Bearer ${revoked.key}`)).status).toBe(200);
    await keys.update(revoked.record.id, { revokedAt: api.me.now() });
    expect((await ask(`Bearer ${revoked.key}`)).status).toBe(401);
    expect((await ask(`Bearer ${passing.key}`)).status).toBe(200);
    api.clock.advance({ hours: 1 });
    expect((await ask(`Bearer ${passing.key}`)).status).toBe(401);
    const deleted = await issueApiKey(api.me, { name: "to be deleted", roles: ["admin"] });
    await keys.delete(deleted.record.id);
    expect((await ask(`Bearer ${deleted.key}`)).status).toBe(401);
  });

  it("of a tenant that the app does not name is none", async () => {
    const { key } = await issueApiKey(api.inTenant("third"), { name: "third", roles: ["admin"] });
    expect((await ask(`Bearer ${key}`)).status).toBe(401);
  });
});

it("never shows keys, and does not take hashes", async () => {
  await api.fails(404, "route-not-found", "GET", "/api/api-keys");
  await api.fails(404, "route-not-found", "POST", "/api/api-keys", {
    body: { name: "x", prefix: "12345678", hash: "0".repeat(64) },
  });
  const document = await api.call("GET", "/openapi.json");
  expect(document.text).not.toContain('"ApiKey"');
  expect(document.text).not.toMatch(/hash/i);
});

describe("a host's own way", () => {
  const start = async (authenticate: (request: Request) => Identity | undefined) => {
    const { crm, me, errors } = await createTestCrm({ plugins: [crmCore()] });
    const { key } = await issueApiKey(me, { name: "not asked for", roles: ["admin"] });
    const http = createHttp(crm, { authenticate });
    return {
      crm,
      errors,
      key,
      get: (headers: Record<string, string>) => http.request("/api/accounts", { headers }),
    };
  };

  it("replaces API keys", async () => {
    const { crm, key, get } = await start((request) =>
      request.headers.get("x-user") === "ada"
        ? { actor: { kind: "user", id: "ada" }, tenant: "t1", roles: ["admin"] }
        : undefined,
    );
    expect((await get({ "x-user": "ada" })).status).toBe(200);
    expect((await get({ "x-user": "eve" })).status).toBe(401);
    expect((await get({ authorization: `Bearer ${key}` })).status).toBe(401);
    await crm.stop();
  });

  it("that fails is a failure of the server, and lets nobody in", async () => {
    const { crm, errors, get } = await start(() => {
      throw new Error("the directory at 10.0.0.7 is down");
    });
    const response = await get({});
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("10.0.0.7");
    expect(errors).toHaveLength(1);
    await crm.stop();
  });
});

it.each([
  ["an option that is none", { tenant: "test" }, /no option "tenant"/],
  ["two ways at once", { tenants: ["a"], authenticate: () => undefined }, /leave one of the two out/],
  ["no tenant at all", { tenants: [] }, /Whose API keys/],
  ["a body of nothing", { maxBody: 0 }, /maxBody/],
])("refuses to start with %s", async (_, options, message) => {
  expect(() => createHttp(api.crm, options as never)).toThrow(message);
});
