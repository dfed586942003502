import type { UserSession } from "../../crm/entities/credential.js";
import { findSession, identityOfSession, sessionTenant } from "../../crm/services/sessions.js";
import type { Session } from "../../runtime/session.js";
import type { Authenticator } from "../authenticate.js";
import { type AcceptedTenants, systemSessions, type TenantCrm } from "../tenants.js";
import { touch } from "../touch.js";
import { readCookie } from "./cookies.js";
import { checkCsrf } from "./csrf.js";
import type { SignInSettings } from "./options.js";

export interface FoundSession {
  readonly token: string;
  readonly record: UserSession;
  /** Of the system, in the session's tenant. */
  readonly system: Session;
}

export type FindBrowserSession = (request: Request) => Promise<FoundSession | undefined>;

/** Finds the session whose cookie a request carries. */
export function browserSessions(
  crm: TenantCrm,
  accepted: AcceptedTenants,
  { cookies, sessions }: SignInSettings,
): FindBrowserSession {
  const systems = systemSessions(crm, "check a session");
  return async (request) => {
    const token = readCookie(request, cookies.session);
    const tenant = token === undefined ? undefined : sessionTenant(token);
    if (token === undefined || tenant === undefined || !accepted(tenant)) return undefined;
    const system = systems(tenant);
    const record = await findSession(system, token, sessions);
    return record && { token, record, system };
  };
}

/** Sessions of browsers, by their cookie. A request with an `Authorization` header is judged by that alone. */
export function sessionCookies(find: FindBrowserSession, settings: SignInSettings): Authenticator {
  return {
    name: "session",
    scheme: {
      type: "apiKey",
      in: "cookie",
      name: settings.cookies.session,
      description: "A browser in which a user has signed in. Changes also carry X-CSRF-Token.",
    },
    challenge: "",
    async authenticate(request) {
      if (request.headers.has("authorization")) return undefined;
      const found = await find(request);
      if (!found) return undefined;
      const { token, record, system } = found;
      checkCsrf(request, token, settings.origins);
      touch(system, system.entity("userSession"), "lastSeenAt", { id: record.id, seen: record.lastSeenAt });
      return identityOfSession(system, record);
    },
  };
}
