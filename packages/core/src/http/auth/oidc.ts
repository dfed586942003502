import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetch,
  calculatePKCECodeChallenge,
  clockSkew,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type ServerMetadata,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { type Clock, systemClock } from "../../util/clock.js";
import { InvalidHttpOptions, ProviderUnavailable } from "../errors.js";
import type { HttpCrm } from "../options.js";
import { boundedFetch } from "./bounded-fetch.js";
import type { PersonRules, ProvenPerson, SignInProvider } from "./provider.js";

export interface OidcOptions extends Partial<PersonRules> {
  /** In its routes: lower case letters, digits and `-`. */
  readonly name: string;
  /** For people, on the button. Default: the name. */
  readonly label?: string;
  /** The provider's issuer, to the letter: its settings are read from `/.well-known/openid-configuration` below it. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client, which PKCE alone protects. */
  readonly clientSecret?: string;
  /** Default `openid email profile`. */
  readonly scope?: string;
  /** More parameters of the authorization request, such as `prompt` or `hd`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** How far the provider's clock may be off, 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** The tenant of all its people, or what reads it from their claims. Default: the app's one tenant. */
  readonly tenant?: string | ((person: ProvenPerson) => string | undefined);
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const TIMEOUT_SECONDS = 5;
/** The provider's settings are asked for again after an hour: keys it fetches by itself when one is new. */
const KEPT_MS = 3_600_000;
const boundedAsk: CustomFetch = (url, options) => boundedFetch(url, options as RequestInit);
const LOCAL = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** What the parameters of a request may not be: they are what protects it. */
const OWN =
  "client_id response_type redirect_uri scope state nonce code_challenge code_challenge_method".split(" ");

/**
 * Sign-in by an OpenID Connect provider: authorization code flow with PKCE, state and nonce, the ID token's signature
 * checked against the provider's published keys.
 *
 * @throws invalid-http-options
 * @example
 * createHttp(crm, {
 *   signIn: {
 *     publicUrl: "https://crm.example.com",
 *     providers: [oidc(crm, { name: "acme", issuer, clientId, clientSecret, linkByEmail: true })],
 *   },
 * })
 */
export function oidc(crm: HttpCrm, options: OidcOptions): SignInProvider {
  check(options);
  const { clock } = crm.runtime;
  const { name, issuer, label = name, scope = "openid email profile", tenant = crm.defaultTenant } = options;
  const configuration = configurationOf(options, clock);
  const needsEmail = options.linkByEmail === true || options.provision !== undefined;
  /** Whether it is the provider's or the network's fault, rather than the caller's. */
  const guarded = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw ProviderUnavailable({ provider: name, issuer }, { cause: error });
    }
  };
  return {
    name,
    label,
    linkByEmail: options.linkByEmail ?? false,
    provision: options.provision,
    async begin(redirectUri) {
      const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
      const url = await guarded(async () =>
        buildAuthorizationUrl(await configuration(), {
          ...options.parameters,
          scope,
          redirect_uri: redirectUri,
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
        }),
      );
      if (!url) throw ProviderUnavailable({ provider: name, issuer });
      return { url: url.href, secrets: { state, nonce, verifier } };
    },
    finish: (callback, { state = "", nonce = "", verifier = "" }) =>
      guarded(async () => {
        const config = await configuration();
        const tokens = await authorizationCodeGrant(config, callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) return undefined;
        const asks = needsEmail && claims["email"] === undefined && config.serverMetadata().userinfo_endpoint;
        const more = asks ? await fetchUserInfo(config, tokens.access_token, claims.sub) : {};
        return { ...personOf(claims.iss, claims.sub, { ...more, ...claims }), signOutHint: tokens.id_token };
      }),
    /** OpenID Connect RP-Initiated Logout 1.0. */
    end: (returnTo, hint) =>
      guarded(async () => {
        const config = await configuration();
        if (!config.serverMetadata().end_session_endpoint) return undefined;
        return buildEndSessionUrl(config, {
          post_logout_redirect_uri: returnTo,
          ...(hint === undefined ? {} : { id_token_hint: hint }),
        }).href;
      }),
    tenantOf: (person) => (typeof tenant === "function" ? tenant(person) : tenant),
  };
}

