import { credential, role, roleAssignment, user, userSession } from "@corm/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Browser, ORIGIN, PASSWORD, type SignInApp, startSignIn } from "./support/browser.js";

let app: SignInApp;
beforeAll(async () => {
  app = await startSignIn({ signIn: { sessions: { idleSeconds: 3600, absoluteSeconds: 7200 } } });
});
afterAll(() => app.crm.stop());

const signedIn = async (email = "ada@example.org"): Promise<Browser> => {
  const browser = app.browser();
  expect((await browser.signIn(email)).status).toBe(200);
  return browser;
};
const me = async (browser: Browser) => browser.send("GET", "/api/auth/me");

describe("signing in", () => {
  it("answers the user and sets a cookie that scripts, other hosts and plain HTTP do not get", async () => {
    const browser = app.browser();
    const { status, body, headers } = await browser.signIn(" ADA@Example.org ");
    expect(status).toBe(200);
    expect(body["user"]).toEqual({ id: app.ada.id, name: "ada", email: "ada@example.org" });
    const cookies = headers.getSetCookie();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies)
      expect(cookie).toMatch(
        /^__Host-corm(-device)?=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/,
      );
    expect(headers.get("cache-control")).toBe("no-store");
    const { body: who } = await me(browser);
    expect(who).toMatchObject({
      actor: { kind: "user", id: app.ada.id },
      tenant: "test",
      roles: [],
      scopes: null,
    });
    expect(who["csrfToken"]).toBe(browser.csrf);
  });

  it("keeps hashes alone", async () => {
    const browser = await signedIn();
    const token = browser.cookies.get("__Host-corm") as string;
    const { items } = await app.system.repo(userSession).find({ limit: 500 });
    const credentials = await app.system.repo(credential).find();
    expect(JSON.stringify(items)).not.toContain(token.split(".")[1]);
    expect(credentials.items[0]?.passwordHash).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$/);
    expect(JSON.stringify(credentials)).not.toContain(PASSWORD);
  });

  it("ends the session that the browser had, so that nobody else's is taken over", async () => {
    const browser = await signedIn();
    const before = browser.cookies.get("__Host-corm") as string;
    await browser.signIn("ada@example.org");
    const old = app.browser();
    old.cookies.set("__Host-corm", before);
    expect((await me(old)).status).toBe(401);
    expect((await me(browser)).status).toBe(200);
  });

  it("hashes again what was hashed with less work", async () => {
    const strict = await startSignIn({ signIn: { passwords: { cost: 15 } } });
    expect((await strict.browser().signIn("ada@example.org")).status).toBe(200);
    const found = await strict.system.repo(credential).first({ where: { userId: strict.ada.id } });
    expect(found?.passwordHash).toMatch(/^\$scrypt\$ln=15,/);
    expect((await strict.browser().signIn("ada@example.org")).status).toBe(200);
    await strict.crm.stop();
  });
});

describe("a session", () => {
  it("is over after an hour without use, and after two whatever happens", async () => {
    const [idle, busy] = [await signedIn(), await signedIn()];
    app.clock.advance({ minutes: 50 });
    expect((await me(busy)).status).toBe(200);
    app.clock.advance({ minutes: 10 });
    expect((await me(idle)).status).toBe(401);
    app.clock.advance({ minutes: 49 });
    expect((await me(busy)).status).toBe(200);
    app.clock.advance({ minutes: 11 });
    expect((await me(busy)).status).toBe(401);
  });

  it("is listed and ended by its user alone", async () => {
    await app.addUser("grace@example.org");
    const [first, second, other] = [await signedIn(), await signedIn(), await signedIn("grace@example.org")];
    const { body } = await first.send("GET", "/api/auth/sessions");
    const sessions = body["data"] as { id: string; current: boolean }[];
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    const { body: theirs } = await other.send("GET", "/api/auth/sessions");
    const [foreign] = theirs["data"] as { id: string }[];
    expect((await first.send("DELETE", `/api/auth/sessions/${foreign?.id}`)).status).toBe(404);
    expect((await me(other)).status).toBe(200);
    const own = ((await second.send("GET", "/api/auth/sessions")).body["data"] as typeof sessions).find(
      (s) => s.current,
    );
    expect((await first.send("DELETE", `/api/auth/sessions/${own?.id}`)).status).toBe(204);
    expect((await me(second)).status).toBe(401);
    const third = await signedIn();
    expect((await first.send("DELETE", "/api/auth/sessions")).status).toBe(204);
    expect([(await me(first)).status, (await me(third)).status]).toEqual([200, 401]);
    expect((await first.send("POST", "/api/auth/sign-out")).status).toBe(204);
    expect(first.cookies.has("__Host-corm")).toBe(false);
    expect((await me(first)).status).toBe(401);
  });

  it("names its tenant, and holds in no other", async () => {
    const browser = await signedIn();
    const token = browser.cookies.get("__Host-corm") as string;
    browser.cookies.set("__Host-corm", token.replace(/^test\./, "other."));
    expect((await me(browser)).status).toBe(401);
    browser.cookies.set("__Host-corm", token.replace(/^test\./, "third."));
    expect((await me(browser)).status).toBe(401);
  });
});

