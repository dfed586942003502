import { roleAssignment, user, userIdentity, userSession } from "@corm/core";
import type { SignInOptions } from "@corm/core/http";
import { type OidcOptions, oidc } from "@corm/core/oidc";
import { type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stored } from "../abuse/support/written.js";
import { type Browser, ORIGIN, type SignInApp, startSignIn } from "./support/browser.js";
import { type Provider, startProvider } from "./support/provider.js";

const START = "/public/auth/providers/acme";
const SECRET = "a secret of the client's own, long enough";

let provider: Provider;
let app: SignInApp;
beforeAll(async () => {
  provider = await startProvider("crm", SECRET);
  app = await start({ linkByEmail: true });
});
afterAll(async () => {
  await provider.stop();
  await app.crm.stop();
});
beforeEach(() => {
  provider.be();
  provider.keepTimeOf(app.clock);
});

async function start(options: Partial<OidcOptions>, signIn: SignInOptions = {}): Promise<SignInApp> {
  const started = await startSignIn({
    signIn: (crm) => ({
      publicUrl: ORIGIN,
      origins: ["https://app.example.com"],
      providers: [
        oidc(crm, {
          name: "acme",
          label: "Acme",
          issuer: provider.issuer,
          clientId: "crm",
          clientSecret: SECRET,
          ...options,
        }),
      ],
      ...signIn,
    }),
  });
  provider.keepTimeOf(started.clock);
  return started;
}

const pathOf = (url: URL) => `${url.pathname}${url.search}`;
const me = (browser: Browser) => browser.send("GET", "/api/auth/me");

/** There and back again. */
async function signIn(
  browser: Browser,
  {
    query = "",
    change = (url: URL) => url,
    ...headers
  }: { query?: string; change?: (url: URL) => URL; accept?: string } = {},
) {
  const begun = await browser.send("GET", `${START}${query}`);
  expect(begun.status).toBe(302);
  const back = change(provider.authorize(begun.headers.get("location") as string));
  return browser.send("GET", pathOf(back), { headers: { "sec-fetch-site": "cross-site", ...headers } });
}

/** Nothing is written and nobody signed in. */
async function refused(attempt: () => ReturnType<typeof signIn>, status = 401, on = app): Promise<void> {
  const before = await stored(on.crm);
  const answer = await attempt();
  expect([
    answer.status,
    answer.headers.getSetCookie().some((cookie) => cookie.startsWith("__Host-corm=")),
  ]).toEqual([status, false]);
  expect(await stored(on.crm)).toBe(before);
}

describe("signing in by a provider", () => {
  it("links the user of a verified address once, and knows him by the subject from then on", async () => {
    const browser = app.browser();
    const answer = await signIn(browser, { query: "?returnTo=/home%3Ftab%3D1" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, `${ORIGIN}/home?tab=1`]);
    expect((await me(browser)).body["user"]).toMatchObject({ id: app.ada.id });
    const { items } = await app.system.repo(userIdentity).find();
    expect(items).toMatchObject([{ userId: app.ada.id, issuer: provider.issuer, subject: "p-1" }]);
    const sessions = await app.system.repo(userSession).find();
    expect(sessions.items.at(-1)).toMatchObject({ method: "oidc:acme", address: "203.0.113.7" });
    expect(browser.cookies.has("__Host-corm-attempt")).toBe(false);

    provider.be({ person: { sub: "p-1", email: "new-address@example.org", email_verified: false } });
    const other = app.browser();
    expect((await signIn(other)).status).toBe(303);
    expect((await me(other)).body["user"]).toMatchObject({ id: app.ada.id, email: "ada@example.org" });
    expect((await app.system.repo(userIdentity).find()).items).toHaveLength(1);
  });

  it("lets changes through with the token that the page asks for", async () => {
    const browser = app.browser();
    await signIn(browser);
    expect((await browser.send("DELETE", "/api/auth/sessions")).status).toBe(403);
    browser.csrf = (await me(browser)).body["csrfToken"] as string;
    expect((await browser.send("DELETE", "/api/auth/sessions")).status).toBe(204);
  });

  it("ends the session that was there before", async () => {
    const browser = app.browser();
    await signIn(browser);
    const old = app.browser();
    old.cookies.set("__Host-corm", browser.cookies.get("__Host-corm") as string);
    await signIn(browser);
    expect([(await me(old)).status, (await me(browser)).status]).toEqual([401, 200]);
  });

  it("is listed, is asked for its settings once, and protects every request anew", async () => {
    const list = await app.browser().send("GET", "/public/auth/providers");
    expect(list.body["data"]).toEqual([{ name: "acme", label: "Acme", url: `${ORIGIN}${START}` }]);
    const asked = new URL((await app.browser().send("GET", START)).headers.get("location") as string);
    const again = new URL((await app.browser().send("GET", START)).headers.get("location") as string);
    expect(asked.searchParams.get("redirect_uri")).toBe(`${ORIGIN}${START}/callback`);
    for (const name of ["state", "nonce", "code_challenge"])
      expect(asked.searchParams.get(name)).not.toBe(again.searchParams.get(name));
    expect(provider.discovered).toBe(1);
  });

  it("leads people back to their page with what went wrong, and programs to a problem document", async () => {
    provider.be({ person: { sub: "nobody" } });
    const answer = await signIn(app.browser(), { query: "?returnTo=/home", accept: "text/html,*/*;q=0.8" });
    expect([answer.status, answer.headers.get("location")]).toEqual([
      303,
      `${ORIGIN}/home?signInError=provider-sign-in-failed`,
    ]);
    const program = await signIn(app.browser());
    expect([program.status, program.body["code"]]).toEqual([401, "provider-sign-in-failed"]);
  });
});