function check({ name, issuer, clientId, parameters = {}, clockToleranceSeconds = 5 }: OidcOptions): void {
  const wrong = (problem: string) => InvalidHttpOptions({ problem: `oidc(): ${problem}` });
  if (!NAME.test(name)) throw wrong(`"name" is lower case letters, digits and "-", such as "acme".`);
  if (!clientId) throw wrong(`"clientId" is needed: the provider knows this app by it.`);
  if (!isProtected(issuer))
    throw wrong(
      `"issuer" is a URL that begins with https: what came in the clear may be anybody's. Given: "${issuer}".`,
    );
  const taken = Object.keys(parameters).find((parameter) => OWN.includes(parameter));
  if (taken) throw wrong(`"parameters.${taken}" is set by Corm.`);
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300))
    throw wrong(`"clockToleranceSeconds" is a number from 0 to 300.`);
}

/** HTTPS, or this machine. */
function isProtected(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && LOCAL.has(hostname));
}

/** Reads the provider's settings once for all who ask at the same time; a failure is not kept. */
function configurationOf(options: OidcOptions, clock: Clock): () => Promise<Configuration> {
  const { issuer, clientId, clientSecret, clockToleranceSeconds = 5 } = options;
  const execute = issuer.startsWith("http:") ? [allowInsecureRequests] : [];
  let kept: { readonly until: number; readonly found: Promise<ServerMetadata> } | undefined;
  const metadata = (): Promise<ServerMetadata> => {
    if (kept && clock.now() < kept.until) return kept.found;
    const found = discovery(new URL(issuer), clientId, undefined, None(), {
      timeout: TIMEOUT_SECONDS,
      [customFetch]: boundedAsk,
      execute,
    }).then((configuration) => configuration.serverMetadata());
    const asked = { until: clock.now() + KEPT_MS, found };
    kept = asked;
    found.catch(() => {
      if (kept === asked) kept = undefined;
    });
    return found;
  };
  return async () => {
    const server = await metadata();
    // Each with the skew of this moment: the library asks the system's clock, the app its own.
    const configuration = new Configuration(
      server,
      clientId,
      {
        [clockSkew]: Math.round((clock.now() - systemClock.now()) / 1000),
        [clockTolerance]: clockToleranceSeconds,
      },
      clientAuthentication(server, clientSecret),
    );
    configuration.timeout = TIMEOUT_SECONDS;
    configuration[customFetch] = boundedAsk;
    for (const extend of execute) extend(configuration);
    enableNonRepudiationChecks(configuration);
    return configuration;
  };
}

/** Basic is what the protocol takes for granted where the provider says nothing. */
function clientAuthentication(server: ServerMetadata, secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  const { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] } = server;
  return methods.includes("client_secret_basic") ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}

/** The host's mistake or the provider's trouble, by the codes of RFC 6749: no caller can do anything about it. */
const NOT_THE_CALLER = new Set([
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "server_error",
  "temporarily_unavailable",
]);
const BROKEN_ANSWER = new Set([
  "OAUTH_TIMEOUT",
  "OAUTH_ABORT",
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_PARSE_ERROR",
  "OAUTH_HTTP_REQUEST_FORBIDDEN",
  "OAUTH_REQUEST_PROTOCOL_FORBIDDEN",
]);

/** The answer that a browser brought does not hold. Anything else is trouble that the log should tell of. */
function isRefusal(error: unknown): boolean {
  if (error instanceof ResponseBodyError) return error.status < 500 && !NOT_THE_CALLER.has(error.error);
  if (error instanceof AuthorizationResponseError) return !NOT_THE_CALLER.has(error.error);
  if (error instanceof WWWAuthenticateChallengeError) return false;
  return error instanceof ClientError && error.code !== undefined && !BROKEN_ANSWER.has(error.code);
}

function personOf(issuer: string, subject: string, claims: Readonly<Record<string, unknown>>): ProvenPerson {
  const text = (name: string) => {
    const value = claims[name];
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  return {
    issuer,
    subject,
    email: text("email"),
    emailVerified: claims["email_verified"] === true,
    name: text("name") ?? text("preferred_username"),
    claims,
  };
}
