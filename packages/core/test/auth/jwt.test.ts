import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { roleAssignment, user } from "@corm/core";
import { createHttp, type HttpOptions } from "@corm/core/http";
import { type JwtOptions, jwt } from "@corm/core/jwt";
import { createTestCrm } from "@corm/core/testing";
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stored } from "../abuse/support/written.js";
import { plugins } from "../http/support/parcels.js";

const ISSUER = "https://id.example.com";
const AUDIENCE = "crm";

let rs: Awaited<ReturnType<typeof generateKeyPair>>;
let app: Awaited<ReturnType<typeof createTestCrm<typeof plugins>>>;
let http: ReturnType<typeof createHttp>;
let jwks: { uri: string; fetched: number; body: string; delayMs: number; close: () => void };

beforeAll(async () => {
  rs = await generateKeyPair("RS256", { extractable: true });
  jwks = await serveKeys(
    JSON.stringify({ keys: [{ ...(await exportJWK(rs.publicKey)), kid: "k1", alg: "RS256", use: "sig" }] }),
  );
  app = await createTestCrm({ plugins });
  http = createHttp(app.crm, { authenticators: [jwt(app.crm, base())] });
  const ada = await app.me.repo(user).create({ name: "Ada", email: "ada@example.org", externalId: "ada-1" });
  await app.me.repo(roleAssignment).create({ userId: ada.id, role: "admin" });
});
afterAll(async () => {
  jwks.close();
  await app.crm.stop();
});

const base = (): JwtOptions => ({ issuer: ISSUER, audience: AUDIENCE, jwksUri: jwks.uri });
const now = () => Math.floor(app.clock.now() / 1000);

async function serveKeys(body: string) {
  const state = { uri: "", fetched: 0, body, delayMs: 0, close: () => {} };
  const server = createServer((_, response) => {
    state.fetched += 1;
    setTimeout(() => response.setHeader("content-type", "application/json").end(state.body), state.delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  state.uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  state.close = () => server.close();
  return state;
}

const good = (): JWTPayload => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: "ada-1",
  iat: now(),
  exp: now() + 300,
});

const sign = (claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> =>
  new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "at+jwt", ...header })
    .sign(rs.privateKey);

