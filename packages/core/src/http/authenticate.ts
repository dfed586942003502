import type { Identity } from "../context/context.js";
import { findApiKey } from "../crm/services/api-keys.js";
import type { CrmHandle } from "../plugin/crm-handle.js";

/** Who sends a request, or undefined where it carries no credential that holds. */
export type Authenticate = (request: Request) => Identity | undefined | Promise<Identity | undefined>;

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

const BEARER = /^bearer +([\x21-\x7e]{1,512})$/i;

/** The token of an `Authorization: Bearer` header, or undefined. */
export function bearerToken(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : BEARER.exec(header)?.[1];
}

/**
 * API keys in `Authorization: Bearer`. Keys are looked up in the database at every request, so that a revoked one
 * stops at once, whichever process revoked it; the look-up is one read by an index.
 *
 * @param tenants in which keys are looked for, in order
 */
export function apiKeys(crm: CrmHandle, tenants: readonly string[]): Authenticator {
  const sessions = tenants.map((tenant) => crm.system({ tenant, reason: "check an API key" }));
  return {
    name: "apiKey",
    scheme: { type: "http", scheme: "bearer", description: "An API key of this CRM." },
    challenge: 'Bearer realm="corm"',
    async authenticate(request) {
      const key = bearerToken(request);
      if (key === undefined) return undefined;
      for (const session of sessions) {
        const found = await findApiKey(session, key);
        if (found)
          return { actor: { kind: "apiKey", id: found.id }, tenant: session.tenant, roles: ["admin"] };
      }
      return undefined;
    },
  };
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
