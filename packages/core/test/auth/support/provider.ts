import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from "jose";

type Json = Record<string, unknown>;

interface Code {
  readonly nonce: string;
  readonly challenge: string;
  readonly redirectUri: string;
  used: boolean;
}

/** What the next answers are like; all as they should be unless a test says otherwise. */
export interface Mood {
  person: Json;
  claims: (claims: JWTPayload) => JWTPayload;
  /** Replaces the ID token's text. */
  token: (token: string, claims: JWTPayload) => string | Promise<string>;
  userInfo: Json | undefined;
  down: "no" | "503" | "html" | "endless" | "silent";
}

/** A provider of sign-in on this machine that does what OpenID Connect says: codes hold once, PKCE and secrets are checked. */
export async function startProvider(clientId: string, clientSecret: string, endsSessions = true) {
  const keys = await generateKeyPair("RS256", { extractable: true });
  const others = await generateKeyPair("RS256", { extractable: true });
  const codes = new Map<string, Code>();
  const calm = (): Mood => ({
    person: { sub: "p-1", email: "ada@example.org", email_verified: true, name: "Ada" },
    claims: (claims) => claims,
    token: (token) => token,
    userInfo: undefined,
    down: "no",
  });
  let mood = calm();
  let clock: { now(): number } = { now: () => 0 };
  const seconds = () => Math.floor(clock.now() / 1000);
  let [issuer, discovered, tokenRequests] = ["", 0, 0];
  const metadata = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    ...(endsSessions ? { end_session_endpoint: `${issuer}/logout` } : {}),
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256"],
  });
  const sign = (claims: JWTPayload, key: CryptoKey = keys.privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k1" }).sign(key);

  /** RFC 6749 4.1.3: everything that came with the code comes again, once. */
  const tokens = async (request: IncomingMessage): Promise<[number, Json]> => {
    tokenRequests += 1;
    const form = new URLSearchParams(await textOf(request));
    const given = Buffer.from((request.headers.authorization ?? "").replace("Basic ", ""), "base64");
    // RFC 6749 2.3.1: both are written as in a form.
    const basic = decodeURIComponent(given.toString().replaceAll("+", " "));
    if (basic !== `${clientId}:${clientSecret}`) return [401, { error: "invalid_client" }];
    const code = codes.get(form.get("code") ?? "");
    const verifier = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (!code || code.used || code.redirectUri !== form.get("redirect_uri") || code.challenge !== verifier)
      return [400, { error: "invalid_grant" }];
    code.used = true;
    const now = seconds();
    const claims = mood.claims({
      ...mood.person,
      iss: issuer,
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce: code.nonce,
    });
    const id_token = await mood.token(await sign(claims), claims);
    return [200, { access_token: "at", token_type: "Bearer", expires_in: 60, id_token }];
  };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", issuer);
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (mood.down === "503") return json(503, { error: "temporarily_unavailable" });
    if (mood.down === "html") return response.end("<html>We are working on it</html>");
    if (mood.down === "silent") return undefined;
    if (mood.down === "endless") {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      return more();
    }
    if (pathname === "/.well-known/openid-configuration") {
      discovered += 1;
      return json(200, metadata());
    }
    if (pathname === "/jwks")
      return json(200, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "k1" }] });
    if (pathname === "/token") return json(...(await tokens(request)));
    if (pathname === "/userinfo") return json(200, mood.userInfo ?? { sub: mood.person["sub"] });
    return json(404, {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    issuer,
    clientId,
    get discovered() {
      return discovered;
    },
    get tokenRequests() {
      return tokenRequests;
    },
    /** Sets how it behaves from now on. */
    be(change: Partial<Mood> = {}) {
      mood = { ...calm(), ...change };
    },
    /** The time that it thinks it is. */
    keepTimeOf(of: { now(): number }) {
      clock = of;
    },
    seconds,
    sign,
    foreignKey: others.privateKey,
    /** What the person does there: signs in and is sent back. */
    authorize(url: string): URL {
      const asked = new URL(url);
      const parameter = (name: string) => asked.searchParams.get(name) ?? "";
      if (parameter("code_challenge_method") !== "S256" || parameter("response_type") !== "code")
        throw new Error(`not an authorization request: ${url}`);
      const code = randomUUID();
      codes.set(code, {
        nonce: parameter("nonce"),
        challenge: parameter("code_challenge"),
        redirectUri: parameter("redirect_uri"),
        used: false,
      });
      const back = new URL(parameter("redirect_uri"));
      back.searchParams.set("code", code);
      back.searchParams.set("state", parameter("state"));
      return back;
    },
    /** What it learns from a person who is sent to it to sign out. @throws where the hint is no ID token of its own */
    async endSession(url: string): Promise<{ subject: unknown; client: string | null; back: string | null }> {
      const { origin, pathname, searchParams } = new URL(url);
      if (origin !== issuer || pathname !== "/logout") throw new Error(`not the page to sign out: ${url}`);
      const hint = await jwtVerify(searchParams.get("id_token_hint") ?? "", keys.publicKey, {
        issuer,
        audience: clientId,
        currentDate: new Date(clock.now()),
      });
      return {
        subject: hint.payload.sub,
        client: searchParams.get("client_id"),
        back: searchParams.get("post_logout_redirect_uri"),
      };
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export type Provider = Awaited<ReturnType<typeof startProvider>>;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