describe("signing out", () => {
  const out = (browser: Browser, returnTo?: string) =>
    browser.send(
      "POST",
      `/api/auth/sign-out${returnTo === undefined ? "" : `?returnTo=${encodeURIComponent(returnTo)}`}`,
    );
  const signedIn = async (on = app) => {
    const browser = on.browser();
    await signIn(browser);
    browser.csrf = (await me(browser)).body["csrfToken"] as string;
    return browser;
  };

  it("leads to the provider, where the person signs out as well and is led back", async () => {
    const browser = await signedIn();
    const answer = await out(browser, "/bye");
    expect(answer.status).toBe(200);
    expect(await provider.endSession(answer.body["url"] as string)).toEqual({
      subject: "p-1",
      client: "crm",
      back: `${ORIGIN}/bye`,
    });
    expect((await me(browser)).status).toBe(401);
  });

  it("keeps no ID token that anybody could read", async () => {
    await signedIn();
    const { items } = await app.system.repo(userSession).find({ orderBy: ["-signedInAt"], limit: 1 });
    expect(items[0]?.providerHint).toMatch(/^[\w-]{100,}$/);
    const journal = JSON.stringify((await app.system.changes({ limit: 500 })).items);
    expect(journal).not.toContain(items[0]?.providerHint);
  });

  it("ends here alone where nobody asks for more, or the session came by a password", async () => {
    const browser = await signedIn();
    expect((await out(browser)).status).toBe(204);
    expect((await me(browser)).status).toBe(401);
    const byPassword = app.browser();
    await byPassword.signIn("ada@example.org");
    const answer = await out(byPassword, "https://app.example.com/bye");
    expect([answer.status, answer.body]).toEqual([200, { url: "https://app.example.com/bye" }]);
    expect((await me(byPassword)).status).toBe(401);
  });

  it("leads to no other site, and then ends nothing", async () => {
    const browser = await signedIn();
    for (const page of ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)", "/\\evil"])
      expect([page, (await out(browser, page)).status]).toEqual([page, 400]);
    expect((await me(browser)).status).toBe(200);
  });

  it("goes on without a provider that does not answer, or ends no sessions", async () => {
    const silent = await startProvider("crm", SECRET, false);
    const other = await start({ linkByEmail: true, issuer: silent.issuer });
    silent.keepTimeOf(other.clock);
    const known = provider;
    provider = silent;
    try {
      const browser = await signedIn(other);
      expect((await out(browser, "/bye")).body).toEqual({ url: `${ORIGIN}/bye` });
      const again = await signedIn(other);
      // The provider's settings are asked for again after an hour.
      other.clock.advance(2 * 3_600_000);
      silent.be({ down: "503" });
      const answer = await out(again, "/bye");
      expect([answer.status, answer.body]).toEqual([200, { url: `${ORIGIN}/bye` }]);
      expect(other.errors).toMatchObject([{ code: "provider-unavailable" }]);
      expect((await me(again)).status).toBe(401);
    } finally {
      provider = known;
      await silent.stop();
      await other.crm.stop();
    }
  });
});