it("a password is changed by who knows it: other sessions end, this one goes on with a new token", async () => {
  await app.addUser("joan@example.org");
  const [here, there] = [await signedIn("joan@example.org"), await signedIn("joan@example.org")];
  const change = (password: string, newPassword: string) =>
    here.send("POST", "/api/auth/change-password", { body: { password, newPassword } });
  expect((await change("not the password", "another heron entirely")).status).toBe(401);
  const refused = await change(PASSWORD, "password1");
  expect([refused.status, refused.body["code"]]).toEqual([422, "password-refused"]);
  expect(refused.body["errors"]).toMatchObject([{ pointer: "/newPassword" }]);
  expect((await me(there)).status).toBe(200);
  const before = here.cookies.get("__Host-corm");
  const changed = await change(PASSWORD, "another heron entirely");
  expect(changed.status).toBe(200);
  here.csrf = changed.body["csrfToken"] as string;
  expect(here.cookies.get("__Host-corm")).not.toBe(before);
  expect([(await me(here)).status, (await me(there)).status]).toEqual([200, 401]);
  expect((await app.browser().signIn("joan@example.org")).status).toBe(401);
  expect((await app.browser().signIn("joan@example.org", "another heron entirely")).status).toBe(200);
});

it("roles are those of this moment: of the app by name, of the tenant as they are", async () => {
  const browser = await signedIn();
  const roles = async () => (await me(browser)).body["roles"];
  const clerk = await app.system.repo(role).create({
    name: "clerk",
    label: "Clerk",
    entities: { account: { read: "all" } },
    permissions: ["user.invite"],
  });
  const given = await app.system.repo(roleAssignment).create({ userId: app.ada.id, role: "clerk" });
  await app.system.repo(roleAssignment).create({ userId: app.ada.id, role: "admin" });
  expect(await roles()).toEqual(["admin", "clerk"]);
  await app.system.repo(roleAssignment).delete(given.id);
  expect(await roles()).toEqual(["admin"]);
  await app.system.repo(roleAssignment).restore(given.id);
  await app.system.repo(role).delete(clerk.id);
  expect(await roles()).toEqual(["admin"]);
});

it("a user's address can change: the login follows", async () => {
  const record = await app.addUser("old@example.org");
  await app.system.repo(user).update(record.id, { email: "New@Example.org" });
  expect((await app.browser().signIn("old@example.org")).status).toBe(401);
  expect((await app.browser().signIn("new@example.org")).status).toBe(200);
});

it("programs have no session to end", async () => {
  const { issueApiKey } = await import("@corm/core");
  const { key } = await issueApiKey(app.system, { name: "program", roles: ["admin"] });
  const browser = await signedIn();
  const answer = await browser.send("POST", "/api/auth/sign-out", {
    headers: { authorization: `Bearer ${key}` },
  });
  expect([answer.status, answer.body["code"]]).toEqual([403, "not-a-session"]);
  expect((await me(browser)).status).toBe(200);
});

it("pages of a listed origin get answers and cookies; preflights say what is allowed", async () => {
  const cors = await startSignIn({ signIn: { origins: ["https://app.example.com"] } });
  const preflight = await cors.http.request(`${ORIGIN}/api/parcels`, {
    method: "OPTIONS",
    headers: { origin: "https://app.example.com", "access-control-request-method": "PATCH" },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  expect(preflight.headers.get("access-control-allow-credentials")).toBe("true");
  const browser = cors.browser();
  const from = { origin: "https://app.example.com", "sec-fetch-site": "same-site" };
  const answer = await browser.signIn("ada@example.org", PASSWORD, { headers: from });
  expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example.com");
  expect((await browser.send("POST", "/api/auth/sign-out", { headers: from })).status).toBe(204);
  await cors.crm.stop();
});

it("a cookie for development is for localhost alone", async () => {
  const plain = await startSignIn({ signIn: { insecureCookie: true } });
  const refused = await plain.browser().signIn("ada@example.org");
  expect([refused.status, refused.body["code"]]).toEqual([403, "insecure-host"]);
  const response = await plain.http.request("http://localhost:3000/public/auth/sign-in", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "ada@example.org", password: PASSWORD }),
  });
  expect(response.headers.getSetCookie()[0]).toMatch(
    /^corm=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/,
  );
  await plain.crm.stop();
});
