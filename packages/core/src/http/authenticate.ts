import type { Identity } from "../context/context.js";
import { apiKeyTenant, identityOfApiKey } from "../crm/services/api-keys.js";
import { CheckedCredentials } from "../crm/services/checked-credentials.js";
import { type Awaitable, andThen } from "../util/awaitable.js";
import { type AcceptedTenants, systemSessions, type TenantCrm } from "./tenants.js";
import { touch } from "./touch.js";

/** Who sends a request, or undefined where it carries no credential that holds. */
export type Authenticate = (request: Request) => Awaitable<Identity | undefined>;

/** One way of proving who one is. They are asked in order, and the first that knows the caller decides. */
export interface Authenticator {
  /** Names the scheme in OpenAPI. */
  readonly name: string;
  /** OpenAPI security scheme object. */
  readonly scheme: Readonly<Record<string, unknown>>;
  /** What `WWW-Authenticate` of a 401 says. */
  readonly challenge: string;
  readonly authenticate: Authenticate;
}

const BEARER = /^bearer +([\x21-\x7e]{1,8192})$/i;

/** The token of an `Authorization: Bearer` header, or undefined. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : BEARER.exec(header)?.[1];
}

/** A key of ours, as it must never stand in a URL: those end in logs, histories and referrers. */
const KEY_IN_URL = /[?&][^=&]*=(corm_[\w.%-]{40,})/i;

/**
 * API keys in `Authorization: Bearer`. A key names its tenant itself, so that it is found in one read by an index,
 * however many tenants there are. The database is asked at every request: a revoked one stops at once, whichever process
 * revoked it. Keys that were given from outside name no tenant and are looked for in the app's own one.
 */
export function apiKeys(crm: TenantCrm, accepted: AcceptedTenants): Authenticator {
  const sessions = systemSessions(crm, "check an API key");
  const checked = new CheckedCredentials();
  return {
    name: "apiKey",
    scheme: { type: "http", scheme: "bearer", description: "An API key of this CRM." },
    challenge: 'Bearer realm="corm"',
    authenticate(request) {
      const key = bearerToken(request);
      if (key === undefined) return undefined;
      const tenant = apiKeyTenant(key) ?? crm.defaultTenant;
      if (tenant === undefined || !accepted(tenant)) return undefined;
      const session = sessions(tenant);
      return andThen(identityOfApiKey(session, key, checked), (found) => {
        if (!found) return undefined;
        touch(session, session.entity("apiKey"), "lastUsedAt", found);
        return found.identity;
      });
    },
  };
}

/** Whether a URL carries a key, where keys must not be. */
export function keyInUrl(url: string): boolean {
  return url.includes("corm_") && KEY_IN_URL.test(url);
}

/** The host's own way. */
export function hostAuthenticator(authenticate: Authenticate): Authenticator {
  return {
    name: "bearer",
    scheme: { type: "http", scheme: "bearer", description: "A credential of the host app." },
    challenge: 'Bearer realm="corm"',
    authenticate,
  };
}