describe("what a browser brings back counts only", () => {
  it("in the browser that began, once, within ten minutes", async () => {
    const victim = app.browser();
    const attacker = app.browser();
    const location = (await attacker.send("GET", START)).headers.get("location") as string;
    const back = pathOf(provider.authorize(location));
    // Login CSRF: somebody else's code in this browser, without an attempt and with one of its own.
    await refused(() => victim.send("GET", back));
    await victim.send("GET", START);
    await refused(() => victim.send("GET", back));
    expect(victim.cookies.has("__Host-corm-attempt")).toBe(false);

    const late = app.browser();
    const asked = (await late.send("GET", START)).headers.get("location") as string;
    app.clock.advance({ minutes: 10 });
    await refused(() => late.send("GET", pathOf(provider.authorize(asked))));

    const twice = app.browser();
    const begun = (await twice.send("GET", START)).headers.get("location") as string;
    const attempt = twice.cookies.get("__Host-corm-attempt") as string;
    const url = pathOf(provider.authorize(begun));
    expect((await twice.send("GET", url)).status).toBe(303);
    await refused(() => twice.send("GET", url));
    const replay = app.browser();
    replay.cookies.set("__Host-corm-attempt", attempt);
    await refused(() => replay.send("GET", url));
  });

  it("with the state and code of this attempt, and without an error", async () => {
    const changes: [string, (url: URL) => void][] = [
      ["state", (url) => url.searchParams.set("state", "another")],
      ["no state", (url) => url.searchParams.delete("state")],
      ["two states", (url) => url.searchParams.append("state", "another")],
      ["no code", (url) => url.searchParams.delete("code")],
      ["another code", (url) => url.searchParams.set("code", "another")],
      ["two codes", (url) => url.searchParams.append("code", "another")],
      ["denied", (url) => url.searchParams.set("error", "access_denied")],
      ["another issuer", (url) => url.searchParams.set("iss", "https://evil.example")],
      ["an answer of another kind", (url) => url.searchParams.set("response", "x.y.z")],
      [
        "nothing",
        (url) => [...url.searchParams.keys()].forEach((name) => void url.searchParams.delete(name)),
      ],
    ];
    for (const [what, apply] of changes) {
      const change = (url: URL) => {
        if (what !== "an answer of another kind") apply(url);
        else url.searchParams.delete("code");
        return url;
      };
      await refused(() => signIn(app.browser(), { change }));
    }
  });

  it("with a cookie that this app has sealed for this provider", async () => {
    for (const forged of ["", "x", "a.b.c", Buffer.from('{"secrets":{}}').toString("base64url")]) {
      const browser = app.browser();
      const location = (await browser.send("GET", START)).headers.get("location") as string;
      browser.cookies.set("__Host-corm-attempt", forged);
      await refused(() => browser.send("GET", pathOf(provider.authorize(location))));
    }
    const other = await start({ name: "other", linkByEmail: true });
    const browser = other.browser();
    const begun = await browser.send("GET", "/public/auth/providers/other");
    const mixed = app.browser();
    mixed.cookies.set("__Host-corm-attempt", browser.cookies.get("__Host-corm-attempt") as string);
    const back = provider.authorize(begun.headers.get("location") as string);
    await refused(() => mixed.send("GET", `${START}/callback${back.search}`));
    await other.crm.stop();
  });
});

