import { crmCore, fixedClock } from "@corm/core";
import { createHttp, databaseLimiter, memoryLimiter } from "@corm/core/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashingGate, hashPassword } from "../../src/crm/services/password-hash.js";
import { clientNetwork } from "../../src/http/limits/client-network.js";
import { startApi, type TestApi } from "../http/support/start.js";
import { onDatabases } from "../support/apps.js";
import { startSignIn } from "./support/browser.js";

const RULE = { limit: 100, windowSeconds: 60 };

onDatabases(
  { plugins: [crmCore()], on: ["SQLite in memory", "SQLite in a file", "PostgreSQL", "MariaDB"] },
  (app) => {
    it("J87 of 500 at once at a limit of 100, exactly 100 are allowed, over two limiters", async () => {
      const { crm, clock } = app();
      const two = [0, 1].map(() => databaseLimiter(crm.runtime.storage, clock));
      const decisions = await Promise.all(
        Array.from({ length: 500 }, (_, i) => two[i % 2]?.take("test/87", RULE)),
      );
      expect(decisions.filter((decision) => decision?.allowed)).toHaveLength(100);
      const next = await two[0]?.take("test/87", RULE);
      expect(next).toEqual({ allowed: false, remaining: 0, resetSeconds: 60 });
      expect((await two[0]?.take("other/87", RULE))?.allowed).toBe(true);
      clock.advance({ seconds: 60 });
      const after = await Promise.all(Array.from({ length: 150 }, () => two[1]?.take("test/87", RULE)));
      expect(after.filter((decision) => decision?.allowed)).toHaveLength(100);
    }, 120_000);
  },
);

it("J87 the same in memory", async () => {
  const clock = fixedClock("2026-01-05T09:00:00Z");
  const limiter = memoryLimiter(clock);
  const decisions = await Promise.all(Array.from({ length: 500 }, () => limiter.take("a", RULE)));
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(100);
  clock.advance({ seconds: 60 });
  expect((await limiter.take("a", RULE)).remaining).toBe(99);
});

it.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::ffff", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", "unknown"],
  ["evil, 203.0.113.7", "unknown"],
  [undefined, "unknown"],
])("the network of %s is %s", (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});

describe("over HTTP", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi({
      tenants: ["test", "other"],
      rateLimits: { api: { limit: 5, windowSeconds: 60 }, public: { limit: 3, windowSeconds: 60 } },
      clientAddress: (c) => c.req.header("x-test-address"),
    });
  });
  afterAll(() => api.crm.stop());

  it("an actor's requests are counted, told, and refused when they are too many; another's are not", async () => {
    for (let left = 4; left >= 0; left--) {
      const { headers } = await api.call("GET", "/api/parcels");
      expect(headers.get("ratelimit")).toBe(`"api";r=${left};t=60`);
      expect(headers.get("ratelimit-policy")).toBe(`"api";q=5;w=60`);
    }
    const refused = await api.fails(429, "too-many-requests", "GET", "/api/parcels");
    expect(refused.headers.get("retry-after")).toBe("60");
    expect((await api.call("GET", "/api/parcels", { key: api.foreignKey })).status).toBe(200);
    api.clock.advance({ seconds: 60 });
    expect((await api.call("GET", "/api/parcels")).status).toBe(200);
  });

  it("public routes are counted by address", async () => {
    const ask = async (address: string) =>
      (await api.call("GET", "/public/track/X", { key: null, headers: { "x-test-address": address } }))
        .status;
    const statuses = [
      await ask("192.0.2.1"),
      await ask("192.0.2.1"),
      await ask("192.0.2.1"),
      await ask("192.0.2.1"),
    ];
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await ask("192.0.2.2")).toBe(200);
  });

  it.each([
    ["a limit of nothing", { rateLimits: { api: { limit: 0, windowSeconds: 60 } } }],
    ["limits by an address that it does not know", { rateLimits: { public: RULE } }],
    ["sign-in by addresses that it does not know", { signIn: {} }],
    ["weak hashes", { signIn: { passwords: { cost: 10 } }, clientAddress: (): string => "" }],
    ["short passwords", { signIn: { passwords: { minLength: 4 } }, clientAddress: (): string => "" }],
    ["an origin that is none", { signIn: { origins: ["*"] }, clientAddress: (): string => "" }],
  ])("refuses to start with %s", (_, options) => {
    expect(() => createHttp(api.crm, { tenants: ["test"], ...options } as never)).toThrow(
      /createHttp|signIn|rateLimits/,
    );
  });
});

it("N111 a flood of sign-ins: two hashes at once, eight wait, everybody else is sent away", async () => {
  const app = await startSignIn();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, hashingGate.running + hashingGate.waiting);
  }, 1);
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => app.browser().signIn(`user${i}@example.org`, "the wrong password")),
  );
  clearInterval(watch);
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect(count(401) + count(503)).toBe(60);
  expect(count(401)).toBeGreaterThanOrEqual(10);
  expect(count(503)).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(10);
  expect(answers.find(({ status }) => status === 503)?.headers.get("retry-after")).toBe("1");
  expect(hashingGate.running + hashingGate.waiting).toBe(0);
  await hashPassword("the gate is open again", 14);
  await app.crm.stop();
});
