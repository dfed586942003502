import type { Context as HonoContext } from "hono";
import { Sweeper } from "../idempotency/sweep.js";
import type { MigrationPlan } from "../migrations/plan-migration.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import { CORE_VERSION } from "../util/version.js";
import { type Authenticate, type Authenticator, apiKeys, hostAuthenticator } from "./authenticate.js";
import { DEFAULT_MAX_BODY, DEFAULT_MAX_IMPORT } from "./body.js";
import type { Conditions } from "./conditional.js";
import { InvalidHttpOptions } from "./errors.js";
import { createEtags } from "./etags.js";

export interface HttpOptions {
  /** Tenants whose API keys are accepted. Default: the app's one tenant (`createCrm({ tenant })`). */
  readonly tenants?: readonly string[];
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
  /** Refuses changes that do not say with `If-Match` which version they change: 428. Default false. */
  readonly requireIfMatch?: boolean;
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

/** Options with their defaults. */
export interface HttpSettings extends Conditions {
  readonly crm: HttpCrm;
  readonly authenticators: readonly Authenticator[];
  readonly challenge: string;
  readonly clientAddress: (c: HonoContext) => string | undefined;
  readonly maxBody: number;
  readonly maxImport: number;
  readonly title: string;
  readonly version: string;
  /** Forgets old answers to requests with idempotency keys. */
  readonly sweeper: Sweeper;
}

const KNOWN = [
  "tenants",
  "authenticate",
  "clientAddress",
  "maxBody",
  "maxImport",
  "requireIfMatch",
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
  for (const [name, size] of Object.entries({ maxBody, maxImport }))
    if (!Number.isSafeInteger(size) || size < 1)
      throw InvalidHttpOptions({ problem: `"${name}" is a number of bytes, at least 1.` });
  const authenticators = authenticatorsOf(crm, options);
  return {
    crm,
    authenticators,
    challenge: authenticators.map(({ challenge }) => challenge).join(", "),
    clientAddress: options.clientAddress ?? (() => undefined),
    maxBody,
    maxImport,
    etags: createEtags(crm.runtime.tokens),
    requireIfMatch: options.requireIfMatch ?? false,
    title: options.title ?? "CRM",
    version: options.version ?? CORE_VERSION,
    sweeper: new Sweeper(),
  };
}

function authenticatorsOf(crm: HttpCrm, options: HttpOptions): Authenticator[] {
  const { authenticate, tenants } = options;
  if (authenticate !== undefined) {
    if (tenants !== undefined)
      throw InvalidHttpOptions({
        problem: `"tenants" is for API keys, which "authenticate" replaces: leave one of the two out.`,
      });
    return [hostAuthenticator(authenticate)];
  }
  if (!crm.runtime.composition.entities.has("apiKey"))
    throw InvalidHttpOptions({
      problem: `No plugin declares API keys: add crmCore() to the plugins, or give "authenticate".`,
    });
  const own = tenants ?? (crm.defaultTenant === undefined ? [] : [crm.defaultTenant]);
  if (own.length === 0)
    throw InvalidHttpOptions({
      problem: `Whose API keys are accepted? Give createCrm its one "tenant", or createHttp "tenants" or "authenticate".`,
    });
  return [apiKeys(crm, own)];
}