describe("an ID token counts only", () => {
  const cases: [string, (claims: JWTPayload) => JWTPayload][] = [
    ["of this issuer", (claims) => ({ ...claims, iss: "https://evil.example" })],
    ["for this client", (claims) => ({ ...claims, aud: "another" })],
    ["for this client alone", (claims) => ({ ...claims, aud: ["crm", "another"], azp: "another" })],
    ["with the nonce of this attempt", (claims) => ({ ...claims, nonce: "another" })],
    ["with a nonce", ({ nonce: _, ...claims }) => claims],
    ["while it holds", (claims) => ({ ...claims, exp: provider.seconds() - 60 })],
    ["with an end", ({ exp: _, ...claims }) => claims],
    ["with an end that is a number", (claims) => ({ ...claims, exp: "9999999999" as unknown as number })],
    ["from now on", (claims) => ({ ...claims, nbf: provider.seconds() + 3600 })],
    ["with a subject", ({ sub: _, ...claims }) => claims],
    ["with a subject that is text", (claims) => ({ ...claims, sub: { $ne: null } as unknown as string })],
    ["with a subject that can be kept", (claims) => ({ ...claims, sub: "x".repeat(256) })],
  ];
  for (const [what, claims] of cases)
    it(what, async () => {
      provider.be({ claims });
      await refused(() => signIn(app.browser()));
    });

  it("with a signature of the issuer's keys", async () => {
    const secret = new TextEncoder().encode(SECRET);
    const forged: ((token: string, claims: JWTPayload) => string | Promise<string>)[] = [
      (_, claims) => new UnsecuredJWT(claims).encode(),
      (_, claims) => provider.sign(claims, provider.foreignKey),
      (_, claims) => new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(secret),
      (token) => `${token.split(".").slice(0, 2).join(".")}.`,
      (token) => token.replace(/\.[^.]+\./, `.${Buffer.from('{"sub":"p-2"}').toString("base64url")}.`),
      () => "no token",
    ];
    for (const token of forged) {
      provider.be({ token });
      await refused(() => signIn(app.browser()));
    }
  });
});

