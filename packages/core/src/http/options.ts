import type { Context as HonoContext } from "hono";
import { DEFAULT_MAX_FILE } from "../crm/services/upload-file.js";
import { Sweeper } from "../idempotency/sweep.js";
import type { MigrationPlan } from "../migrations/plan-migration.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import { CORE_VERSION } from "../util/version.js";
import { type SignInOptions, type SignInSettings, signInSettings } from "./auth/options.js";
import { browserSessions, type FindBrowserSession, sessionCookies } from "./auth/session-authenticator.js";
import { type Authenticate, type Authenticator, apiKeys, hostAuthenticator } from "./authenticate.js";
import { DEFAULT_MAX_BODY, DEFAULT_MAX_IMPORT } from "./body.js";
import type { Conditions } from "./conditional.js";
import { InvalidHttpOptions } from "./errors.js";
import { createEtags } from "./etags.js";
import { type RateLimitOptions, type RateLimits, rateLimitsOf } from "./limits/options.js";
import type { AcceptedTenants } from "./tenants.js";

export interface HttpOptions {
  /**
   * Tenants whose credentials are accepted: a list, or a question that is asked with the tenant that a credential
   * names. Default: the app's one tenant (`createCrm({ tenant })`).
   */
  readonly tenants?: readonly string[] | AcceptedTenants;
  /** Users sign in with passwords: turns on the routes below `/public/auth` and `/api/auth`, and sessions in cookies. */
  readonly signIn?: SignInOptions;
  /** Further ways of proving who one is, such as `jwt()`, after API keys. */
  readonly authenticators?: readonly Authenticator[];
  /** How much one caller may ask. */
  readonly rateLimits?: RateLimitOptions;
  /** Replaces API keys: answers who sends a request, or undefined. It must not trust what it has not checked. */
  readonly authenticate?: Authenticate;
  /**
   * The caller's address as this host can know it, for routes that ask: of the connection, or of a header that its own
   * proxy sets. Default: unknown.
   */
  readonly clientAddress?: (c: HonoContext) => string | undefined;
  /** Longest body in bytes. Default 1 MiB. A route may say otherwise. */
  readonly maxBody?: number;
  /** Longest file of an import in bytes. Default 1 GiB. */
  readonly maxImport?: number;
  /** Longest file of an attachment in bytes. Default 100 MiB. */
  readonly maxFile?: number;
  /**
   * How long a request may take until its answer begins, in milliseconds; null for any time. Then it is cancelled down
   * to the running statement, rolled back, and answered with 503. Default 30,000. A route may say otherwise.
   */
  readonly requestTimeout?: number | null;
  /** The same for imports and uploads, which take as long as their files. Default 3,600,000. */
  readonly importTimeout?: number | null;
  /** Refuses changes that do not say with `If-Match` which version they change: 428. Default false. */
  readonly requireIfMatch?: boolean;
  /**
   * `/readyz` is ready only where a worker of any process has looked for jobs within so many milliseconds, at least 30,000:
   * each gives a sign of it every ten seconds, by its own clock. Default null: the workers of this process alone are asked.
   */
  readonly workersWithin?: number | null;
  /** Of the OpenAPI document. Default `CRM`. */
  readonly title?: string;
  /** Of the OpenAPI document. Default core's. */
  readonly version?: string;
}

/** A CRM as HTTP needs it: what `createCrm` answers. */
export interface HttpCrm extends CrmHandle {
  readonly runtime: Runtime;
  planMigration(): Promise<MigrationPlan>;
}

export interface SignInParts {
  readonly settings: SignInSettings;
  readonly find: FindBrowserSession;
}

/** Options with their defaults. */
export interface HttpSettings extends Conditions {
  readonly crm: HttpCrm;
  readonly authenticators: readonly Authenticator[];
  readonly challenge: string;
  /** Whether credentials of a tenant count. */
  readonly accepted: AcceptedTenants;
  readonly rateLimits: RateLimits;
  readonly signIn: SignInParts | undefined;
  readonly clientAddress: (c: HonoContext) => string | undefined;
  readonly maxBody: number;
  readonly maxImport: number;
  readonly maxFile: number;
  readonly requestTimeout: number | null;
  readonly importTimeout: number | null;
  readonly workersWithin: number | null;
  readonly title: string;
  readonly version: string;
  /** Forgets old answers to requests with idempotency keys. */
  readonly sweeper: Sweeper;
}

const DEFAULT_REQUEST_TIMEOUT = 30_000;
const DEFAULT_IMPORT_TIMEOUT = 3_600_000;
/** Of three signs of a worker two may be late. */
const MIN_WITHIN = 30_000;
/** Timers of Node.js cannot wait longer. */
const MAX_TIMEOUT = 2 ** 31 - 1;

const KNOWN = [
  "tenants",
  "authenticate",
  "authenticators",
  "signIn",
  "rateLimits",
  "clientAddress",
  "maxBody",
  "maxImport",
  "maxFile",
  "requestTimeout",
  "importTimeout",
  "requireIfMatch",
  "workersWithin",
  "title",
  "version",
];

