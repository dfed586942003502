import { apiKey, crmCore, issueApiKey, role, user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startApi, type TestApi } from "../http/support/start.js";
import { onDatabases } from "../support/apps.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

const keys = () => api.me.asSystem({ reason: "test" }).repo(apiKey);

describe("over HTTP", () => {
  it("H74 a key is issued, shown once, listed without its secret, rotated and revoked", async () => {
    const issued = await api.call("POST", "/api/actions/crm.issue-api-key", {
      body: {
        name: "importer",
        roles: ["admin"],
        scopes: ["parcel:read"],
        expiresAt: "2027-01-01T00:00:00Z",
      },
    });
    expect(issued.status).toBe(200);
    expect(issued.body).toMatchObject({ name: "importer", roles: ["admin"], scopes: ["parcel:read"] });
    const { id, key } = issued.body as { id: string; key: string };
    expect((await keys().get(id)).createdBy).toMatch(/^apiKey:/);
    const listed = await api.call("POST", "/api/actions/crm.list-api-keys", { body: { limit: 5 } });
    expect(listed.text).toContain(id);
    expect(listed.text).not.toContain(key);
    expect(listed.text).not.toMatch(/hash/i);
    const rotated = await api.call("POST", "/api/actions/crm.rotate-api-key", {
      body: { id, graceSeconds: 60 },
    });
    expect(rotated.body["key"]).not.toBe(key);
    const revoked = await api.call("POST", "/api/actions/crm.revoke-api-key", { body: { id } });
    expect(revoked.body["revokedAt"]).toBe(api.me.now());
    await api.fails(404, "not-found", "POST", "/api/actions/crm.rotate-api-key", { body: { id } });
    expect(issued.headers.get("cache-control")).toBe("no-store");
  });

  it("nobody makes a key that may do more than he, and a scoped key makes none", async () => {
    const small = await issueApiKey(api.me, { name: "small", roles: ["clerk"] });
    const scoped = await issueApiKey(api.me, { name: "scoped", roles: ["admin"], scopes: ["apiKey.manage"] });
    const count = await keys().count();
    for (const { key } of [small, scoped]) {
      const { status } = await api.call("POST", "/api/actions/crm.issue-api-key", {
        key,
        body: { name: "big", roles: ["admin"] },
      });
      expect(status).toBe(403);
    }
    expect(await keys().count()).toBe(count);
  });
});

it("a use is noted, at most once a minute, and leaves the version alone", async () => {
  const { key, record } = await issueApiKey(api.me, { name: "used", roles: ["admin"] });
  const seen = async () => {
    await api.call("GET", "/api/parcels", { key });
    return keys().get(record.id);
  };
  const first = (await seen()).lastUsedAt;
  expect(first).toBe(api.me.now());
  api.clock.advance({ seconds: 59 });
  expect((await seen()).lastUsedAt).toBe(first);
  api.clock.advance({ seconds: 1 });
  const later = await seen();
  expect(later.lastUsedAt).toBe(api.me.now());
  expect(later.version).toBe(1);
});

it("a key works for a user while he is active, with his roles where it has none", async () => {
  const ada = await api.me.repo(user).create({ name: "Ada", email: "ada@example.org" });
  const { key } = await issueApiKey(api.me, { name: "for Ada", roles: [], userId: ada.id });
  const ask = async () => (await api.call("GET", "/api/parcels/mine", { key })).status;
  expect(await ask()).not.toBe(401);
  await api.me.repo(user).update(ada.id, { active: false });
  expect(await ask()).toBe(401);
  await api.me.repo(user).update(ada.id, { active: true });
  expect(await ask()).not.toBe(401);
  await api.me.repo(user).delete(ada.id);
  expect(await ask()).toBe(401);
});

it("refuses a given key that can be guessed", async () => {
  await expect(
    issueApiKey(api.me, { name: "x", roles: [], secret: "a-key-of-my-own" }),
  ).rejects.toMatchObject({
    code: "weak-secret",
  });
});

onDatabases({ plugins: [crmCore()] }, (app) => {
  it("is found in one read, however many tenants are accepted, also by a question", async () => {
    const { crm, log } = app();
    const tenant = app().fresh();
    const admin = tenant.asSystem({ reason: "test" });
    await admin
      .repo(role)
      .create({ name: "reader", label: "Reader", entities: { account: { read: "all" } } });
    const { key } = await issueApiKey(tenant, { name: "one", roles: ["admin"] });
    const own = await issueApiKey(tenant, { name: "two", roles: ["reader"] });
    const http = createHttp(crm, { tenants: (name) => name === tenant.tenant });
    const ask = (bearer: string) =>
      http.request("/api/actions/crm.list-api-keys", {
        method: "POST",
        headers: { authorization: `Bearer ${bearer}` },
      });
    await ask(key);
    log.clear();
    expect((await ask(key)).status).toBe(200);
    const reads = log.of("findMany", "api_key");
    // One to check the key, one to list.
    expect(reads).toHaveLength(2);
    expect((await ask(own.key)).status).not.toBe(401);
    const elsewhere = await issueApiKey(app().fresh(), { name: "three", roles: ["admin"] });
    expect((await ask(elsewhere.key)).status).toBe(401);
  });
});