describe("who somebody is", () => {
  it("no unverified address, no other person of the same address, no suspended user", async () => {
    const linus = await app.addUser("linus@example.org", null);
    for (const email_verified of [false, undefined, "true", 1]) {
      provider.be({ person: { sub: "p-linus", email: "linus@example.org", email_verified } });
      await refused(() => signIn(app.browser()));
    }
    provider.be({ person: { sub: "p-linus", email: "LINUS@example.org", email_verified: true } });
    expect((await signIn(app.browser())).status).toBe(303);
    // The address has passed to somebody else.
    provider.be({ person: { sub: "p-other", email: "linus@example.org", email_verified: true } });
    await refused(() => signIn(app.browser()));

    provider.be({ person: { sub: "p-linus", email: "linus@example.org", email_verified: true } });
    const browser = app.browser();
    await signIn(browser);
    await app.system.repo(user).update(linus.id, { active: false });
    expect((await me(browser)).status).toBe(401);
    await refused(() => signIn(app.browser()));
    await app.system.repo(user).update(linus.id, { active: true });
    await app.system.repo(user).delete(linus.id);
    await refused(() => signIn(app.browser()));
  });

  it("nobody is linked or made where the app has not said so", async () => {
    const strict = await start({});
    await refused(() => signIn(strict.browser()), 401, strict);
    await strict.system.repo(userIdentity).create({
      userId: strict.ada.id,
      issuer: provider.issuer,
      subject: "p-1",
      linkedAt: strict.system.now(),
    });
    expect((await signIn(strict.browser())).status).toBe(303);
    await strict.crm.stop();
  });

  it("a user is made as the app says, once for many who come at once; a taken address is not", async () => {
    const made = await start({
      provision: ({ email, name = "?", claims }) =>
        claims["staff"] === true ? { name, ...(email ? { email } : {}), roles: ["admin"] } : null,
    });
    const person = { sub: "p-new", email: "new@example.org", email_verified: true, name: "New" };
    provider.be({ person });
    await refused(() => signIn(made.browser()), 401, made);
    provider.be({ person: { ...person, staff: true } });
    const browsers = Array.from({ length: 8 }, () => made.browser());
    const answers = await Promise.all(browsers.map((browser) => signIn(browser)));
    expect(answers.map(({ status }) => status)).toEqual(browsers.map(() => 303));
    const users = await made.system.repo(user).find({ where: { email: "new@example.org" } });
    expect(users.items).toHaveLength(1);
    const roles = await made.system
      .repo(roleAssignment)
      .find({ where: { userId: users.items[0]?.id as string } });
    expect(roles.items.map(({ role }) => role)).toEqual(["admin"]);
    provider.be({ person: { ...person, sub: "p-again", staff: true } });
    await refused(() => signIn(made.browser()), 401, made);
    await made.crm.stop();
  });

  it("nobody comes back as another user: not suspended, not deleted, however his address is written", async () => {
    for (const email of ["Bob@example.org", "bob@example.org"]) {
      const back = await start({
        linkByEmail: true,
        provision: ({ name = "?" }) => ({ name, roles: ["admin"] }),
      });
      const bob = await back.system.repo(user).create({ name: "Bob", email, active: false });
      provider.be({ person: { sub: "p-bob", email: "bob@example.org", email_verified: true, name: "Bob" } });
      await refused(() => signIn(back.browser()), 401, back);
      await back.system.repo(user).update(bob.id, { active: true });
      expect((await signIn(back.browser())).status).toBe(303);
      await back.system.repo(user).delete(bob.id);
      await refused(() => signIn(back.browser()), 401, back);
      provider.be({
        person: { sub: "p-bob-again", email: "BOB@example.org", email_verified: true, name: "Bob" },
      });
      await refused(() => signIn(back.browser()), 401, back);
      await back.system.repo(user).restore(bob.id);
      provider.be({ person: { sub: "p-bob", email: "bob@example.org", email_verified: true, name: "Bob" } });
      const browser = back.browser();
      expect((await signIn(browser)).status).toBe(303);
      expect((await me(browser)).body["user"]).toMatchObject({ id: bob.id });
      await back.crm.stop();
    }
  });

  it("nobody is linked to one who has taken his address in another spelling", async () => {
    const taken = await start({ linkByEmail: true });
    await taken.system.repo(user).create({ name: "Boss", email: "boss@example.org" });
    await taken.system.repo(user).update(taken.ada.id, { email: "Boss@example.org" });
    provider.be({ person: { sub: "p-boss", email: "boss@example.org", email_verified: true } });
    await refused(() => signIn(taken.browser()), 401, taken);
    await taken.crm.stop();
  });

  it("an unverified address makes nobody beside its user", async () => {
    const made = await start({
      linkByEmail: true,
      provision: ({ email }) => ({ name: "New", email: email as string }),
    });
    provider.be({ person: { sub: "p-x", email: "ADA@example.org", email_verified: false } });
    await refused(() => signIn(made.browser()), 401, made);
    provider.be({ person: { sub: "p-y", email: "no address", email_verified: false } });
    await refused(() => signIn(made.browser()), 401, made);
    await made.crm.stop();
  });

  it("the address is asked for where the token leaves it out, of the same subject", async () => {
    const asking = await start({ linkByEmail: true });
    const info = { email: "ada@example.org", email_verified: true };
    provider.be({ person: { sub: "p-9" }, userInfo: { sub: "p-other", ...info } });
    await refused(() => signIn(asking.browser()), 401, asking);
    provider.be({ person: { sub: "p-9" }, userInfo: { sub: "p-9", ...info } });
    expect((await signIn(asking.browser())).status).toBe(303);
    await asking.crm.stop();
  });

  it("the tenant is the provider's, never the caller's", async () => {
    const foreign = await start({ linkByEmail: true, tenant: "other" });
    await refused(() => signIn(foreign.browser()), 401, foreign);
    const answer = await foreign.browser().send("GET", `${START}?tenant=test`);
    expect([answer.status, answer.body["code"]]).toEqual([400, "unknown-parameter"]);
    const none = await start({ linkByEmail: true, tenant: () => "third" });
    await refused(() => signIn(none.browser()), 401, none);
    await foreign.crm.stop();
    await none.crm.stop();
  });
});

