import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import type { Context, Identity } from "../../context/context.js";
import { user } from "../../crm/entities/user.js";
import { rolesOf } from "../../crm/services/roles-of.js";
import { type Authenticator, bearerToken } from "../authenticate.js";
import { InvalidHttpOptions, IssuerUnavailable } from "../errors.js";
import type { HttpCrm } from "../options.js";
import { systemSessions } from "../tenants.js";
import { boundedFetch } from "./bounded-fetch.js";

export interface JwtOptions {
  /** `iss` of its tokens, to the letter. */
  readonly issuer: string;
  /** `aud`: this API, by the name that the issuer knows it by. */
  readonly audience: string | readonly string[];
  /** Where the issuer publishes its keys: `https`, or `http` on this machine. Fetched when needed, kept ten minutes. */
  readonly jwksUri?: string;
  /** The keys themselves, instead of `jwksUri`. */
  readonly keys?: JSONWebKeySet;
  /** Default `RS256`, `PS256`, `ES256` and `EdDSA`. Never symmetric ones: whoever checks such a token can make one. */
  readonly algorithms?: readonly string[];
  /** `typ` of access tokens (RFC 9068). Default `at+jwt`; some issuers write `JWT`. */
  readonly type?: string;
  /** How far the issuer's clock may be off, 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** The tenant of all its tokens, or what reads it from the claims. Default: the app's one tenant. */
  readonly tenant?: string | ((claims: JWTPayload) => string | undefined);
  /**
   * How a user is found: by which claim in which of his fields. Default `sub` in `externalId`. An e-mail address counts
   * only where the issuer says that it is verified.
   */
  readonly user?: { readonly claim: string; readonly field: "externalId" | "email" };
  /** Names of roles of the app, from the claims. Default: those that are assigned to the user here. */
  readonly roles?: (claims: JWTPayload) => readonly string[];
}

const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const FETCH_MS = 3000;

/**
 * Tokens of an OpenID Connect or OAuth issuer, in `Authorization: Bearer`. The user must be one of the tenant's active
 * ones; his roles are those of this moment.
 *
 * @throws invalid-http-options
 * @example
 * createHttp(crm, { authenticators: [jwt(crm, { issuer, audience: "crm", jwksUri: `${issuer}/jwks` })] })
 */
export function jwt(crm: HttpCrm, options: JwtOptions): Authenticator {
  const settings = checked(options);
  const keys = keysOf(options);
  const systems = systemSessions(crm, "check a token");
  const { clock } = crm.runtime;
  return {
    name: "jwt",
    scheme: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: `A token of ${options.issuer}.`,
    },
    challenge: 'Bearer realm="corm"',
    async authenticate(request) {
      const token = bearerToken(request);
      if (token === undefined || !SHAPE.test(token)) return undefined;
      const claims = await verified(token, keys, settings, options, clock.now());
      if (!claims) return undefined;
      const { tenant: given = crm.defaultTenant } = options;
      const tenant = typeof given === "function" ? given(claims) : given;
      if (typeof tenant !== "string" || !/^[\w.-]{1,64}$/.test(tenant)) return undefined;
      return identityOf(systems(tenant), claims, options);
    },
  };
}

type Keys = JWTVerifyGetKey;

interface Settings {
  readonly algorithms: string[];
  readonly tolerance: number;
}

function checked({
  issuer,
  audience,
  jwksUri,
  keys,
  algorithms = ALGORITHMS,
  clockToleranceSeconds = 5,
}: JwtOptions): Settings {
  const wrong = (problem: string) => InvalidHttpOptions({ problem: `jwt(): ${problem}` });
  if (!issuer || audience.length === 0)
    throw wrong(`"issuer" and "audience" are needed: tokens are checked against them.`);
  if ((jwksUri === undefined) === (keys === undefined)) throw wrong(`give either "jwksUri" or "keys".`);
  if (
    algorithms.length === 0 ||
    algorithms.some((name) => !/^(RS|PS|ES)(256|384|512)$|^EdDSA$|^Ed25519$/.test(name))
  )
    throw wrong(`"algorithms" are asymmetric ones, such as RS256 and ES256.`);
  if (!(clockToleranceSeconds >= 0 && clockToleranceSeconds <= 300))
    throw wrong(`"clockToleranceSeconds" is a number from 0 to 300.`);
  if (jwksUri !== undefined) {
    const { protocol, hostname } = new URL(jwksUri);
    const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
    if (protocol !== "https:" && !(protocol === "http:" && local))
      throw wrong(`"jwksUri" begins with https: keys that came in the clear may be anybody's.`);
  }
  return { algorithms: [...algorithms], tolerance: clockToleranceSeconds };
}

function keysOf({ jwksUri, keys }: JwtOptions): Keys {
  if (keys) return createLocalJWKSet(keys);
  return createRemoteJWKSet(new URL(jwksUri as string), {
    timeoutDuration: FETCH_MS,
    cooldownDuration: 30_000,
    cacheMaxAge: 600_000,
    [customFetch]: boundedFetch,
  });
}

/** The claims of a token that holds now; undefined for any other. @throws issuer-unavailable */
async function verified(
  token: string,
  keys: Keys,
  { algorithms, tolerance }: Settings,
  { issuer, audience, type = "at+jwt" }: JwtOptions,
  now: number,
): Promise<JWTPayload | undefined> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: typeof audience === "string" ? audience : [...audience],
      algorithms,
      typ: type,
      requiredClaims: ["exp", "iat", "sub"],
      currentDate: new Date(now),
      clockTolerance: tolerance,
    });
    // The library takes fractions, and tokens of the future: neither is made by an issuer in its senses.
    const times = [payload.exp, payload.iat, ...(payload.nbf === undefined ? [] : [payload.nbf])];
    const whole = times.every((time) => Number.isSafeInteger(time) && (time as number) > 0);
    return whole && (payload.iat as number) <= now / 1000 + tolerance ? payload : undefined;
  } catch (error) {
    if (isUnavailable(error)) throw IssuerUnavailable({ issuer }, { cause: error });
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The keys could not be had: whether the token is good, nobody knows. */
function isUnavailable(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  const { code, cause, message } = error as { code?: string; cause?: unknown; message?: string };
  return code === "ERR_JOSE_GENERIC" || (message === "fetch failed" && cause !== undefined);
}

async function identityOf(
  ctx: Context,
  claims: JWTPayload,
  { user: found = { claim: "sub", field: "externalId" }, roles }: JwtOptions,
): Promise<Identity | undefined> {
  const value = claims[found.claim];
  if (typeof value !== "string" || value === "") return undefined;
  if (found.field === "email" && claims["email_verified"] !== true) return undefined;
  const person = await ctx.repo(user).first({ where: { [found.field]: value, active: true } });
  if (!person) return undefined;
  const { id, locale } = person;
  const known = ctx.catalog.roles;
  const rolesNow = async (at: Context) =>
    roles ? roles(claims).filter((name) => known.has(name)) : rolesOf(at, id);
  return {
    actor: { kind: "user", id },
    tenant: ctx.tenant,
    userId: id,
    roles: await rolesNow(ctx),
    ...(locale === null ? {} : { locale }),
    revalidate: async (at) => {
      const { items } = await at
        .asSystem({ capability: "core.credentials", reason: "check a user" })
        .repo(user)
        .find({ where: { id, active: true }, limit: 1 });
      return items.length === 0 ? null : { roles: await rolesNow(at) };
    },
  };
}
