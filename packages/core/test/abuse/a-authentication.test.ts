import { apiKey, issueApiKey, roleAssignment, rotateApiKey, user } from "@corm/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ORIGIN, PASSWORD, type SignInApp, startSignIn } from "../auth/support/browser.js";
import { parcel } from "../http/support/parcels.js";
import { startApi, type TestApi } from "../http/support/start.js";
import { stored } from "./support/written.js";

let api: TestApi;
let app: SignInApp;
beforeAll(async () => {
  api = await startApi();
  app = await startSignIn();
  await api.me.repo(parcel).create({ code: "OURS" });
});
afterAll(async () => {
  await api.crm.stop();
  await app.crm.stop();
});

/** Runs what must be refused, and holds that it left nothing behind. */
async function refused(
  work: () => Promise<unknown>,
  crm: TestApi["crm"] | SignInApp["crm"] = api.crm,
): Promise<void> {
  const before = await stored(crm as TestApi["crm"]);
  await work();
  expect(await stored(crm as TestApi["crm"])).toBe(before);
}

const OPEN = ["/healthz", "/readyz", "/openapi.json", "/llms.txt", "/docs", "/public/"];

it("A1 every route that is not listed as public asks for a credential, and says how", async () => {
  const closed = api.contract.operations.filter(
    (operation) => !OPEN.some((path) => operation.split(" ")[1]?.startsWith(path)),
  );
  expect(closed.length).toBeGreaterThan(60);
  await refused(async () => {
    for (const operation of closed) {
      const [method = "", path = ""] = operation.split(" ");
      const real = path.replace(/\{\w+\}/g, "01941f29-7c00-7000-8000-00000000dead");
      const { headers } = await api.fails(401, "unauthenticated", method.toUpperCase(), real, { key: null });
      expect(headers.get("www-authenticate")).toMatch(/^Bearer realm="corm"/);
    }
  });
});

it("A1 the routes of signing in are public by name, and no more of them than these", async () => {
  const open = app.contract.operations.filter((operation) => operation.includes("/public/auth/"));
  expect(open.sort()).toEqual([
    "post /public/auth/accept-invitation",
    "post /public/auth/request-reset",
    "post /public/auth/reset",
    "post /public/auth/sign-in",
  ]);
  await refused(async () => {
    for (const operation of app.contract.operations.filter((name) => name.includes(" /api/auth/"))) {
      const [method = "", path = ""] = operation.split(" ");
      const real = path.replace("{id}", "01941f29-7c00-7000-8000-00000000dead");
      expect((await app.browser().send(method.toUpperCase(), real)).status, operation).toBe(401);
    }
  }, app.crm);
});

it("A6 a suspension, a removed role, a removed user and a new password count from the very next request", async () => {
  const system = app.system;
  const start = async (email: string) => {
    const person = await app.addUser(email);
    const browser = app.browser();
    await browser.signIn(email);
    return { person, browser, me: () => browser.send("GET", "/api/auth/me") };
  };
  const suspended = await start("suspended@example.org");
  expect((await suspended.me()).status).toBe(200);
  await system.repo(user).update(suspended.person.id, { active: false });
  expect((await suspended.me()).status).toBe(401);
  expect((await app.browser().signIn("suspended@example.org")).status).toBe(401);
  await system.repo(user).update(suspended.person.id, { active: true });
  // Whoever comes back signs in again.
  expect((await suspended.me()).status).toBe(401);

  const demoted = await start("demoted@example.org");
  const given = await system.repo(roleAssignment).create({ userId: demoted.person.id, role: "admin" });
  expect((await demoted.me()).body["roles"]).toEqual(["admin"]);
  await system.repo(roleAssignment).delete(given.id);
  expect((await demoted.me()).body["roles"]).toEqual([]);

  const removed = await start("removed@example.org");
  await system.repo(user).delete(removed.person.id);
  expect((await removed.me()).status).toBe(401);
  await system.repo(user).restore(removed.person.id);
  expect((await removed.me()).status).toBe(401);

  const reset = await start("reset@example.org");
  await app.browser().send("POST", "/public/auth/request-reset", { body: { email: "reset@example.org" } });
  const { token } = await app.mailTo("reset@example.org");
  const body = { token, password: "the otter swims at dawn" };
  expect((await app.browser().send("POST", "/public/auth/reset", { body })).status).toBe(204);
  expect((await reset.me()).status).toBe(401);
});