/** @throws invalid-http-options */
export function settingsOf(crm: HttpCrm, options: HttpOptions): HttpSettings {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name))
      throw InvalidHttpOptions({
        problem: `createHttp has no option "${name}". It takes ${KNOWN.join(", ")}.`,
      });
  }
  const { maxBody = DEFAULT_MAX_BODY, maxImport = DEFAULT_MAX_IMPORT } = options;
  const { maxFile = DEFAULT_MAX_FILE } = options;
  for (const [name, size] of Object.entries({ maxBody, maxImport, maxFile }))
    if (!Number.isSafeInteger(size) || size < 1)
      throw InvalidHttpOptions({ problem: `"${name}" is a number of bytes, at least 1.` });
  const { requestTimeout = DEFAULT_REQUEST_TIMEOUT, importTimeout = DEFAULT_IMPORT_TIMEOUT } = options;
  for (const [name, limit] of Object.entries({ requestTimeout, importTimeout }))
    if (!isTimeout(limit))
      throw InvalidHttpOptions({ problem: `"${name}" is a number of milliseconds, at least 1, or null.` });
  const { workersWithin = null } = options;
  if (workersWithin !== null && !(Number.isSafeInteger(workersWithin) && workersWithin >= MIN_WITHIN))
    throw InvalidHttpOptions({
      problem: `"workersWithin" is a number of milliseconds, at least ${MIN_WITHIN}, or null.`,
    });
  const accepted = acceptedTenants(crm, options);
  const signIn = signInParts(crm, options, accepted);
  const authenticators = [
    ...authenticatorsOf(crm, options, accepted),
    ...(signIn ? [sessionCookies(crm, accepted, signIn.settings)] : []),
    ...(options.authenticators ?? []).map((one) =>
      options.tenants === undefined ? one : within(accepted, one),
    ),
  ];
  return {
    crm,
    authenticators,
    challenge: [...new Set(authenticators.map(({ challenge }) => challenge))].filter(Boolean).join(", "),
    accepted,
    signIn,
    rateLimits: rateLimitsOf(options.rateLimits, crm.runtime.clock, options.clientAddress !== undefined),
    clientAddress: options.clientAddress ?? (() => undefined),
    maxBody,
    maxImport,
    maxFile,
    requestTimeout,
    importTimeout,
    workersWithin,
    etags: createEtags(crm.runtime.tokens),
    requireIfMatch: options.requireIfMatch ?? false,
    title: options.title ?? "CRM",
    version: options.version ?? CORE_VERSION,
    sweeper: new Sweeper(),
  };
}

/** Milliseconds that a timer can wait, or null for no limit. */
export function isTimeout(limit: number | null): boolean {
  return limit === null || (Number.isSafeInteger(limit) && limit >= 1 && limit <= MAX_TIMEOUT);
}

function acceptedTenants(crm: HttpCrm, { tenants }: HttpOptions): AcceptedTenants {
  if (typeof tenants === "function") return tenants;
  const own = tenants ?? (crm.defaultTenant === undefined ? [] : [crm.defaultTenant]);
  return (tenant) => own.includes(tenant);
}

/** `tenants` holds for every credential, also where its issuer names another tenant. */
const within = (accepted: AcceptedTenants, authenticator: Authenticator): Authenticator => ({
  ...authenticator,
  authenticate: async (request) => {
    const identity = await authenticator.authenticate(request);
    return identity && accepted(identity.tenant) ? identity : undefined;
  },
});

function signInParts(crm: HttpCrm, options: HttpOptions, accepted: AcceptedTenants): SignInParts | undefined {
  if (options.signIn === undefined) return undefined;
  const settings = signInSettings(crm, options.signIn, options.clientAddress !== undefined);
  return { settings, find: browserSessions(crm, accepted, settings) };
}

function authenticatorsOf(crm: HttpCrm, options: HttpOptions, accepted: AcceptedTenants): Authenticator[] {
  const { authenticate, tenants, signIn, authenticators } = options;
  if (authenticate !== undefined) {
    if (tenants !== undefined && signIn === undefined && authenticators === undefined)
      throw InvalidHttpOptions({
        problem: `"tenants" is for API keys, which "authenticate" replaces: leave one of the two out.`,
      });
    return [hostAuthenticator(authenticate)];
  }
  if (!crm.runtime.composition.entities.has("apiKey"))
    throw InvalidHttpOptions({
      problem: `No plugin declares API keys: add crmCore() to the plugins, or give "authenticate".`,
    });
  if (
    tenants === undefined ? crm.defaultTenant === undefined : Array.isArray(tenants) && tenants.length === 0
  )
    throw InvalidHttpOptions({
      problem: `Whose API keys are accepted? Give createCrm its one "tenant", or createHttp "tenants" or "authenticate".`,
    });
  return [apiKeys(crm, accepted)];
}
