import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { account, crmCore, defineEntity, definePlugin, issueApiKey, StorageUnavailable } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import { Hono } from "hono";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, startApi } from "./support/start.js";

const plugins = [crmCore()] as const;
let app: TestCrm<typeof plugins>;
let authorization: string;
beforeAll(async () => {
  app = await createTestCrm({ plugins });
  authorization = `Bearer ${(await issueApiKey(app.me, { name: "tests", roles: ["admin"] })).key}`;
});
afterAll(() => app.crm.stop());

describe("mounted into another app", () => {
  const host = () =>
    new Hono()
      .route("/crm", createHttp(app.crm))
      .get("/hello", (c) => c.text("hello"))
      .notFound((c) => c.text("the host's own page", 404))
      .onError((_, c) => c.text("the host's own error", 500));

  it("serves below its path, and says so in Location", async () => {
    const response = await host().request("/crm/api/accounts", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: '{"name": "Turin Yard"}',
    });
    const { id } = (await response.json()) as Json;
    expect(response.headers.get("location")).toBe(`/crm/api/accounts/${id}`);
    expect((await host().request(`/crm/api/accounts/${id}`, { headers: { authorization } })).status).toBe(
      200,
    );
  });

  it.each([
    ["GET", "/crm/api/nothing", 404, "route-not-found"],
    ["GET", "/crm/public/nothing", 404, "route-not-found"],
    ["PUT", "/crm/api/accounts", 405, "method-not-allowed"],
    ["POST", "/crm/healthz", 405, "method-not-allowed"],
  ])("keeps its own errors: %s %s", async (method, path, status, code) => {
    const response = await host().request(path, { method, headers: { authorization } });
    expect([response.status, ((await response.json()) as Json)["code"]]).toEqual([status, code]);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
  });

  it("leaves everything else to the host", async () => {
    expect(await (await host().request("/hello")).text()).toBe("hello");
    expect(await (await host().request("/nothing")).text()).toBe("the host's own page");
    expect(await (await host().request("/crm/nothing")).text()).toBe("the host's own page");
  });

  it("works behind a host's middleware", async () => {
    const wrapped = new Hono();
    wrapped.use(async (c, next) => {
      await next();
      c.header("x-host", "yes");
    });
    wrapped.route("/", createHttp(app.crm));
    const response = await wrapped.request("/api/accounts", { headers: { authorization } });
    expect([response.status, response.headers.get("x-host")]).toEqual([200, "yes"]);
  });
});

describe("failures", () => {
  it("are opaque to callers and whole in the log", async () => {
    const api = await startApi();
    const { text, body } = await api.fails(500, "internal-error", "POST", "/api/parcels", {
      body: { code: "CRASH" },
    });
    expect(text).not.toMatch(/password|hook|parcels\.address|stack/i);
    expect(body["detail"]).toContain(body["instance"]);
    expect(api.errors).toHaveLength(1);
    expect(api.errors[0]).toMatchObject({
      code: "request-failed",
      meta: { requestId: body["instance"], method: "POST", path: "/api/parcels" },
      cause: { code: "hook-failed", cause: { message: "the password is 12345" } },
    });
    await api.crm.stop();
  });

  it("of the database are 503, and tell nothing of it", async () => {
    const { storage, fall } = fallible();
    const api = await startApi(undefined, storage);
    fall();
    const ready = await api.call("GET", "/readyz", { key: null });
    const away = "the database does not answer";
    expect([ready.status, ready.body["checks"]]).toEqual([
      503,
      { storage: away, migrations: away, workers: "ok" },
    ]);
    expect(ready.headers.get("retry-after")).toBe("1");
    expect((await api.call("GET", "/healthz", { key: null })).body).toEqual({ status: "ok" });
    const { text, headers } = await api.fails(503, "storage-unavailable", "GET", "/api/parcels");
    expect(text).not.toMatch(/10\.0\.0\.7|DATABASE_URL/);
    expect(headers.get("retry-after")).toBe("1");
    expect(api.errors).toHaveLength(3);
    await api.crm.stop();
  });
});

