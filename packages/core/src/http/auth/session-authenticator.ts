import type { UserSession } from "../../crm/entities/credential.js";
import { CheckedCredentials } from "../../crm/services/checked-credentials.js";
import { findSession, identityOfToken, sessionTenant } from "../../crm/services/sessions.js";
import type { Session } from "../../runtime/session.js";
import { andThen } from "../../util/awaitable.js";
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
  settings: SignInSettings,
): FindBrowserSession {
  const tokenOf = sessionTokens(crm, accepted, settings);
  return async (request) => {
    const found = tokenOf(request);
    const record = found && (await findSession(found.system, found.token, settings.sessions));
    return record && { ...found, record };
  };
}

/** The token that a request carries, with a session of the system in the tenant that it names; nothing is checked yet. */
function sessionTokens(crm: TenantCrm, accepted: AcceptedTenants, { cookies }: SignInSettings) {
  const systems = systemSessions(crm, "check a session");
  return (request: Request): Omit<FoundSession, "record"> | undefined => {
    const token = readCookie(request, cookies.session);
    const tenant = token === undefined ? undefined : sessionTenant(token);
    if (token === undefined || tenant === undefined || !accepted(tenant)) return undefined;
    return { token, system: systems(tenant) };
  };
}

/** Sessions of browsers, by their cookie. A request with an `Authorization` header is judged by that alone. */
export function sessionCookies(
  crm: TenantCrm,
  accepted: AcceptedTenants,
  settings: SignInSettings,
): Authenticator {
  const tokenOf = sessionTokens(crm, accepted, settings);
  const checked = new CheckedCredentials();
  return {
    name: "session",
    scheme: {
      type: "apiKey",
      in: "cookie",
      name: settings.cookies.session,
      description: "A browser in which a user has signed in. Changes also carry X-CSRF-Token.",
    },
    challenge: "",
    authenticate(request) {
      if (request.headers.has("authorization")) return undefined;
      const carried = tokenOf(request);
      if (!carried) return undefined;
      const { token, system } = carried;
      return andThen(identityOfToken(system, token, settings.sessions, checked), (found) => {
        if (!found) return undefined;
        checkCsrf(request, token, settings.origins);
        touch(system, system.entity("userSession"), "lastSeenAt", found);
        return found.identity;
      });
    },
  };
}