let made = 0;
const ask = (token: string, scheme = "Bearer", app_ = http) =>
  app_.request("/api/parcels", {
    method: "POST",
    headers: { authorization: `${scheme} ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ code: `P${++made}` }),
  });

async function refused(tokens: readonly (readonly [string, string])[], scheme?: string): Promise<void> {
  const before = await stored(app.crm);
  for (const [what, token] of tokens) expect((await ask(token, scheme)).status, what).toBe(401);
  expect(await stored(app.crm)).toBe(before);
}

const unsigned = (header: object, claims: object, signature = "") =>
  [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".") +
  `.${signature}`;

it("a token of the issuer is let in, as the user whom it names, with the roles he has here", async () => {
  expect((await ask(await sign(good()))).status).toBe(201);
});

it("A2 no algorithm, and the public key taken for a shared secret, are refused", async () => {
  const { createHmac } = await import("node:crypto");
  const pem = await exportSPKI(rs.publicKey);
  const forged = (alg: string, key: string) => {
    const body = unsigned({ alg, typ: "at+jwt", kid: "k1" }, good()).slice(0, -1);
    return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
  };
  await refused([
    ["none", unsigned({ alg: "none", typ: "at+jwt" }, good())],
    ["None", unsigned({ alg: "None", typ: "at+jwt", kid: "k1" }, good(), "AAAA")],
    ["HS256 with the key's PEM", forged("HS256", pem)],
    ["HS256 with the key's text", forged("HS256", JSON.stringify(await exportJWK(rs.publicKey)))],
    ["HS256 with nothing", forged("HS256", "")],
    ["a signature cut", (await sign(good())).slice(0, -4)],
  ]);
});

it("A3 times that are no whole numbers, are missing, or do not hold, are refused", async () => {
  const { exp: _, ...noExp } = good();
  const { iat: __, ...noIat } = good();
  const wrong: Record<string, Record<string, unknown>> = {
    "exp as text": { ...good(), exp: String(now() + 300) },
    "exp below 0": { ...good(), exp: -1 },
    "exp with a fraction": { ...good(), exp: now() + 300.5 },
    "exp without end": { ...good(), exp: 1e300 },
    "no exp": noExp,
    "exp over": { ...good(), exp: now() - 6 },
    "nbf to come": { ...good(), nbf: now() + 60 },
    "nbf as text": { ...good(), nbf: String(now()) },
    "no iat": noIat,
    "iat to come": { ...good(), iat: now() + 60 },
    "exp null": { ...good(), exp: null },
  };
  const tokens: [string, string][] = [];
  for (const [what, claims] of Object.entries(wrong)) tokens.push([what, await raw(claims)]);
  await refused(tokens);
});

/** Signs claims as they are, also those that no library would sign. */
async function raw(claims: Record<string, unknown>): Promise<string> {
  const { sign: signBytes } = await import("node:crypto");
  const body = unsigned({ alg: "RS256", kid: "k1", typ: "at+jwt" }, claims).slice(0, -1);
  const { exportPKCS8 } = await import("jose");
  const key = await exportPKCS8(rs.privateKey);
  return `${body}.${signBytes("sha256", Buffer.from(body), key).toString("base64url")}`;
}

it("A3 the tokens that are refused differ from a good one in their times alone", async () => {
  expect((await ask(await raw({ ...good() }))).status).toBe(201);
});

it("A4 a good token under another scheme is refused", async () => {
  const token = await sign(good());
  for (const scheme of ["Basic", "Token", "JWT", "Digest", "Negotiate", "bearer:"])
    await refused([[scheme, token]], scheme);
});

it("A5 a token of another audience, issuer, type or key is refused", async () => {
  const other = await generateKeyPair("RS256");
  const foreign = await new SignJWT(good())
    .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "at+jwt" })
    .sign(other.privateKey);
  const { aud: _, ...noAudience } = good();
  await refused([
    ["audience", await sign({ ...good(), aud: "shop" })],
    ["audiences", await sign({ ...good(), aud: ["shop", "blog"] })],
    ["no audience", await sign(noAudience)],
    ["issuer", await sign({ ...good(), iss: "https://id.example.com.evil.example" })],
    ["issuer with a slash", await sign({ ...good(), iss: `${ISSUER}/` })],
    ["id token", await sign(good(), { typ: "JWT" })],
    ["refresh token", await sign(good(), { typ: "rt+jwt" })],
    ["no type", await sign(good(), { typ: undefined })],
    ["unknown key", await sign(good(), { kid: "k2" })],
    ["another's key", foreign],
    ["a token of links", app.me.tokens.sign("cursor", { sub: "ada-1" })],
    ["a user who is none", await sign({ ...good(), sub: "eve" })],
    ["a user by an object", await raw({ ...good(), sub: { $ne: null } })],
  ]);
});

describe("a user", () => {
  it("who is suspended is let in no longer, from the next request on", async () => {
    const token = await sign(good());
    const ada = await app.me.repo(user).first({ where: { externalId: "ada-1" } });
    await app.me.repo(user).update(ada?.id as string, { active: false });
    await refused([["suspended", token]]);
    await app.me.repo(user).update(ada?.id as string, { active: true });
    expect((await ask(token)).status).toBe(201);
  });

  it("is found by an address only where the issuer has verified it", async () => {
    const byMail = createHttp(app.crm, {
      authenticators: [jwt(app.crm, { ...base(), user: { claim: "email", field: "email" } })],
    });
    const token = (verified: unknown) =>
      sign({ ...good(), sub: "x", email: "ada@example.org", email_verified: verified });
    expect((await ask(await token(true), "Bearer", byMail)).status).toBe(201);
    for (const verified of [false, undefined, "true", 1])
      expect((await ask(await token(verified), "Bearer", byMail)).status).toBe(401);
  });
});

it("keys are fetched once, not for every token, and not for every unknown key", async () => {
  const before = jwks.fetched;
  for (let i = 0; i < 10; i++) await ask(await sign(good(), { kid: `unknown-${i}` }));
  expect((await ask(await sign(good()))).status).toBe(201);
  expect(jwks.fetched - before).toBeLessThanOrEqual(1);
});

it("an issuer that answers nonsense, or too much, is not the caller's fault", async () => {
  for (const body of ["not json", "{}", JSON.stringify({ keys: [{ kty: "RSA", n: "A".repeat(300_000) }] })]) {
    const broken = await serveKeys(body);
    const other = createHttp(app.crm, { authenticators: [jwt(app.crm, { ...base(), jwksUri: broken.uri })] });
    const response = await ask(await sign(good()), "Bearer", other);
    expect([response.status, ((await response.json()) as { code: string }).code], body.slice(0, 20)).toEqual([
      503,
      "issuer-unavailable",
    ]);
    broken.close();
  }
});

it.each([
  ["no issuer", { issuer: "" }],
  ["no audience", { audience: [] }],
  ["no keys", { jwksUri: undefined }],
  ["a symmetric algorithm", { algorithms: ["HS256"] }],
  ["no algorithm", { algorithms: ["none"] }],
  ["keys in the clear", { jwksUri: "http://id.example.com/jwks" }],
  ["a clock that is hours off", { clockToleranceSeconds: 3600 }],
])("refuses to start with %s", (_, wrong) => {
  const options = { ...base(), ...wrong } as Record<string, unknown>;
  for (const [name, value] of Object.entries(options)) if (value === undefined) delete options[name];
  expect(() => jwt(app.crm, options as unknown as JwtOptions)).toThrow(/jwt\(\)/);
});

it("a token names no tenant beyond those that the app serves", async () => {
  const strange = app.crm.system({ tenant: "strange", reason: "test" });
  await strange.repo(user).create({ name: "Ada", externalId: "ada-1" });
  const options: JwtOptions = {
    ...base(),
    tenant: (claims) => String(claims["tenant"]),
    roles: () => ["admin"],
  };
  const token = await sign({ ...good(), tenant: "strange" });
  const status = async (served: HttpOptions) => {
    const one = createHttp(app.crm, { ...served, authenticators: [jwt(app.crm, options)] });
    return (await one.request("/api/users", { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await status({ tenants: ["test"] })).toBe(401);
  expect(await status({ tenants: (tenant) => tenant !== "strange" })).toBe(401);
  expect(await status({ tenants: ["test", "strange"] })).toBe(200);
  // Without `tenants`, which is for keys of the app, the issuer's word counts.
  expect(await status({})).toBe(200);
});
