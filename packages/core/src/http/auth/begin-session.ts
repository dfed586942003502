import type { Context } from "../../context/context.js";
import type { UserSession } from "../../crm/entities/credential.js";
import { DEFAULT_ABSOLUTE, endSession, startSession } from "../../crm/services/sessions.js";
import type { HttpCall } from "../route.js";
import { setCookie } from "./cookies.js";
import type { SignInSettings } from "./options.js";
import type { FindBrowserSession } from "./session-authenticator.js";

export interface BegunSession {
  readonly token: string;
  readonly record: UserSession;
  /** `Set-Cookie` of the session. */
  readonly cookie: string;
}

/** Begins a session for whoever has just proved who he is, by a `method`. */
export async function beginSession(
  call: HttpCall,
  ctx: Context,
  userId: string,
  { sessions, cookies }: SignInSettings,
  method: string,
  providerHint?: string,
): Promise<BegunSession> {
  const { token, record } = await startSession(ctx, userId, {
    ...sessions,
    method,
    providerHint,
    address: call.clientAddress,
    userAgent: call.request.headers.get("user-agent") ?? undefined,
  });
  const lifetime = sessions.absoluteSeconds ?? DEFAULT_ABSOLUTE;
  return { token, record, cookie: setCookie(cookies.session, token, cookies.secure, lifetime) };
}

/** Ends the session that the browser had before: it is another one's, or was put there. */
export async function endPrevious(request: Request, find: FindBrowserSession): Promise<void> {
  const old = await find(request);
  if (old) await endSession(old.system, old.record.userId, old.record.id);
}