describe("where a browser is sent afterwards", () => {
  const refusedTargets = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "https://app.example.com.evil.example",
    "https://app.example.com@evil.example/",
    "http://app.example.com/",
    "javascript:alert(1)",
    "data:text/html,x",
    "blob:https://crm.example.com/x",
    "/\t/evil.example",
    "/%0d\nx",
    " //evil.example",
    "",
    "https://",
    `/${"x".repeat(1000)}`,
  ];
  for (const target of refusedTargets)
    it(`is not ${JSON.stringify(target).slice(0, 40)}`, async () => {
      const answer = await app.browser().send("GET", `${START}?returnTo=${encodeURIComponent(target)}`);
      if (target === "")
        expect(new URL(answer.headers.get("location") as string).origin).toBe(provider.issuer);
      else expect([answer.status, answer.body["code"]]).toEqual([400, "invalid-parameter"]);
    });
  it("is a page of a listed origin", async () => {
    const answer = await signIn(app.browser(), { query: "?returnTo=https://app.example.com/%23/home" });
    expect(answer.headers.get("location")).toBe("https://app.example.com/#/home");
  });
});

describe("a provider in trouble", () => {
  it("is said to be so, with the reason in the log alone", async () => {
    for (const down of ["503", "html", "endless"] as const) {
      const fresh = await start({ linkByEmail: true });
      provider.be({ down });
      const begun = await fresh.browser().send("GET", START);
      expect([down, begun.status, begun.body["code"]]).toEqual([down, 503, "provider-unavailable"]);
      // A failure is not kept.
      provider.be();
      const browser = fresh.browser();
      const location = (await browser.send("GET", START)).headers.get("location") as string;
      const back = pathOf(provider.authorize(location));
      provider.be({ down });
      await refused(() => browser.send("GET", back), 503, fresh);
      await fresh.crm.stop();
    }
  });

  it("is not waited for longer than five seconds", { timeout: 20_000 }, async () => {
    const fresh = await start({ linkByEmail: true });
    provider.be({ down: "silent" });
    expect((await fresh.browser().send("GET", START)).status).toBe(503);
    await fresh.crm.stop();
  });

  it("so is one that does not know this app", async () => {
    const wrong = await start({ clientSecret: "of another client" });
    await refused(() => signIn(wrong.browser()), 503, wrong);
    await wrong.crm.stop();
  });
});

it("tries are counted by address", async () => {
  const strict = await start({}, { perAddress: { limit: 2, windowSeconds: 60 } });
  const browser = strict.browser();
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push((await browser.send("GET", START)).status);
  expect(statuses).toEqual([302, 302, 429]);
  const end = async () => (await browser.send("GET", `${START}/callback?code=x&state=y`)).status;
  expect([await end(), await end(), await end()]).toEqual([401, 401, 429]);
  expect((await browser.send("GET", START, { address: "203.0.113.8" })).status).toBe(302);
  await strict.crm.stop();
});

it("passwords can be turned off", async () => {
  const alone = await start({ linkByEmail: true }, { passwords: false });
  for (const path of ["sign-in", "request-reset", "reset", "accept-invitation"])
    expect((await alone.http.request(`${ORIGIN}/public/auth/${path}`, { method: "POST" })).status).toBe(404);
  expect((await signIn(alone.browser())).status).toBe(303);
  await alone.crm.stop();
});

it("options that are wrong are refused when the app starts", async () => {
  const wrong: [Partial<OidcOptions>, SignInOptions, RegExp][] = [
    [{ name: "Acme Inc" }, {}, /"name" is lower case/],
    [{ issuer: "http://id.example.com" }, {}, /begins with https/],
    [{ issuer: "acme" }, {}, /begins with https/],
    [{ clientId: "" }, {}, /"clientId" is needed/],
    [{ parameters: { state: "x" } }, {}, /"parameters.state" is set by Corm/],
    [{ clockToleranceSeconds: -1 }, {}, /0 to 300/],
    [{}, { publicUrl: "crm.example.com" }, /"signIn.publicUrl" is a URL/],
    [{}, { publicUrl: "http://crm.example.com" }, /"signIn.publicUrl" is a URL/],
    [{}, { publicUrl: undefined as never }, /give "signIn.publicUrl"/],
    [{}, { providers: [], passwords: false }, /nobody could sign in/],
  ];
  for (const [options, more, message] of wrong) await expect(start(options, more)).rejects.toThrow(message);
});