it("A7 an unknown user and a wrong password are the same answer, and the same work", async () => {
  await app.addUser("known@example.org");
  const tries = Number(process.env["CORM_SIGN_IN_TRIES"] ?? 25);
  /** Of each pair of tries, one right after the other: how much longer the known user's took. */
  const ratios: Record<"clock" | "cpu", number[]> = { clock: [], cpu: [] };
  const answers = new Set<string>();
  await refused(async () => {
    // Two more than are counted: the first of each compile what the others run.
    for (let i = -2; i < tries; i++) {
      const times: Record<string, { clock: number; cpu: number }> = {};
      for (const who of i % 2 ? ["known", "unknown"] : ["unknown", "known"]) {
        const used = process.cpuUsage();
        const begun = performance.now();
        const { status, text } = await app.browser().signIn(`${who}@example.org`, "the wrong password");
        const { user, system } = process.cpuUsage(used);
        times[who] = { clock: performance.now() - begun, cpu: user + system };
        answers.add(`${status} ${text.replace(/"instance":"[^"]+"/, "")}`);
      }
      for (const how of ["clock", "cpu"] as const)
        if (i >= 0) ratios[how].push((times["known"]?.[how] ?? 0) / (times["unknown"]?.[how] ?? 1));
    }
  }, app.crm);
  expect([...answers]).toHaveLength(1);
  expect([...answers][0]).toMatch(/^401 .*sign-in-failed/);
  // Within 5 % of 200 tries; of fewer, more noise is left of a machine that others use as well.
  const most = tries >= 200 ? { clock: 0.05, cpu: 0.05 } : { clock: 0.25, cpu: 0.15 };
  for (const how of ["clock", "cpu"] as const)
    expect(Math.abs(median(ratios[how]) - 1), `by ${how}, of ${tries} tries`).toBeLessThan(most[how]);
}, 600_000);

it("A7 a user without a password, or who is suspended, or of another tenant, is the same as none", async () => {
  await app.addUser("invited@example.org", null);
  const gone = await app.addUser("gone@example.org");
  await app.system.repo(user).update(gone.id, { active: false });
  await refused(async () => {
    const unknown = await app.browser().signIn("nobody@example.org");
    for (const [email, tenant] of [
      ["invited@example.org"],
      ["gone@example.org"],
      ["ada@example.org", "other"],
      ["ada@example.org", "third"],
    ] as const) {
      const { status, text } = await app.browser().signIn(email, PASSWORD, tenant ? { tenant } : {});
      expect(status).toBe(401);
      expect(text.replace(/"instance":"[^"]+"/, "")).toBe(unknown.text.replace(/"instance":"[^"]+"/, ""));
    }
  }, app.crm);
});