describe("readiness", () => {
  it("names every check, those of plugins too, and why one fails", async () => {
    const state: { queue: () => Promise<string | null> } = { queue: async () => null };
    const jobs = definePlugin({
      name: "jobs",
      version: "1.0.0",
      corm: "^0.1",
      setup: () => ({ ready: { queue: () => state.queue() } }),
    });
    const { crm, errors } = await createTestCrm({ plugins: [crmCore(), jobs()] });
    const http = createHttp(crm);
    const ask = async () => {
      const answer = await http.request("/readyz");
      const { checks } = (await answer.json()) as { checks: Record<string, string> };
      return [answer.status, checks["jobs.queue"], checks["storage"], checks["migrations"]];
    };
    expect(await ask()).toEqual([200, "ok", "ok", "ok"]);
    state.queue = async () => "no worker has been seen for a minute";
    expect(await ask()).toEqual([503, "no worker has been seen for a minute", "ok", "ok"]);
    expect(errors).toEqual([]);
    state.queue = async () => {
      throw new Error("redis://:password@10.0.0.7");
    };
    expect(await ask()).toEqual([503, "the check failed", "ok", "ok"]);
    expect(errors).toHaveLength(1);
    state.queue = () => new Promise(() => {});
    expect(await ask()).toEqual([503, "no answer within 3 s", "ok", "ok"]);
    await crm.stop();
  });

  it("asks the workers of its process whether they still look for jobs", async () => {
    const { storage, fall } = fallible();
    const { crm, clock } = await createTestCrm({ plugins: [crmCore()], storage });
    const http = createHttp(crm);
    const workers = async () => {
      const { checks } = (await (await http.request("/readyz")).json()) as { checks: Record<string, string> };
      return checks["workers"];
    };
    clock.advance({ minutes: 5 });
    crm.worker().start();
    expect(await workers()).toBe("ok");
    fall();
    clock.advance({ seconds: 29 });
    expect(await workers()).toBe("ok");
    clock.advance({ seconds: 5 });
    expect(await workers()).toBe("a worker has not looked for jobs for 34 s");
    await crm.stop();
  });

  it("asks after the workers of any process where the app wants to know", async () => {
    const folder = mkdtempSync(join(tmpdir(), "corm-workers-"));
    const storage = () => sqlite(join(folder, "crm.db"));
    const web = await createTestCrm({ plugins: [crmCore()], storage: storage() });
    const elsewhere = await createTestCrm({ plugins: [crmCore()], storage: storage(), seed: 2 });
    const ready = async (workersWithin: number | null) => {
      const answer = await createHttp(web.crm, { workersWithin }).request("/readyz");
      return [
        answer.status,
        ((await answer.json()) as { checks: Record<string, string> }).checks["anyWorker"],
      ];
    };
    expect(await ready(60_000)).toEqual([503, "no worker of any process has looked for jobs yet"]);
    expect(await ready(null)).toEqual([200, undefined]);
    elsewhere.crm.worker({ interval: 20 }).start();
    await expect.poll(() => ready(60_000)).toEqual([200, "ok"]);
    // As long as it is alive, time that passes is no silence.
    web.clock.advance({ minutes: 5 });
    elsewhere.clock.advance({ minutes: 5 });
    await expect.poll(() => ready(60_000)).toEqual([200, "ok"]);
    await elsewhere.crm.stop();
    web.clock.advance({ seconds: 61 });
    expect(await ready(60_000)).toEqual([503, "no worker of any process has looked for jobs for 61 s"]);
    expect(() => createHttp(web.crm, { workersWithin: 5000 })).toThrow(/at least 30000/);
    await web.crm.stop();
    rmSync(folder, { recursive: true });
  });

  it("says so where the database is behind the plugins", async () => {
    const database = mkdtempSync(join(tmpdir(), "corm-ready-"));
    const storage = () => sqlite(join(database, "crm.db"));
    await (await createTestCrm({ plugins: [crmCore()], storage: storage() })).crm.stop();
    const more = definePlugin({
      name: "more",
      version: "1.0.0",
      corm: "^0.1",
      setup: () => ({ entities: { extra: defineEntity("extra", { fields: { name: Type.String() } }) } }),
    });
    const behind = await createTestCrm({ plugins: [crmCore(), more()], storage: storage(), migrate: "off" });
    const answer = await createHttp(behind.crm).request("/readyz");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      code: "not-ready",
      checks: { storage: "ok", migrations: "the database is behind the plugins" },
    });
    await behind.crm.stop();
    rmSync(database, { recursive: true });
  });
});

/** A database that goes away when it is told to. */
function fallible() {
  let down = false;
  const wrap = <T extends object>(inner: T): T =>
    new Proxy(inner, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name === "forTenant" || name === "acrossTenants")
            return wrap(Reflect.apply(value, target, args));
          if (down && name !== "close")
            return Promise.reject(StorageUnavailable({ reason: "no route to 10.0.0.7" }));
          return Reflect.apply(value, target, args);
        };
      },
    });
  return {
    storage: wrap(sqlite(":memory:")),
    fall: () => {
      down = true;
    },
  };
}

describe("requests", () => {
  const get = (headers: Record<string, string>, signal?: AbortSignal) =>
    createHttp(app.crm).request("/api/accounts", {
      headers: { authorization, ...headers },
      ...(signal ? { signal } : {}),
    });

  it("keep an id that comes with them, when it is harmless", async () => {
    const idFor = async (id: string) => (await get({ "x-request-id": id })).headers.get("x-request-id");
    expect(await idFor("trace-4711.a")).toBe("trace-4711.a");
    for (const id of ["short", "x".repeat(65), "<script>1234", "a b c d e f"])
      expect(await idFor(id)).not.toBe(id);
  });

  it("end with their caller", async () => {
    const caller = new AbortController();
    caller.abort();
    const before = await app.me.repo(account).count();
    const response = await createHttp(app.crm).request("/api/accounts", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: '{"name": "Nobody waits for it"}',
      signal: caller.signal,
    });
    expect(response.status).toBe(499);
    expect(await app.me.repo(account).count()).toBe(before);
    expect(app.errors).toEqual([]);
  });
});