it("A8 of 1,000 logins with other addresses in headers, other users and other hosts of one /64, 20 are tried", async () => {
  const limited = await startSignIn({ signIn: { perAddress: { limit: 20, windowSeconds: 900 } } });
  const statuses: Record<number, number> = {};
  await refused(async () => {
    for (let i = 0; i < 1000; i++) {
      const name = ["X-Forwarded-For", "x-forwarded-for", "X-FORWARDED-FOR", "Forwarded", "X-Real-IP"][
        i % 5
      ] as string;
      const { status, headers } = await limited
        .browser()
        .signIn(`user${i}@Example.org`, "the wrong password", {
          headers: { [name]: `198.51.100.${i % 256}`, "user-agent": `agent ${i}` },
          address: `2001:db8:1:2:${(i * 7919).toString(16).slice(-4)}::${i.toString(16)}`,
        });
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
  }, limited.crm);
  expect(statuses).toEqual({ 401: 20, 429: 980 });
  // Another network is another caller.
  const elsewhere = await limited
    .browser()
    .signIn("ada@example.org", PASSWORD, { address: "2001:db8:1:3::1" });
  expect(elsewhere.status).toBe(200);
  await limited.crm.stop();
}, 300_000);

it("A8 one account is tried so often, from wherever; its own browsers are not locked out", async () => {
  const limited = await startSignIn({ signIn: { perAccount: [{ limit: 5, windowSeconds: 900 }] } });
  const own = limited.browser();
  await own.signIn("ada@example.org");
  const statuses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const email = i % 2 ? "ada@example.org" : " ADA@example.org";
    statuses.push(
      (await limited.browser().signIn(email, "the wrong password", { address: `192.0.2.${i}` })).status,
    );
  }
  expect(statuses).toEqual([401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
  // The right password does not help a stranger now; the browser that was there before is no stranger.
  expect(
    (await limited.browser().signIn("ada@example.org", PASSWORD, { address: "192.0.2.99" })).status,
  ).toBe(429);
  expect((await own.signIn("ada@example.org")).status).toBe(200);
  // And nobody is locked out for ever.
  limited.clock.advance({ minutes: 15 });
  expect((await limited.browser().signIn("ada@example.org")).status).toBe(200);
  await limited.crm.stop();
});

it("A9 a key is stored as its SHA-256 alone, and found by its public part", async () => {
  const { key, record } = await issueApiKey(api.me, { name: "nine", roles: ["admin"] });
  const rows = await stored(api.crm);
  const [, , secret = ""] = key.split(".");
  expect(rows).toContain(record.prefix);
  expect(rows).not.toContain(key);
  expect(rows).not.toContain(secret);
  const foreign = key.replace("corm_test.", "corm_other.");
  await refused(async () => {
    for (const forged of [foreign, `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`])
      await api.fails(401, "unauthenticated", "POST", "/api/parcels", { key: forged, body: { code: "NEW" } });
  });
  expect((await api.call("GET", "/api/parcels", { key })).status).toBe(200);
});

it("A9 a key in the query string is refused, with and without another, and not logged", async () => {
  const { key } = await issueApiKey(api.me, { name: "in the URL", roles: ["admin"] });
  await refused(async () => {
    for (const path of [
      `/api/parcels?api_key=${key}`,
      `/api/parcels?limit=3&token=${encodeURIComponent(key)}`,
    ])
      for (const own of [null, api.key]) {
        const { text } = await api.fails(401, "unauthenticated", "POST", path, {
          key: own,
          body: { code: "NEW" },
        });
        expect(text).not.toContain(key);
      }
  });
  expect(JSON.stringify(api.errors)).not.toContain(key);
});

it("A9 a rotated key holds until its grace is over, a revoked one not at all", async () => {
  const { key, record } = await issueApiKey(api.me, { name: "rotating", roles: ["admin"] });
  const rotated = await rotateApiKey(api.me, record.id, { graceSeconds: 60 });
  const status = async (own: string) => (await api.call("GET", "/api/parcels", { key: own })).status;
  expect([await status(key), await status(rotated.key)]).toEqual([200, 200]);
  api.clock.advance({ seconds: 60 });
  expect([await status(key), await status(rotated.key)]).toEqual([401, 200]);
  const again = await rotateApiKey(api.me, record.id);
  expect([await status(rotated.key), await status(again.key)]).toEqual([401, 200]);
  await api.call("POST", "/api/actions/crm.revoke-api-key", { body: { id: record.id } });
  expect(await status(again.key)).toBe(401);
  const kept = await api.me.asSystem({ reason: "test" }).repo(apiKey).get(record.id);
  expect(kept.lastUsedAt).not.toBeNull();
});

it("A10 a link to a new password holds once, for an hour, for its purpose, and is text", async () => {
  await app.addUser("ten@example.org");
  const ask = () =>
    app.browser().send("POST", "/public/auth/request-reset", { body: { email: "ten@example.org" } });
  const use = (body: unknown, path = "/public/auth/reset") => app.browser().send("POST", path, { body });
  const password = "the otter swims at dawn";
  expect((await ask()).status).toBe(202);
  const { token } = await app.mailTo("ten@example.org");
  await refused(async () => {
    const forged: unknown[] = [
      { $ne: null },
      0,
      ["x"],
      [token],
      null,
      true,
      "",
      "x",
      token.slice(0, -1),
      `${token}A`,
      `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
      token.toUpperCase(),
      token.replace(/^test\./, "other."),
      token.replace(/^test\./, "third."),
    ];
    for (const wrong of forged) {
      const { status, body } = await use({ token: wrong, password });
      expect([status, body["code"]], JSON.stringify(wrong)).toEqual([400, "invalid-token"]);
    }
    expect((await use({ token, password }, "/public/auth/accept-invitation")).status).toBe(400);
    // A password that is not taken does not use the link up.
    expect((await use({ token, password: "password1" })).status).toBe(422);
  }, app.crm);
  expect((await use({ token, password })).status).toBe(204);
  await refused(async () => {
    expect((await use({ token, password: "another heron entirely" })).status).toBe(400);
  }, app.crm);
  expect((await app.browser().signIn("ten@example.org", password)).status).toBe(200);

  await ask();
  const late = await app.mailTo("ten@example.org");
  app.clock.advance({ minutes: 60 });
  await refused(async () => {
    expect((await use({ token: late.token, password: "another heron entirely" })).status).toBe(400);
  }, app.crm);
  // Only the latest link holds.
  await ask();
  const first = await app.mailTo("ten@example.org");
  await ask();
  const second = await app.mailTo("ten@example.org");
  expect((await use({ token: first.token, password: "another heron entirely" })).status).toBe(400);
  expect((await use({ token: second.token, password: "another heron entirely" })).status).toBe(204);
});

it("A10 eight who use one link at once: one of them gets through", async () => {
  await app.addUser("race@example.org");
  await app.browser().send("POST", "/public/auth/request-reset", { body: { email: "race@example.org" } });
  const { token } = await app.mailTo("race@example.org");
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      app.browser().send("POST", "/public/auth/reset", { body: { token, password: `the otter swims ${i}` } }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 400, 400, 400, 400, 400, 400, 400]);
});

it("A11 a change with a cookie that another site makes a browser send is refused", async () => {
  const browser = app.browser();
  await browser.signIn("ada@example.org");
  const post = (headers: Record<string, string>, more: { bare?: boolean; body?: unknown } = {}) =>
    browser.send("POST", "/api/parcels", { body: { code: "NEW" }, headers, ...more });
  const text = { "content-type": "text/plain" };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  await refused(async () => {
    for (const [headers, more] of [
      [{ origin: "https://evil.example" }],
      [{ origin: "null" }],
      [{ origin: "https://crm.example.com.evil.example" }],
      [{ origin: "https://sub.crm.example.com" }],
      [{ "sec-fetch-site": "cross-site" }],
      [{ "sec-fetch-site": "same-site" }],
      [{ origin: "https://evil.example", ...text }, { body: '{"code":"NEW"}' }],
      [{ "sec-fetch-site": "cross-site", ...form }, { body: "code=NEW" }],
      [{}, { bare: true }],
      [text, { bare: true, body: '{"code":"NEW"}' }],
      [form, { bare: true, body: "code=NEW" }],
      [{ "x-csrf-token": "A".repeat(43) }],
      [{ "x-csrf-token": "" }],
    ] as const) {
      const { status, body } = await post(headers as Record<string, string>, more);
      expect([status, body["code"]], JSON.stringify(headers)).toEqual([403, "cross-site-request"]);
    }
  }, app.crm);
  const { status } = await app.browser().send("POST", "/public/auth/sign-in", {
    body: { email: "ada@example.org", password: PASSWORD },
    headers: { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  });
  expect(status).toBe(403);
  // Ada has no role yet: it is this that stands in her way now, and no longer the browser.
  expect((await post({})).body["code"]).toBe("forbidden");
});

it("A11 no foreign origin, and no origin at all, gets to read answers with cookies", async () => {
  const cors = await startSignIn({ signIn: { origins: ["https://app.example.com"] } });
  for (const origin of [
    "null",
    "https://evil.example",
    "https://app.example.com.evil.example",
    "http://app.example.com",
  ])
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await cors.http.request(`${ORIGIN}/api/parcels`, {
        method,
        headers: { origin, "access-control-request-method": "POST" },
      });
      expect(headers.get("access-control-allow-origin"), `${method} ${origin}`).toBeNull();
      expect(headers.get("access-control-allow-credentials")).toBeNull();
    }
  const none = await app.http.request(`${ORIGIN}/api/parcels`, { headers: { origin: ORIGIN } });
  expect(none.headers.get("access-control-allow-origin")).toBeNull();
  await cors.crm.stop();
});

it("A12 a path of a public route in the query opens nothing", async () => {
  await refused(async () => {
    for (const path of [
      "/api/parcels?x=/public/track/1",
      "/api/parcels?x=/webhooks/trigger",
      "/api/parcels#/public/",
    ])
      await api.fails(401, "unauthenticated", "GET", path, { key: null });
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
